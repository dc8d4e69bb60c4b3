"""How a standing changes: each change once, in any order, and flips dated when they happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.definitions import Definitions
from services.scoring.domain.judging import let_time_pass, take_in
from services.scoring.domain.standing import ProfileStanding, Scored
from services.shared.contracts.ingest import ProfileChange
from tests.unit.scoring.builders import change, definitions, event, on, order

DEMO = definitions()


def taken_in(
    *changes: ProfileChange,
    now: str | datetime,
    standing: ProfileStanding | None = None,
    by: Definitions = DEMO,
) -> ProfileStanding:
    at = on(now) if isinstance(now, str) else now
    after = take_in("prf_1", standing, changes, by, at)
    assert after is not None
    return after


def moves(standing: ProfileStanding | None) -> list[tuple[str, str, bool]]:
    assert standing is not None
    return [(m.seat[1], m.at.date().isoformat(), m.after is not None) for m in standing.moved]


def test_a_first_order_scores_enters_and_arms_the_next_flip() -> None:
    after = taken_in(change(1, order("1997-01-05")), now="1997-01-06")

    assert after.version == 1
    assert after.scored == (Scored("engagement", 10, 0),)
    assert moves(after) == [("first_order", "1997-01-05", True)]
    assert after.due_at == on("1997-04-05")


def test_a_write_knows_since_when_its_oldest_new_event_waits_and_time_alone_does_not() -> None:
    early, late = (
        change(n, order("1997-01-05")).model_copy(update={"accepted_at": on(f"1997-01-05T12:0{n}")})
        for n in (1, 2)
    )
    first = taken_in(late, early, now="1997-01-06")
    assert first.accepted_at == on("1997-01-05T12:01")

    again = taken_in(early, change(3, order("1997-01-07")), now="1997-01-07", standing=first)
    assert again.accepted_at is None
    due = let_time_pass(first, DEMO, on("1997-04-06"))
    assert due is not None
    assert due.accepted_at is None


def test_the_same_change_again_is_nothing() -> None:
    first = taken_in(change(1, order("1997-01-05")), now="1997-01-06")

    assert take_in("prf_1", first, [change(1, order("1997-01-05"))], DEMO, on("1997-01-07")) is None


def test_a_change_repeated_within_a_batch_counts_once() -> None:
    after = taken_in(change(1, order("1997-01-05")), change(1, order("1997-01-05")), now="1997-01-06")

    assert after.tally.facts()["orders"] == 1


def test_an_older_version_that_comes_late_still_counts_but_keeps_newer_traits() -> None:
    by = definitions({"dutch": {"trait": "country", "eq": "NL"}})
    second = taken_in(change(2, order("1997-02-01"), country="NL"), now="1997-02-02", by=by)

    both = taken_in(change(1, order("1997-01-01"), country="BE"), now="1997-02-03", standing=second, by=by)

    facts = both.tally.facts()
    assert (facts["orders"], facts["first_order_at"][:10]) == (2, "1997-01-01")
    assert list(both.segments) == ["dutch"]
    assert both.applied.ranges == ((1, 2),)


def test_only_traits_that_conditions_read_are_kept() -> None:
    by = definitions({"dutch": {"trait": "country", "eq": "NL"}})

    after = taken_in(change(1, at="1997-01-03", country="NL", email="a@example.com"), now="1997-01-06", by=by)

    assert after.traits == {"country": "NL"}
    assert moves(after) == [("dutch", "1997-01-03", True)]


def test_a_new_profile_is_announced_even_when_nothing_scored() -> None:
    after = taken_in(change(1, event("Searched", "1997-01-05")), now="1997-01-06")

    assert after.scored == (Scored("", 0, 0),)


def test_a_change_of_facts_alone_is_told_without_a_model() -> None:
    by = definitions(models={"m": [{"event": "Order Completed", "points": 10, "cap": 10}]})
    first = taken_in(change(1, order("1997-01-05")), now="1997-01-06", by=by)

    second = taken_in(change(2, order("1997-01-07")), now="1997-01-08", standing=first, by=by)
    third = taken_in(change(3, event("Searched", "1997-01-09")), now="1997-01-09", standing=second, by=by)

    assert second.scored == (Scored("", 0, 0),)
    assert (third.scored, third.moved, third.version) == ((), (), 3)


def test_each_flip_of_a_batch_is_dated_by_its_own_event() -> None:
    by = definitions({"one": {"fact": "orders", "gte": 1}, "three": {"fact": "orders", "gte": 3}})
    events = [order(day) for day in ("1997-03-01", "1997-01-01", "1997-02-01")]

    after = taken_in(change(1, *events), now="1997-03-02", by=by)

    assert moves(after) == [("one", "1997-01-01", True), ("three", "1997-03-01", True)]


def test_time_alone_enters_a_segment_at_the_instant_it_became_true() -> None:
    ordered = taken_in(change(1, order("1997-01-05")), now="1997-01-06")

    assert let_time_pass(ordered, DEMO, on("1997-04-04")) is None
    late = let_time_pass(ordered, DEMO, on("1997-05-20"))

    assert moves(late) == [("no_order_90d", "1997-04-05", True)]
    assert late is not None
    assert (late.version, late.due_at, late.scored) == (2, None, ())


def test_flips_exactly_at_the_due_instant() -> None:
    ordered = taken_in(change(1, order("1997-01-05")), now="1997-01-06")
    due = on("1997-01-05") + timedelta(days=90)

    assert let_time_pass(ordered, DEMO, due - timedelta(milliseconds=1)) is None
    assert let_time_pass(ordered, DEMO, due) is not None


def test_a_later_order_leaves_the_index_and_the_sweep_moves_it_on() -> None:
    first = taken_in(change(1, order("1997-01-05")), now="1997-01-06")
    second = taken_in(change(2, order("1997-03-01")), now="1997-03-02", standing=first)
    assert second.due_at == on("1997-04-05")

    swept = let_time_pass(second, DEMO, on("1997-04-05"))

    assert swept is not None
    assert (swept.moved, swept.due_at) == ((), on("1997-05-30"))


def test_an_order_that_arrives_after_the_flip_takes_the_person_out_again() -> None:
    first = taken_in(change(1, order("1997-01-05")), now="1997-01-06")
    lapsed = let_time_pass(first, DEMO, on("1997-04-06"))

    back = taken_in(change(2, order("1997-04-10")), now="1997-04-11", standing=lapsed)

    assert moves(back) == [("no_order_90d", "1997-04-10", False)]
    assert back.due_at == on("1997-07-09")


def test_an_exit_and_an_entry_missed_between_cancel_out() -> None:
    first = taken_in(change(1, order("1997-01-05")), now="1997-01-06")
    lapsed = let_time_pass(first, DEMO, on("1997-04-06"))

    again = taken_in(change(2, order("1997-05-01")), now="1998-01-01", standing=lapsed)

    assert again.moved == ()
    assert again.segments["no_order_90d"] == on("1997-07-30")


def test_history_taken_in_late_flips_in_the_past() -> None:
    after = taken_in(change(1, order("1997-01-05")), now="1998-01-01")

    assert moves(after) == [("first_order", "1997-01-05", True), ("no_order_90d", "1997-04-05", True)]
    assert after.due_at is None


def test_a_late_old_event_does_not_disturb_what_is_true() -> None:
    first = taken_in(change(1, order("1997-03-01")), now="1997-03-02")
    lapsed = let_time_pass(first, DEMO, on("1997-06-01"))

    after = taken_in(change(2, order("1997-02-01")), now="1997-06-02", standing=lapsed)

    assert after.moved == ()
    assert after.segments["no_order_90d"] == on("1997-05-30")


def test_an_event_from_the_future_moves_nobody_in_the_future() -> None:
    after = taken_in(change(1, order("1999-01-01")), now="1997-01-06")

    assert moves(after) == [("first_order", "1997-01-06", True)]


def test_segments_upon_segments_follow_at_the_same_instant() -> None:
    by = definitions(
        {
            "lapsed": {"fact": "last_order_at", "older_than": "P90D"},
            "lost": {"all": [{"segment": "lapsed"}, {"fact": "last_order_at", "older_than": "P365D"}]},
            "active": {"none": [{"segment": "lapsed"}]},
        }
    )
    ordered = taken_in(change(1, order("1997-01-05")), now="1997-01-06", by=by)

    year_later = let_time_pass(ordered, by, on("1998-03-01"))

    assert moves(ordered) == [("active", "1997-01-05", True)]
    assert moves(year_later) == [
        ("active", "1997-04-05", False),
        ("lapsed", "1997-04-05", True),
        ("lost", "1998-01-05", True),
    ]


def test_a_new_definition_takes_effect_now_not_in_the_past() -> None:
    before = taken_in(change(1, order("1997-01-05")), now="1997-01-06", by=definitions({}, version=1))

    after = taken_in(
        change(2, event("Searched", "1997-01-08")),
        now="1997-01-09",
        standing=before,
        by=definitions(version=2),
    )

    assert moves(after) == [("first_order", "1997-01-09", True)]


def test_a_clock_that_lags_never_takes_anything_back() -> None:
    ordered = taken_in(change(1, order("1997-01-05")), now="1997-01-06")
    lapsed = let_time_pass(ordered, DEMO, on("1997-04-05"))
    assert lapsed is not None

    after = taken_in(change(2, event("Searched", "1997-04-04")), now="1997-04-04", standing=lapsed)

    assert (after.moved, after.at) == ((), lapsed.at)


DAYS = st.integers(0, 500).map(lambda day: on("1997-01-01") + timedelta(days=day))


@settings(max_examples=50)
@given(
    st.lists(DAYS, min_size=1, max_size=6),
    st.randoms(use_true_random=False),
    st.lists(st.integers(1, 6), max_size=6),
    st.lists(st.integers(0, 600), max_size=3),
)
def test_any_order_any_batching_any_repetition_any_sweep_ends_the_same(
    days: list[datetime], random: Any, repeated: list[int], sweeps: list[int]
) -> None:
    end = on("1998-12-31")
    changes = [change(i + 1, order(day)) for i, day in enumerate(days)]
    at_once = taken_in(*changes, now=end)

    shuffled = [*changes, *(changes[i - 1] for i in repeated if i <= len(changes))]
    random.shuffle(shuffled)
    standing: ProfileStanding | None = None
    for i, one in enumerate(shuffled):
        now = on("1998-06-01") + timedelta(days=i)
        standing = take_in("prf_1", standing, [one], DEMO, now) or standing
        if standing and i < len(sweeps):
            standing = let_time_pass(standing, DEMO, now + timedelta(hours=sweeps[i])) or standing
    assert standing is not None
    standing = let_time_pass(standing, DEMO, end) or standing

    same = {"version", "at", "due_at", "scored", "moved", "places"}
    plain = dict.fromkeys(same - {"places"})
    assert set(standing.segments) == set(at_once.segments)
    assert replace(standing, places={}, **{**plain, "version": 0}) == replace(  # type: ignore[arg-type]
        at_once, places={}, **{**plain, "version": 0}
    )


@pytest.mark.parametrize("swept", [True, False])
@settings(max_examples=30)
@given(days=st.lists(DAYS, min_size=1, max_size=5).map(sorted))
def test_sweeping_on_time_or_never_gives_the_same_standing(swept: bool, days: list[datetime]) -> None:
    standing: ProfileStanding | None = None
    net: dict[str, int] = {}
    for i, day in enumerate(days):
        while swept and standing and standing.due_at and standing.due_at <= day:
            standing = let_time_pass(standing, DEMO, standing.due_at)
            count_moves(standing, net)
        standing = taken_in(change(i + 1, order(day)), now=day, standing=standing)
        count_moves(standing, net)

    assert standing is not None
    assert {name for name, n in net.items() if n} == set(standing.segments) == {"first_order"}
    assert all(n in (0, 1) for n in net.values())
    assert standing.due_at is not None
    assert standing.due_at <= days[-1] + timedelta(days=90)


def count_moves(standing: ProfileStanding | None, net: dict[str, int]) -> None:
    assert standing is not None
    for move in standing.moved:
        name = move.seat[1]
        net[name] = net.get(name, 0) + (-1 if move.after is None else 1)
