"""What events do to a profile: the same end for every order and every repetition."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.profile import (
    MAX_EVENT_BYTES,
    MAX_EVENTS,
    MAX_MEMORY,
    MAX_TRAITS,
    MEMORY,
    MEMORY_TIME,
    Profile,
    apply,
    portions,
)
from services.ingest.domain.resolve import Signed
from services.ingest.domain.validate import validate
from tests.unit.ingest.fakes import NOW, identify, track


def sign(event: dict[str, Any], receipt: str = "r") -> Signed:
    return Signed(receipt, validate(event, received_at=NOW, message_id="m"))


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
    assert [event.message_id for event in done.events] == ["a", "b"]


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


def test_memory_keeps_the_last_messages_and_all_recent_ones() -> None:
    recent = [sign(track(f"m{i}"), f"r{i}") for i in range(300)]
    profile = apply(Profile("p"), recent, [], NOW).profile
    profile = apply(profile, [sign(track("next"), "n")], [], NOW + MEMORY_TIME).profile
    assert apply(profile, recent, [], NOW).events == ()
    later = NOW + MEMORY_TIME + timedelta(seconds=1)
    profile = apply(profile, [sign(track("late"), "l")], [], later).profile
    assert len(profile.seen.memory) == MEMORY * 16
    assert apply(profile, recent[-MEMORY + 2 :], [], later).events == ()


def test_a_message_is_known_for_as_long_as_the_queue_may_bring_it_again() -> None:
    orders = [sign(track(f"m{i}"), f"r{i}") for i in range(300)]
    profile = apply(Profile("p"), orders, [], NOW).profile
    for minutes in (20, 45):
        now = NOW + timedelta(minutes=minutes)
        profile = apply(profile, [sign(track(f"at {minutes}"), f"r at {minutes}")], [], now).profile
    assert apply(profile, orders, [], NOW + timedelta(minutes=46)).events == ()


def test_memory_is_bounded_however_busy_a_profile_is() -> None:
    profile = apply(Profile("p"), [sign(track(f"m{i}"), f"r{i}") for i in range(3_000)], [], NOW).profile
    assert len(profile.seen.memory) == MAX_MEMORY * 16


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
        told = "[" + ",".join(event.model_dump_json() for event in events) + "]"
        stored = json.dumps(
            [e.model_dump(mode="json") for e in events], ensure_ascii=False, separators=(",", ":")
        )
        assert max(len(told.encode()), len(stored.encode())) <= MAX_EVENT_BYTES + 2


def test_of_two_public_addresses_in_one_write_the_first_by_event_time_stays() -> None:
    first, second = (
        Signed(
            f"r{i}", sign(identify(f"m{i}", timestamp=at(i), traits={"phone": f"+3247512345{i}"})).call, True
        )
        for i in (1, 2)
    )
    for batch in ([first, second], [second, first]):
        done = apply(Profile("p"), next(portions(batch)), [], NOW)
        assert done.profile.visible_traits() == {"phone": "+32475123451"}
        assert done.contact_kept == {"r2"}


def test_a_public_address_is_taken_where_there_is_none_any_more() -> None:
    gone = sign(identify("a", timestamp=at(1), traits={"email": None}), "r1")
    public = Signed("r2", sign(identify("b", timestamp=at(2), traits={"email": "a@example.com"})).call, True)
    profile = apply(apply(Profile("p"), [gone], [], NOW).profile, [public], [], NOW).profile
    assert profile.visible_traits() == {"email": "a@example.com"}


moments = st.integers(0, 5)
events = st.lists(
    st.tuples(moments, st.sampled_from(["a", "b"]), st.sampled_from([1, "x", None, 2.5]), st.booleans()),
    min_size=1,
    max_size=8,
)


@pytest.mark.capability("002-1")
@settings(max_examples=50, deadline=None)
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
    shuffled = calls + [Signed(f"{c.receipt}-copy", c.call) for c in calls]
    random.shuffle(shuffled)
    told: list[str] = []
    profile = Profile("p")
    for start in range(0, len(shuffled), cut):
        for portion in portions(shuffled[start : start + cut]):
            done = apply(profile, portion, [], datetime(2026, 1, 1, tzinfo=UTC))
            profile = done.profile
            told += [event.message_id for event in done.events]
    straight = apply(Profile("p"), next(portions(calls)), [], NOW).profile
    assert profile.traits == straight.traits
    assert profile.counts == straight.counts
    assert sorted(told) == sorted(c.call.message_id for c in calls)
