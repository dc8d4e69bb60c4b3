"""What events do to a profile: the same end for every order and every repetition."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.adapters.event_codec import decode_events, encode_events
from services.ingest.domain.history import Signed, chunks, month_after
from services.ingest.domain.profile import (
    MAX_EVENT_BYTES,
    MAX_EVENTS,
    Profile,
    absorb,
    apply,
    portions,
    redirect,
    retold,
)
from services.ingest.domain.seen import MEMORY
from services.ingest.domain.traits import MAX_TRAITS, Trait, merged
from services.ingest.domain.validate import validate
from tests.unit.ingest.fakes import NOW, identify, track


def sign(event: dict[str, Any], receipt: str = "r", **fields: Any) -> Signed:
    call = validate(event, received_at=NOW, message_id="m")
    return Signed(receipt, call, received_at=NOW, source="shop", **fields)


def at(second: int) -> str:
    return f"2026-01-02T03:04:{second:02d}Z"


def test_first_batch_makes_version_one_and_tells_events_in_time_order() -> None:
    batch = next(portions([sign(track("b", timestamp=at(2)), "r2"), sign(track("a", timestamp=at(1)), "r1")]))
    done = apply(Profile("p"), batch, [], NOW)
    assert (done.profile.version, done.profile.created_at, dict(done.profile.counts)) == (
        1,
        NOW,
        {"track": 2},
    )
    assert [event.call.message_id for event in done.events] == ["a", "b"]


def test_redelivery_is_applied_already_and_a_copy_is_a_duplicate() -> None:
    profile = apply(Profile("p"), [sign(track("a"), "r1")], [], NOW).profile
    again = apply(profile, [sign(track("a"), "r1"), sign(track("a"), "r2")], [], NOW)
    assert again.verdicts == {"r1": "applied", "r2": "duplicate"}
    assert again.events == ()
    assert again.profile is profile


def test_copies_within_a_batch_count_once() -> None:
    done = apply(Profile("p"), [sign(track("a"), "r1"), sign(track("a"), "r2")], [], NOW)
    assert done.verdicts == {"r1": "applied", "r2": "duplicate"}
    assert len(done.events) == 1


def test_what_the_memory_has_forgotten_is_asked_of_the_history() -> None:
    calls = [sign(track(f"m{i}", timestamp=at(i)), f"r{i}") for i in range(MEMORY + 5)]
    profile = apply(Profile("p"), calls, [], NOW).profile
    assert len(profile.seen.memory) == MEMORY * 16
    old, young = calls[:5], calls[5:]
    assert all(profile.seen.may_have_forgotten(one) for one in old)
    assert not any(profile.seen.may_have_forgotten(one) for one in young)
    assert not profile.seen.may_have_forgotten(sign(track("new", timestamp=at(40)), "r"))
    assert profile.seen.may_have_forgotten(sign(track("late", timestamp=at(1)), "r"))
    history = {one.call.message_id: one.receipt for one in old}
    again = apply(profile, [*old, *young], [], NOW, history)
    assert (again.events, set(again.verdicts.values())) == ((), {"applied"})


def test_memory_forgets_the_oldest_events_in_whatever_order_they_come() -> None:
    calls = [sign(track(f"m{i}", timestamp=at(i)), f"r{i}") for i in range(40)]
    one_way = apply(Profile("p"), calls, [], NOW).profile.seen
    profile = Profile("p")
    for call in reversed(calls):
        profile = apply(profile, [call], [], NOW).profile
    assert profile.seen == one_way
    halves = [apply(Profile("p"), half, [], NOW).profile.seen for half in (calls[::2], calls[1::2])]
    assert halves[0].joined(halves[1]) == one_way


def test_a_slower_clock_does_not_turn_the_profile_back() -> None:
    profile = apply(Profile("p"), [sign(track("a"), "r1")], [], NOW).profile
    profile = apply(profile, [sign(track("b"), "r2")], [], NOW - timedelta(seconds=5)).profile
    assert (profile.created_at, profile.updated_at) == (NOW, NOW)


@pytest.mark.capability("002-1")
def test_an_older_identify_never_overwrites_a_newer_one() -> None:
    newer = sign(identify("n", timestamp=at(9), traits={"plan": "pro", "city": "Gent"}), "r1")
    older = sign(identify("o", timestamp=at(1), traits={"plan": "free", "age": 30}), "r2")
    profile = apply(apply(Profile("p"), [newer], [], NOW).profile, [older], [], NOW).profile
    assert profile.visible_traits() == {"age": 30, "city": "Gent", "plan": "pro"}


def test_null_removes_a_trait_and_an_older_value_does_not_bring_it_back() -> None:
    profile = Profile("p")
    for name, second, value in (("a", 1, "x"), ("b", 3, None), ("c", 2, "y")):
        call = sign(identify(name, timestamp=at(second), traits={"city": value}), name)
        profile = apply(profile, [call], [], NOW).profile
    assert profile.visible_traits() == {}


def test_who_says_the_same_again_does_not_have_traits_written_again() -> None:
    """F2: the times move all the same, or an older value that comes late would stand."""
    said = {"firstName": "Ana", "plan": "pro"}
    profile = apply(Profile("p"), [sign(identify("a", traits=said, timestamp=at(1)), "r1")], [], NOW).profile
    again = apply(profile, [sign(identify("b", traits=said, timestamp=at(9)), "r2")], [], NOW).profile
    moved = profile.known_traits()["plan"].at + 8000
    assert (again.traits_version, again.confirmed) == (1, {"firstName": moved, "plan": moved})
    assert again.known_traits()["plan"].at == moved
    late = apply(
        again, [sign(identify("c", traits={"plan": "free"}, timestamp=at(5)), "r3")], [], NOW
    ).profile
    assert (late.visible_traits(), late.traits_version, late.confirmed) == (said, 1, again.confirmed)
    new = apply(late, [sign(identify("d", traits={"plan": "free"}, timestamp=at(10)), "r4")], [], NOW).profile
    assert (new.visible_traits()["plan"], new.traits_version, new.confirmed) == ("free", new.version, {})
    assert new.known_traits()["firstName"].at == moved


def test_times_of_traits_do_not_outgrow_the_hot_item() -> None:
    said = {f"a trait with a long name {n}": n for n in range(5)}
    profile = apply(Profile("p"), [sign(identify("a", traits=said, timestamp=at(1)), "r1")], [], NOW).profile
    again = apply(profile, [sign(identify("b", traits=said, timestamp=at(9)), "r2")], [], NOW).profile
    assert (again.traits_version, again.confirmed) == (2, {})


def test_traits_are_bounded() -> None:
    profile = Profile("p")
    for i in range(MAX_TRAITS // 50 + 2):
        traits = {f"t{i}-{j}": "x" for j in range(50)}
        profile = apply(profile, [sign(identify(f"m{i}", traits=traits), f"r{i}")], [], NOW).profile
    assert len(profile.traits) == MAX_TRAITS
    profile = Profile("p")
    for i in range(5):
        call = sign(identify(f"m{i}", traits={f"t{i}": "x" * 20_000}), f"r{i}")
        profile = apply(profile, [call], [], NOW).profile
    assert sorted(profile.traits) == ["t0"]


def test_one_write_never_carries_more_than_an_item_takes() -> None:
    many = [sign(track(f"m{i:05}"), f"r{i}") for i in range(MAX_EVENTS + 1)]
    assert [len(p) for p in portions(many)] == [MAX_EVENTS, 1]
    heavy = [sign(track(f"m{i}", properties={"a": "x" * 30_000}), f"r{i}") for i in range(9)]
    assert [len(p) for p in portions(heavy)] == [3, 3, 3]
    assert list(portions([])) == []


@pytest.mark.parametrize("wide", ["\u0001", "é", "😀", '"'])
def test_a_portion_is_measured_as_it_is_written(wide: str) -> None:
    many = [
        sign(
            track(f"{i:03}{'é' * 90}", event="😀" * 180, properties={wide: wide * 50, "x": [1e-7, 1e15]}),
            f"r{i}",
        )
        for i in range(MAX_EVENTS)
    ]
    for portion in portions(many):
        events = apply(Profile("p"), portion, [], NOW).events
        told = "[" + ",".join(event.told().model_dump_json() for event in events) + "]"
        assert max(len(told.encode()), len(encode_events(events))) <= MAX_EVENT_BYTES + 2


def test_of_two_public_addresses_in_one_write_the_first_by_event_time_stays() -> None:
    first, second = (
        sign(identify(f"m{i}", timestamp=at(i), traits={"phone": f"+3247512345{i}"}), f"r{i}", public=True)
        for i in (1, 2)
    )
    for batch in ([first, second], [second, first]):
        done = apply(Profile("p"), next(portions(batch)), [], NOW)
        assert done.profile.visible_traits() == {"phone": "+32475123451"}
        assert done.contact_kept == {"r2"}


def test_a_public_address_is_taken_where_there_is_none_any_more() -> None:
    gone = sign(identify("a", timestamp=at(1), traits={"email": None}), "r1")
    public = sign(identify("b", timestamp=at(2), traits={"email": "a@example.com"}), "r2", public=True)
    profile = apply(apply(Profile("p"), [gone], [], NOW).profile, [public], [], NOW).profile
    assert profile.visible_traits() == {"email": "a@example.com"}


moments = st.integers(0, 5)
events = st.lists(
    st.tuples(moments, st.sampled_from(["a", "b"]), st.sampled_from([1, "x", None, 2.5]), st.booleans()),
    min_size=1,
    max_size=8,
)


@pytest.mark.capability("002-1")
@settings(max_examples=50)
@given(events, st.randoms(use_true_random=False), st.integers(1, 4))
def test_any_order_cut_and_repetition_ends_in_the_same_profile(
    drawn: list[tuple[int, str, Any, bool]], random: Any, cut: int
) -> None:
    calls = [
        sign(
            identify(f"m{i}", timestamp=at(s), traits={k: v}) if i_ else track(f"m{i}", timestamp=at(s)),
            f"r{i}",
        )
        for i, (s, k, v, i_) in enumerate(drawn)
    ]
    shuffled = calls + [replace(c, receipt=f"{c.receipt}-copy") for c in calls]
    random.shuffle(shuffled)
    told: list[str] = []
    profile = Profile("p")
    for start in range(0, len(shuffled), cut):
        for portion in portions(shuffled[start : start + cut]):
            done = apply(profile, portion, [], datetime(2026, 1, 1, tzinfo=UTC))
            profile = done.profile
            told += [event.call.message_id for event in done.events]
    straight = apply(Profile("p"), next(portions(calls)), [], NOW).profile
    assert profile.traits == straight.traits
    assert profile.counts == straight.counts
    assert sorted(told) == sorted(c.call.message_id for c in calls)


def test_of_two_public_addresses_the_first_received_stays_whatever_its_event_time_says() -> None:
    """Whoever has a web page's key may write any event time."""
    honest = sign(identify("a", timestamp=at(9), traits={"email": "ana@example.com"}), "r1", public=True)
    call = identify("b", timestamp="2020-01-01T00:00:00Z", traits={"email": "evil@example.com"})
    evil = replace(sign(call, "r2", public=True), received_at=NOW + timedelta(seconds=1))
    for order in ((honest, evil), (evil, honest)):
        profile = Profile("p")
        for one in order:
            profile = apply(profile, [one], [], NOW).profile
        assert profile.visible_traits() == {"email": "ana@example.com"}


@pytest.mark.capability("000-7")
@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from([1, "x", None]),
            st.sampled_from(["declared", "derived", "imported"]),
        ),
        min_size=1,
        max_size=6,
    ),
    st.randoms(use_true_random=False),
)
def test_declared_outranks_derived_whatever_comes_last(
    drawn: list[tuple[int, Any, Any]], random: Any
) -> None:
    offers = [Trait(value, at, "s", kind) for at, value, kind in drawn]
    shuffled = list(offers)
    random.shuffle(shuffled)
    stands: dict[str, Trait] = {}
    for offer in shuffled:
        stands = merged(stands, {"plan": offer})
    best = min(("declared", "observed", "imported", "derived").index(o.kind) for o in offers)
    assert stands["plan"].kind == ("declared", "observed", "imported", "derived")[best]
    assert stands["plan"].at == max(o.at for o in offers if o.kind == stands["plan"].kind)


strands = st.lists(st.tuples(moments, st.booleans(), st.booleans()), min_size=1, max_size=8)


@settings(max_examples=50)
@given(strands)
def test_a_merge_makes_what_one_profile_would_have_become(drawn: list[tuple[int, bool, bool]]) -> None:
    """Late binding: merged, known from the start, or told anew makes no difference."""
    calls = [
        sign(
            identify(f"m{i}", timestamp=at(s), traits={"plan": i}) if i_ else track(f"m{i}", timestamp=at(s)),
            f"r{i}",
        )
        for i, (s, i_, _) in enumerate(drawn)
    ]
    sides = [
        [c for c, (*_, left) in zip(calls, drawn, strict=True) if left is side] for side in (True, False)
    ]
    ana, visitor = (
        apply(Profile(name), next(portions(side)), [], NOW).profile if side else Profile(name)
        for name, side in zip(("ana", "visitor"), sides, strict=True)
    )
    whole = apply(Profile("ana"), next(portions(calls)), [], NOW).profile
    anew, history = retold(ana, calls, "tale", NOW)
    for made in (absorb(ana, [visitor], NOW), anew):
        assert (made.traits, made.counts, made.seen) == (whole.traits, whole.counts, whole.seen)
    assert absorb(ana, [visitor], NOW).version == ana.version + visitor.version
    assert anew.since == ana.version + 1
    assert sorted(e.receipt for c in history for e in c.events) == sorted(c.receipt for c in calls)
    gone = redirect(visitor, "ana", NOW)
    assert (gone.merged_into, gone.version, gone.visible_traits()) == ("ana", visitor.version + 1, {})


def test_a_write_makes_a_chunk_a_month() -> None:
    calls = [sign(track(f"m{i}", timestamp=f"2025-1{i}-05T00:00:00Z"), f"r{i}") for i in (2, 0, 1)]
    made = chunks("p", "", 7, calls)
    assert [[e.call.message_id for e in c.events] for c in made] == [["m0"], ["m1"], ["m2"]]
    assert [c.place for c in made] == sorted(c.place for c in made)
    assert month_after(calls[0].call.at) == datetime(2026, 1, 1, tzinfo=UTC)


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.text(max_size=5),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(-(2**63), 2**64 - 1),
            st.floats(allow_nan=False, allow_infinity=False),
            st.text(max_size=9),
        ),
    ),
    st.booleans(),
)
def test_events_survive_their_bytes(properties: dict[str, Any], public: bool) -> None:
    call = sign(track("m", properties={}), public=public).call
    one = sign(identify("i", anonymousId="x", traits={"email": "a@example.com"}), kind="imported")
    all_ = (Signed("r", replace(call, properties=properties), public, "s", NOW), one)
    assert decode_events(encode_events(all_)) == all_
