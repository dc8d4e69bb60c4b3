"""What the interpreter adds to the decisions: pauses, merges, and a trace that people can read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from services.journeys.domain.document import Document
from services.journeys.domain.interpreter import Interpreter
from services.journeys.domain.traces import Step, to_json_lines, to_text
from services.shared.contracts.ingest import Merge, ProfilesMerged
from services.shared.contracts.scoring import SegmentEntered, SegmentMove, Standing
from tests.unit.journeys.documents import journey

BEGIN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def entered(*profiles: str, version: int = 1) -> SegmentEntered:
    return SegmentEntered(
        moves=[
            SegmentMove(
                segment="trying",
                at=BEGIN,
                standing=Standing(profile_id=one, version=version, at=BEGIN, segments=["trying"]),
            )
            for one in profiles
        ]
    )


def walking(*profiles: str, **changes: Any) -> Interpreter:
    """Two days' wait, then `hello`."""
    interpreter = Interpreter(Document.model_validate(journey(**changes)), BEGIN)
    interpreter.take(entered(*profiles), BEGIN)
    return interpreter


def happened(interpreter: Interpreter, *whats: str) -> list[tuple[timedelta, str, str, str]]:
    return [(s.at - BEGIN, s.profile, s.what, s.detail) for s in interpreter.trace if s.what in whats]


def test_whoever_waits_in_a_pause_waits_that_much_longer() -> None:
    interpreter = walking("prf_1")
    interpreter.pause(BEGIN + DAY)
    interpreter.resume(BEGIN + 5 * DAY)
    interpreter.run_until(BEGIN + 30 * DAY)
    assert happened(interpreter, "asked") == [(6 * DAY, "prf_1", "asked", "hello by email")]


def test_a_wait_that_was_lengthened_already_is_lengthened_by_another_pause() -> None:
    interpreter = walking("prf_1")
    interpreter.pause(BEGIN + DAY)
    interpreter.run_until(BEGIN + 3 * DAY)  # it came due in the pause
    interpreter.resume(BEGIN + 5 * DAY)
    interpreter.pause(BEGIN + 5.5 * DAY)
    interpreter.resume(BEGIN + 8 * DAY)
    interpreter.run_until(BEGIN + 30 * DAY)
    assert happened(interpreter, "asked") == [(8.5 * DAY, "prf_1", "asked", "hello by email")]


def test_whoever_leaves_a_wait_in_a_pause_is_met_when_it_is_over() -> None:
    survey = {
        "type": "wait_for",
        "when": {"segment": "vip"},
        "timeout": "P9D",
        "next": "hello",
        "otherwise": "hello",
    }
    interpreter = walking("prf_1", nodes={**journey()["nodes"], "pause": survey})
    interpreter.pause(BEGIN + DAY)
    (watched,) = interpreter._signals.waits.values()
    standing = Standing(profile_id="prf_1", version=2, at=BEGIN, segments=["trying", watched[0]])
    move = SegmentMove(segment=watched[0], at=BEGIN + 2 * DAY, standing=standing)
    interpreter.take(SegmentEntered(moves=[move]), BEGIN + 2 * DAY)
    interpreter.resume(BEGIN + 5 * DAY)
    interpreter.run_until(BEGIN + 30 * DAY)
    assert happened(interpreter, "asked") == [(5 * DAY, "prf_1", "asked", "hello by email")]


def test_nobody_is_let_in_by_a_pause_that_drops() -> None:
    interpreter = walking()
    interpreter.pause(BEGIN + DAY, "drop")
    interpreter.take(entered("prf_1"), BEGIN + DAY)
    assert happened(interpreter, "entered", "refused") == [(DAY, "prf_1", "refused", "paused")]


def test_nobody_is_met_in_a_pause_that_drops_but_people_go_on() -> None:
    interpreter = walking("prf_1")
    interpreter.pause(BEGIN + DAY, "drop")
    interpreter.run_until(BEGIN + 3 * DAY)
    interpreter.resume(BEGIN + 5 * DAY)
    interpreter.run_until(BEGIN + 30 * DAY)
    assert happened(interpreter, "asked", "left") == [(2 * DAY, "prf_1", "left", "completed")]


def test_two_profiles_that_are_one_person_are_met_once() -> None:
    """F30."""
    interpreter = walking("prf_1", "prf_2")
    merge = Merge(loser="prf_1", winner="prf_2", at=BEGIN + DAY)
    interpreter.take(ProfilesMerged(merges=[merge]), BEGIN + DAY)
    interpreter.run_until(BEGIN + 30 * DAY)
    assert happened(interpreter, "asked", "merged") == [
        (DAY, "prf_1", "merged", "prf_2"),
        (2 * DAY, "prf_2", "asked", "hello by email"),
    ]


def test_a_walk_goes_on_with_the_person_whoever_they_turn_out_to_be() -> None:
    interpreter = walking("prf_1")
    merge = Merge(loser="prf_1", winner="prf_2", at=BEGIN + DAY)
    interpreter.take(ProfilesMerged(merges=[merge]), BEGIN + DAY)
    interpreter.run_until(BEGIN + 30 * DAY)
    assert happened(interpreter, "asked") == [(2 * DAY, "prf_2", "asked", "hello by email")]


def test_a_trace_has_a_line_a_step() -> None:
    steps = [
        Step(BEGIN, "prf_1", "", "pause", "entered"),
        Step(BEGIN + DAY, "prf_10", "cart-7", "hello", "asked", "hello by email"),
    ]
    assert to_text(steps) == (
        "2026-03-02 12:00:00  prf_1   -       pause  entered\n"
        "2026-03-03 12:00:00  prf_10  cart-7  hello  asked    hello by email\n"
    )
    lines = [json.loads(line) for line in to_json_lines(steps).splitlines()]
    assert lines[1] == {
        "at": "2026-03-03T12:00:00.000Z",
        "profile": "prf_10",
        "key": "cart-7",
        "node": "hello",
        "what": "asked",
        "detail": "hello by email",
    }
