"""Who may begin, who must stop, and what a write means to others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.journeys.domain.enrolment import (
    Enrolment,
    Entrant,
    begin,
    is_stale,
    left_since,
    may_enter,
    send_id,
)
from services.journeys.domain.entries import Entry, SegmentEntered
from services.journeys.domain.validation import read_document
from services.shared.contracts.scoring import Standing
from tests.unit.journeys.documents import journey, seed

NOW = datetime(1997, 1, 2, tzinfo=UTC)
ONCE = Entry(on=[SegmentEntered(segment_entered="trying")], reentry="never")
AGAIN = Entry(on=[SegmentEntered(segment_entered="trying")], reentry="always")


def standing(version: int, *segments: str) -> Standing:
    return Standing(profile_id="p1", version=version, at=NOW, segments=list(segments))


def walk(**changes: object) -> Enrolment:
    first = begin(Entrant("p1", NOW, standing(5)), read_document(journey()), 1, NOW, None)
    return replace(first, **changes)  # type: ignore[arg-type]


def test_somebody_new_may_enter_and_somebody_active_may_not() -> None:
    for entry in (ONCE, AGAIN):
        assert may_enter(entry, 1, None)
        assert not may_enter(entry, 99, walk())


@pytest.mark.parametrize(
    ("entry", "version", "allowed"),
    [(ONCE, 6, False), (AGAIN, 6, True), (AGAIN, 5, False), (AGAIN, 4, False)],
)
def test_reentry_needs_a_newer_reason(entry: Entry, version: int, allowed: bool) -> None:
    assert may_enter(entry, version, walk(status="exited")) is allowed


def test_each_walk_has_its_own_id_and_a_repetition_the_same() -> None:
    document = read_document(journey())
    entrant = Entrant("p1", NOW, standing(9))
    again = begin(entrant, document, 1, NOW, walk(status="exited"))
    assert (walk().number, again.number) == (1, 2)
    assert again.enrolment_id != walk().enrolment_id
    assert again.enrolment_id == begin(entrant, document, 1, NOW, walk(status="exited")).enrolment_id
    assert send_id(again, "hello") != send_id(walk(), "hello")
    assert send_id(again, "hello") == send_id(replace(again, cohort="other"), "hello")


def test_an_entry_is_stale_when_the_segment_was_left_later() -> None:
    welcome = read_document(seed("welcome"))
    entered = standing(5, "first_order")
    assert not is_stale(welcome, entered, None)
    assert not is_stale(welcome, entered, entered)
    assert not is_stale(welcome, entered, standing(6, "first_order"))
    assert not is_stale(welcome, entered, standing(4))
    assert is_stale(welcome, entered, standing(6))


def test_a_walk_has_ended_when_an_exit_segment_was_left_since() -> None:
    document = read_document(journey(exit_on=[{"segment_exited": "customer"}]))
    entered = standing(5, "trying", "customer")
    assert left_since(document, entered, standing(6, "trying")) == "segment_exited:customer"
    assert left_since(document, entered, standing(4, "trying")) == ""
    assert left_since(document, standing(5, "trying"), standing(6, "trying")) == ""
    assert is_stale(document, entered, standing(6, "trying"))
