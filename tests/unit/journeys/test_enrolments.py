"""Who may begin, who must stop, and what a write means to others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.journeys.domain.enrolment import (
    Enrolment,
    Entrant,
    begin,
    is_stale,
    left_since,
    request_id,
    turned_away,
)
from services.journeys.domain.validation import read_document
from services.shared.contracts.scoring import Standing
from tests.unit.journeys.documents import journey, seed

NOW = datetime(1997, 1, 2, tzinfo=UTC)
ENTRY = {"on": [{"segment_entered": "trying"}]}


def standing(version: int, *segments: str) -> Standing:
    return Standing(profile_id="p1", version=version, at=NOW, segments=list(segments))


def walk(**changes: object) -> Enrolment:
    first = begin(Entrant("p1", NOW, standing(5)), read_document(journey()), 1, NOW, None)
    return replace(first, **changes)  # type: ignore[arg-type]


def reason(version: int, at: datetime = NOW) -> Entrant:
    return Entrant("p1", at, standing(version, "trying"))


@pytest.mark.parametrize("reentry", ["never", "always"])
def test_somebody_new_may_enter_and_somebody_active_may_not(reentry: str) -> None:
    document = read_document(journey(entry={**ENTRY, "reentry": reentry}))
    assert turned_away(document, reason(1), None, NOW) == ""
    assert turned_away(document, reason(99), walk(), NOW) == "active"


@pytest.mark.parametrize(
    ("version", "later", "said"), [(6, 0, "repeated"), (7, 0, "repeated"), (7, 1, ""), (8, 0, "")]
)
def test_what_came_while_somebody_walked_begins_nothing_afterwards(
    version: int, later: int, said: str
) -> None:
    """F1: told again, it is as old as it was."""
    document = read_document(journey(entry={**ENTRY, "reentry": "always"}))
    last = walk(status="exited", turned_away=(7, NOW))
    entrant = reason(version, NOW + timedelta(seconds=later))
    assert turned_away(document, entrant, last, NOW) == said


@pytest.mark.parametrize(
    ("reentry", "version", "later", "said"),
    [
        ("never", 6, 0, "never_again"),
        ("always", 6, 0, ""),
        ("always", 6, -1, ""),
        ("always", 5, 0, "repeated"),
        ("always", 5, 1, ""),
        ("always", 4, 1, "repeated"),
    ],
)
def test_reentry_needs_a_newer_reason(reentry: str, version: int, later: int, said: str) -> None:
    """Newer is the later standing, and of one standing the later moment: two events of one batch."""
    document = read_document(journey(entry={**ENTRY, "reentry": reentry}))
    entrant = reason(version, NOW + timedelta(seconds=later))
    assert turned_away(document, entrant, walk(status="exited"), NOW) == said


def test_each_walk_has_its_own_id_and_a_repetition_the_same() -> None:
    document = read_document(journey())
    entrant = Entrant("p1", NOW, standing(9))
    again = begin(entrant, document, 1, NOW, walk(status="exited"))
    assert (walk().number, again.number) == (1, 2)
    assert again.enrolment_id != walk().enrolment_id
    assert again.enrolment_id == begin(entrant, document, 1, NOW, walk(status="exited")).enrolment_id
    assert request_id(again, "hello") != request_id(walk(), "hello")
    assert request_id(again, "hello") == request_id(replace(again, cohort="other"), "hello")


def test_an_entry_is_stale_when_the_segment_was_left_later() -> None:
    welcome = read_document(seed("welcome"))
    entered = standing(5, "first_order")
    assert not is_stale(welcome, entered, None)
    assert not is_stale(welcome, entered, entered)
    assert not is_stale(welcome, entered, standing(6, "first_order"))
    assert not is_stale(welcome, entered, standing(4))
    assert is_stale(welcome, entered, standing(6))


def test_an_entry_by_leaving_is_stale_when_the_segment_was_entered_again() -> None:
    document = read_document(journey(entry={"on": [{"segment_exited": "paying"}]}, exit_on=[]))
    assert not is_stale(document, standing(5), standing(6))
    assert is_stale(document, standing(5), standing(6, "paying"))


def test_what_somebody_did_is_never_history() -> None:
    ways = [{"segment_entered": "trying"}, {"event": "Tried"}]
    document = read_document(journey(entry={"on": ways}, exit_on=[]))
    assert not is_stale(document, standing(5, "trying"), standing(6))


def test_a_walk_has_ended_when_an_exit_segment_was_left_since() -> None:
    document = read_document(journey(exit_on=[{"segment_exited": "customer"}]))
    entered = standing(5, "trying", "customer")
    assert left_since(document, entered, standing(6, "trying")) == "segment_exited:customer"
    assert left_since(document, entered, standing(4, "trying")) == ""
    assert left_since(document, standing(5, "trying"), standing(6, "trying")) == ""
    assert is_stale(document, entered, standing(6, "trying"))
