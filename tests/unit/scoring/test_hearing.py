"""What journeys hear: watches are silent of who fits already, events are told once, traits when they change."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.definitions import Definitions, Segment
from services.scoring.domain.judging import let_time_pass, take_in
from services.scoring.domain.leaving import erase, merge
from services.scoring.domain.listening import LEFT_OUT, MOST_KEPT, MOST_TOLD, heard, kept_of, key_of
from services.scoring.domain.recalling import History, catch_up
from services.scoring.domain.standing import ProfileStanding
from services.scoring.service.listening import Heeded, Listenings
from services.scoring.service.outbox import facts_of
from services.scoring.service.scoring import PORTION, portions_of
from services.shared.clock import FixedClock
from services.shared.contracts.ingest import CustomerEvent, Merge
from services.shared.contracts.journeys import Listener, Listening, Watch
from services.shared.errors import Conflict
from tests.unit.scoring.builders import change, definitions, event, on, order
from tests.unit.scoring.fakes import FakeDefinitions

GOLD = {"trait": "plan", "eq": "gold"}
BOUGHT_BIG = {"event": "Order Completed", "where": {"prop": "revenue", "gte": 50}}
CART = Listener(name="~e_cart", event="Product Added", key="cart_id", keep=["price", "products"])
NOW = on("1997-03-01")


def asks(
    *watches: tuple[str, dict[str, Any]],
    listeners: tuple[Listener, ...] = (),
    carries: tuple[str, ...] = (),
    journey: str = "trial",
    revision: int = 1,
    at: datetime = NOW,
) -> Listening:
    return Listening(
        journey=journey,
        revision=revision,
        at=at,
        watches=[Watch(name=name, when=when) for name, when in watches],
        listeners=list(listeners),
        carries=list(carries),
    )


def taken(
    known: Definitions, *changes: Any, standing: ProfileStanding | None = None, now: datetime = NOW
) -> ProfileStanding:
    after = take_in("prf_1", standing, changes, known, now)
    assert after is not None
    return after


def told(standing: ProfileStanding) -> list[tuple[str, list[str]]]:
    """Kinds of the facts of a write, each with the segments that it says are entered or left."""
    rows = [(type(fact).__name__, fact.model_dump()) for fact in facts_of([standing])]
    return [(kind, [m["segment"] for m in f.get("moves", ()) if "segment" in m]) for kind, f in rows]


# Watches


def test_who_fits_when_a_watch_is_asked_for_is_in_it_without_a_word() -> None:
    before = taken(definitions({}, {}), change(1, order("1997-01-01")))
    known = definitions({}, {}).hears(asks(("~w_one", {"fact": "orders", "gte": 1})))
    after = catch_up(before, None, known, NOW)
    assert after is not None
    assert list(after.segments) == ["~w_one"]
    # Others must see the standing, though nobody entered anything.
    assert told(after) == [("ScoreChanged", [])]


def test_who_comes_to_fit_later_is_told_of_like_of_any_segment() -> None:
    known = definitions({}, {})
    before = taken(known, change(1, event("Seen", "1997-01-01")))
    known = known.hears(asks(("~w_one", {"fact": "orders", "gte": 1})))
    caught_up = catch_up(before, None, known, NOW)
    assert caught_up is not None
    assert told(caught_up) == []
    after = taken(known, change(2, order("1997-03-02")), standing=caught_up, now=on("1997-03-02"))
    assert ("SegmentEntered", ["~w_one"]) in told(after)


def test_a_flip_is_news_though_nobody_was_judged_by_the_watch_before() -> None:
    """The first look at somebody comes with the very event that makes them fit: they were not in it before."""
    known = definitions({}, {})
    before = taken(known, change(1, event("Seen", "1997-01-01")))
    known = known.hears(asks(("~w_one", {"fact": "orders", "gte": 1})))
    after = taken(known, change(2, order("1997-03-02")), standing=before, now=on("1997-03-02"))
    assert ("SegmentEntered", ["~w_one"]) in told(after)
    later = taken(known, change(3, order("1997-03-03")), standing=after, now=on("1997-03-03"))
    assert [kind for kind, _ in told(later)] == ["ScoreChanged"]


@pytest.mark.parametrize(("at", "is_news"), [("1997-02-28", False), ("1997-03-02", True)])
def test_events_that_nobody_remembered_tell_by_their_time_what_is_news(at: str, is_news: bool) -> None:
    first, second = event("Seen", "1997-01-01"), order(at, 80)
    known = definitions({}, {})
    before = taken(known, change(1, first), change(2, second), now=on("1997-03-03"))
    known = known.hears(asks(("~w_big", BOUGHT_BIG)))
    history = History([(1, [first]), (2, [second])], {})
    after = catch_up(before, history, known, on("1997-03-03"))
    assert after is not None
    assert list(after.segments) == ["~w_big"]
    assert (("SegmentEntered", ["~w_big"]) in told(after)) is is_news


def test_time_alone_flips_a_watch() -> None:
    known = definitions({}, {}).hears(asks(("~w_lapsed", {"fact": "last_order_at", "older_than": "P90D"})))
    before = taken(known, change(1, order("1997-01-01")), now=on("1997-01-01"))
    assert before.due_at == on("1997-01-01") + timedelta(days=90)
    after = let_time_pass(before, known, before.due_at)
    assert after is not None
    assert ("SegmentEntered", ["~w_lapsed"]) in told(after)


def test_a_watch_that_nobody_asks_for_any_more_is_left_without_a_word() -> None:
    known = definitions({}, {}).hears(asks(("~w_gold", GOLD)))
    before = taken(known, change(1, event("Seen", "1997-01-01"), plan="gold"))
    assert list(before.segments) == ["~w_gold"]
    without = known.hears(asks(revision=2))
    assert without.version == known.version + 1
    after = catch_up(before, None, without, NOW)
    assert after is not None
    assert (after.segments, told(after)) == ({}, [])


def test_a_watch_lives_as_long_as_any_journey_asks_and_was_asked_for_when_the_first_did() -> None:
    later = NOW + timedelta(days=3)
    known = definitions({}, {}).hears(asks(("~w_gold", GOLD)))
    both = known.hears(asks(("~w_gold", GOLD), journey="other", at=later))
    assert both.version == known.version
    one = both.hears(asks(revision=2))
    assert [(watch.name, watch.asked_at) for watch in one.watches] == [("~w_gold", NOW)]
    assert one.hears(asks(journey="other", revision=2)).watches == ()


def test_what_only_listens_judges_nobody_anew() -> None:
    known = definitions({}, {})
    listening = known.hears(asks(listeners=(CART,)))
    assert (listening.version, listening.hearing.listeners) == (known.version, (CART,))


def test_what_can_t_be_read_or_names_nothing_holds_up_no_other() -> None:
    bad = Listener(name="~e_bad", event="X", where={"prop": "a", "almost": 1})
    wish = asks(
        ("~w_bad", {"almost": 1}),
        ("~w_gold", GOLD),
        ("~w_vip", {"all": [{"segment": "vip"}, GOLD]}),
        ("plain", GOLD),
        listeners=(bad, CART),
    )
    known = definitions({}, {}).hears(wish)
    assert [watch.name for watch in known.watches] == ["~w_gold"]
    assert known.hearing.listeners == (CART,)
    assert known.unheard("trial") == ["plain", "~e_bad", "~w_bad", "~w_vip"]


def test_a_segment_that_a_journey_s_condition_names_is_in_use() -> None:
    known = definitions({"vip": {"fact": "orders", "gte": 3}}, {})
    known = known.hears(asks(("~w_vip", {"all": [{"segment": "vip"}, GOLD]})))
    with pytest.raises(Conflict, match="a journey"):
        known.without("segment", "vip")


def test_the_newest_revision_counts_whatever_order_they_come_in() -> None:
    """F1, F2."""
    store = FakeDefinitions(definitions({}, {}))
    listenings = Listenings(store, FixedClock(NOW))
    newest = asks(("~w_gold", GOLD), ("~w_bad", {}), revision=2)
    assert listenings.heed(newest) == Heeded(True, ("~w_bad",))
    assert listenings.heed(newest) == Heeded(False)
    assert listenings.heed(asks(("~w_old", GOLD))) == Heeded(False)
    assert [watch.name for watch in store.current.watches] == ["~w_gold"]


def test_a_pass_begins_only_where_more_has_to_be_known_of_people() -> None:
    store = FakeDefinitions(definitions({}, {}))
    listenings = Listenings(store, FixedClock(NOW))
    listenings.heed(asks(listeners=(CART,)))
    assert store.pass_at is None
    listenings.heed(asks(("~w_gold", GOLD), revision=2))
    assert store.pass_at == NOW + timedelta(seconds=60)
    listenings.heed(asks(revision=3))
    assert store.pass_at is None


def test_who_was_first_is_looked_at_again() -> None:
    rival = Segment.read("rival", {"condition": GOLD})
    store = FakeDefinitions(definitions({}, {}), rival)
    assert Listenings(store, FixedClock(NOW)).heed(asks(("~w_gold", GOLD))).new
    assert (store.current.version, [one.name for one in store.current.all]) == (3, ["rival"])


EVENTS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from(("Order Completed", "Seen")), st.sampled_from((10, 80))),
    max_size=6,
)
CONDITIONS: dict[str, tuple[dict[str, Any], Any]] = {
    "twice": ({"fact": "orders", "gte": 2}, lambda days, plan, now: len(days) >= 2),
    "lately": (
        {"event": "Order Completed", "within": "P7D"},
        lambda days, plan, now: any(now - 7 < day <= now for day in days),
    ),
    "gold and new": (
        {"all": [GOLD, {"none": [{"fact": "orders", "gte": 1}]}]},
        lambda days, plan, now: plan == "gold" and not days,
    ),
}


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(CONDITIONS)),
    EVENTS,
    st.sampled_from(("gold", "free")),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_a_standing_has_a_watch_as_long_as_its_condition_holds(
    name: str, events: list[tuple[int, str, int]], plan: str, asked: int, end: int
) -> None:
    """Whenever it was asked for, and whatever was remembered until then; judged here by a list of days."""
    when, holds = CONDITIONS[name]
    start, end = on("1997-01-01"), max(end, asked)
    told_so_far: list[tuple[int, list[CustomerEvent]]] = []
    known, standing = definitions({}, {}), None
    acts = [(day, 1, (kind, revenue)) for day, kind, revenue in sorted(events) if day <= end]
    for day, _, act in sorted([*acts, (asked, 0, None)], key=lambda one: one[:2]):
        now = start + timedelta(days=day)
        if act is None:
            known = known.hears(asks(("~w", when), at=now))
            past = History(told_so_far, {"plan": plan})
            standing = (catch_up(standing, past, known, now) or standing) if standing else None
            continue
        happened = event(act[0], now, revenue=act[1])
        told_so_far.append((len(told_so_far) + 1, [happened]))
        standing = taken(known, change(len(told_so_far), happened, plan=plan), standing=standing, now=now)
    now = start + timedelta(days=end)
    while standing and standing.due_at and standing.due_at <= now:
        standing = let_time_pass(standing, known, now)
    if standing:
        days = [day for day, _, act in acts if act[0] == "Order Completed"]
        assert ("~w" in standing.segments) == holds(days, plan, end)


# Listeners


def listening_to(*listeners: Listener) -> Definitions:
    return definitions({}, {}).hears(asks(listeners=listeners))


def test_an_event_is_heard_once_with_its_key_and_what_is_kept() -> None:
    known = listening_to(CART)
    added = event("Product Added", "1997-02-01", cart_id=12.0, price=5, color="red")
    after = taken(known, change(1, added, event("Seen", "1997-02-01")))
    (row,) = after.heard
    assert (row.listener, row.message_id, row.key, row.kept) == (
        "~e_cart",
        added.message_id,
        "12",
        {"price": 5},
    )
    assert row.at == on("1997-02-01")
    assert take_in("prf_1", after, [change(1, added)], known, NOW) is None
    assert taken(known, change(2, event("Seen", "1997-02-02")), standing=after).heard == ()


def test_who_tells_matters_apart_hears_nothing_without_a_key() -> None:
    anybody = Listener(name="~e_any", event="Product Added")
    after = taken(listening_to(CART, anybody), change(1, event("Product Added", "1997-02-01", cart_id=" ")))
    assert [(row.listener, row.key) for row in after.heard] == [("~e_any", "")]


def test_a_late_event_is_told_with_its_own_time() -> None:
    """F34."""
    known = listening_to(CART)
    before = taken(known, change(1, event("Seen", "1997-02-20")))
    late = taken(known, change(2, event("Product Added", "1997-01-05", cart_id="c")), standing=before)
    assert [row.at for row in late.heard] == [on("1997-01-05")]


def test_what_a_merged_profile_heard_is_not_told_again() -> None:
    known = listening_to(CART)
    added = event("Product Added", "1997-02-01", cart_id="c")
    loser = taken(known, change(1, added))
    retold = change(2, added).model_copy(update={"told_before": True})
    winner = taken(known, change(1, event("Seen", "1997-02-01")), retold)
    assert winner.heard == ()
    gone = merge("prf_1", loser, Merge(loser="prf_1", winner="prf_2", at=NOW))
    assert gone is not None
    assert gone.heard == ()


def test_what_a_merge_overtakes_is_heard_once_under_the_id_of_then() -> None:
    """F30."""
    known = listening_to(CART)
    first, late, seen = (event("Product Added", "1997-02-01", cart_id=key) for key in "abc")
    before = taken(known, change(1, first))
    gone = merge("prf_1", before, Merge(loser="prf_1", winner="prf_2", at=NOW))
    after = taken(known, change(1, first), change(2, late), change(2, late), standing=gone)
    assert [row.message_id for row in after.heard] == [late.message_id]
    assert (after.gone, after.segments) == (gone.gone if gone else None, {})
    assert take_in("prf_1", after, [change(2, late)], known, NOW) is None
    assert take_in("prf_1", after, [change(3, event("Seen", "1997-02-02"))], known, NOW) is None
    erased = erase("prf_1", after, NOW)
    assert take_in("prf_1", erased, [change(4, seen)], known, NOW) is None


def test_a_history_that_is_told_anew_is_not_heard_again_but_news_in_it_is() -> None:
    known = listening_to(CART)
    old, new = (event("Product Added", f"1997-02-0{day}", cart_id="c") for day in (1, 2))
    before = taken(known, change(1, old))
    anew = [
        change(5, old).model_copy(update={"told_before": True, "since": 5}),
        change(6, new).model_copy(update={"since": 5}),
    ]
    assert [row.message_id for row in taken(known, *anew, standing=before).heard] == [new.message_id]


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("c-1", "c-1"),
        (" c-1 ", "c-1"),
        (12, "12"),
        (12.0, "12"),
        (12.5, "12.5"),
        (True, "true"),
        (None, ""),
        ([1], ""),
    ],
)
def test_keys_are_text(value: Any, key: str) -> None:
    assert key_of(value) == key


def test_a_long_key_is_a_digest_of_its_own() -> None:
    keys = {key_of("x" * length) for length in (201, 202)}
    assert {len(key) for key in keys} == {64}
    assert len(keys) == 2


def size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


VALUES = st.one_of(
    st.none(), st.integers(), st.text(max_size=1500), st.lists(st.text(max_size=200), max_size=9)
)


@settings(max_examples=80)
@given(st.dictionaries(st.sampled_from("abcdefgh"), VALUES), st.sets(st.sampled_from("abcdefgh")))
def test_what_is_kept_is_bounded_and_what_is_not_is_named(said: dict[str, Any], keep: set[str]) -> None:
    kept = kept_of(Listener(name="~e", event="X", keep=sorted(keep)), said)
    left = kept.pop(LEFT_OUT, [])
    there = {name for name in keep if said.get(name) is not None}
    assert kept == {name: said[name] for name in there - set(left)}
    assert set(left) <= there
    assert size(kept) <= MOST_KEPT
    sizes = {name: size({name: said[name]}) for name in there}
    # Nothing is left out while something longer is kept.
    assert max((sizes[name] for name in kept), default=0) <= min(
        (sizes[name] for name in left), default=10**9
    )


def test_many_events_of_one_write_keep_no_more_than_fits() -> None:
    events = [event("Product Added", "1997-02-01", cart_id=str(i), price="x" * 1900) for i in range(PORTION)]
    rows = list(heard(events, listening_to(CART).hearing))
    assert len(rows) == PORTION
    assert sum(len(json.dumps(row.kept)) for row in rows if LEFT_OUT not in row.kept) <= MOST_TOLD
    assert rows[-1].kept == {LEFT_OUT: ["price"]}


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 260)), max_size=12))
def test_portions_are_small_complete_and_in_order(sizes: list[tuple[str, int]]) -> None:
    seen = event("Seen", "1997-01-01")
    changes = [change(v, *[seen] * n, profile_id=p) for v, (p, n) in enumerate(sizes, 1)]
    portions = portions_of(changes)
    for profile in "ab":
        parts = [portion[profile] for portion in portions if profile in portion]
        assert [c for part in parts for c in part] == [c for c in changes if c.profile_id == profile]
        assert all(
            len(part) == 1 or sum(len(c.events) for c in part) <= PORTION for part in parts if part[0].events
        )


# Traits


def test_carried_traits_are_told_when_they_are_asked_for_and_when_they_change() -> None:
    plain = definitions({"gold": GOLD}, {})
    zone = {"timezone": "Europe/Amsterdam", "plan": "gold"}
    before = taken(plain, change(1, event("Seen", "1997-01-01"), **zone))
    known = plain.hears(asks(carries=("timezone", "plan")))
    asked = catch_up(before, History([], zone), known, NOW)
    assert asked is not None
    assert asked.carried == zone
    same = taken(known, change(2, event("Seen", "1997-03-02"), **zone), standing=asked, now=on("1997-03-02"))
    assert same.carried is None
    moved = {**zone, "timezone": "Asia/Tokyo"}
    after = taken(known, change(3, event("Seen", "1997-03-03"), **moved), standing=same, now=on("1997-03-03"))
    assert after.carried == moved
    (fact,) = [fact for fact in facts_of([after]) if type(fact).__name__ == "TraitsCarried"]
    assert fact.model_dump()["carried"] == [
        {"profile_id": "prf_1", "version": after.version, "traits": moved}
    ]
    gone = taken(
        known, change(4, event("Seen", "1997-03-04"), plan="gold"), standing=after, now=on("1997-03-04")
    )
    assert gone.carried == {"plan": "gold"}


def test_a_trait_that_was_remembered_anyway_is_told_when_it_is_first_asked_for() -> None:
    plain = definitions({"gold": GOLD}, {})
    before = taken(plain, change(1, event("Seen", "1997-01-01"), plan="gold"))
    after = catch_up(before, None, plain.hears(asks(carries=("plan",))), NOW)
    assert after is not None
    assert after.carried == {"plan": "gold"}


def test_nobody_is_told_of_traits_that_nobody_carries_or_has() -> None:
    known = definitions({}, {}).hears(asks(carries=("timezone",)))
    assert taken(known, change(1, event("Seen", "1997-01-01"), plan="gold")).carried is None
    long = taken(known, change(1, event("Seen", "1997-01-01"), timezone="x" * 300))
    assert long.carried is None
