"""How journeys are run, as laws."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.journeys.domain.migrating import Stand, mapped, over_slots
from services.journeys.domain.operating import (
    IDLE,
    MOST_PAUSES,
    Migration,
    Policy,
    Running,
    drops,
    held,
    migrate,
    pause,
    refusal,
    resume,
    stop,
    together,
    walked,
)
from services.journeys.domain.validation import read_document
from services.shared.errors import Conflict, Invalid
from tests.unit.journeys.documents import journey

NOW = datetime(1997, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICIES: dict[str, Policy] = {"hold": "hold", "drop": "drop"}
acts = st.lists(st.sampled_from(["hold", "drop", "resume"]), max_size=30)


@settings(max_examples=100)
@given(acts)
def test_at_most_one_pause_lasts_and_it_is_what_was_asked_for_last(wanted: list[str]) -> None:
    running, now = Running(), NOW
    for act in wanted:
        now += HOUR
        running = resume(running, now) if act == "resume" else pause(running, now, POLICIES[act])
        assert sum(one.end is None for one in running.pauses) == (act != "resume")
        assert (held(running, now), drops(running, now)) == (act == "hold", act == "drop")
        assert refusal(running, now) == ("paused" if act == "drop" else "")
    assert all(one.end is None or one.start <= one.end for one in running.pauses)


def test_the_oldest_pauses_are_forgotten() -> None:
    running = Running()
    for hour in range(0, 400, 2):
        running = resume(pause(running, NOW + hour * HOUR, "hold"), NOW + (hour + 1) * HOUR)
    assert len(running.pauses) == MOST_PAUSES


def test_a_pause_of_everything_is_a_pause_of_each() -> None:
    everything = pause(Running(), NOW, "hold")
    both = together(pause(Running(), NOW, "drop"), everything)
    assert held(both, NOW + HOUR)
    assert not drops(both, NOW + HOUR)


def test_a_stop_is_final_until_it_is_resumed() -> None:
    stopped = stop(pause(Running(), NOW, "hold"), NOW + HOUR, drain=False)
    assert refusal(stopped, NOW + HOUR) == "stopped"
    assert not held(stopped, NOW + 2 * HOUR)
    assert stop(stopped, NOW + HOUR, drain=True).status == "stopped"
    with pytest.raises(Conflict):
        pause(stopped, NOW, "hold")
    assert refusal(resume(stopped, NOW), NOW) == ""
    assert stop(Running(), NOW, drain=True).status == "draining"


def test_a_version_is_retired_when_nobody_walks_it_twice_over() -> None:
    once = walked(Running(), 1, NOW, anybody=False)
    assert walked(once, 1, NOW + IDLE / 2, anybody=False) == once
    assert walked(once, 1, NOW + IDLE / 2, anybody=True) == Running()
    retired = walked(once, 1, NOW + IDLE, anybody=False)
    assert (retired.retired, retired.tellings) == ({1}, 1)
    assert walked(retired, 1, NOW + 2 * IDLE, anybody=False) == retired
    assert walked(retired, 1, NOW + 2 * IDLE, anybody=True).tellings == 2
    assert migrate(retired, 2, Migration(1, {})).retired == frozenset()


def test_two_migrations_do_not_go_in_circles() -> None:
    there = migrate(Running(), 1, Migration(2, {}))
    with pytest.raises(Conflict):
        migrate(there, 2, Migration(1, {}))


def test_nodes_of_the_same_name_and_kind_need_no_saying() -> None:
    old = read_document(journey())
    new = read_document(journey())
    assert mapped(old, new, {}).unmapped == []
    ways = mapped(old, new, {"hello": "drop"})
    assert ways.nodes["hello"] is None
    with pytest.raises(Invalid):
        mapped(old, new, {"hello": "nowhere"})
    with pytest.raises(Invalid):
        mapped(old, new, {"nowhere": "hello"})


def test_whoever_comes_to_a_wait_waits_it_all_and_whoever_stands_at_one_the_rest() -> None:
    old = new = read_document(journey())
    wait = old.start
    due = NOW + HOUR
    standing = next(over_slots(old, new, 2, "c", Stand(wait, NOW, due), wait))
    assert (standing.at, standing.due, standing.over) == (NOW, due, False)
    coming = next(over_slots(old, new, 2, "c", Stand("hello", NOW, due), wait))
    assert (coming.at, coming.due) == (due, due + new.wait_of(wait))
    acting = next(over_slots(old, new, 2, "c", Stand(wait, NOW, due), "hello"))
    assert (acting.at, acting.due) == (NOW, due)
    keys = {next(over_slots(old, new, 2, source, Stand(wait, NOW, due), wait)).key for source in "abc"}
    assert len(keys) == 3


def test_whoever_has_not_come_yet_to_where_others_stand_comes_there_when_it_is_time() -> None:
    survey = {
        "type": "wait_for",
        "event": "Answered",
        "timeout": "P7D",
        "next": "hello",
        "otherwise": "hello",
    }
    old = new = read_document(journey(nodes={**journey()["nodes"], "pause": survey}))
    due = NOW + HOUR
    stands = next(over_slots(old, new, 2, "c", Stand("pause", NOW, due), "pause"))
    assert (stands.due, stands.over) == (due, True)
    comes = next(over_slots(old, new, 2, "c", Stand("pause", NOW, due, comes=True), "pause"))
    assert (comes.at, comes.due, comes.over) == (due, due, False)
