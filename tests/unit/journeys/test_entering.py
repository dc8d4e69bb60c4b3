"""Who is let in, and what ends a walk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.journeys.domain.document import Document
from services.journeys.domain.ends import ExitOnEvent, GoalEvent
from services.journeys.domain.entering import Last, ended_by, refused, stage_ends
from services.journeys.domain.listening import listener_of, watch_of
from services.journeys.domain.moves import Seen, Walker
from services.shared.contracts.scoring import Standing
from tests.unit.journeys.documents import journey

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SEGMENT = {"segment_entered": "trying"}


def document(entry: dict[str, Any] | None = None, **frame: Any) -> Document:
    return Document.model_validate(journey(entry={"on": [SEGMENT], **(entry or {})}, **frame))


def walker(**known: Any) -> Walker:
    return Walker(**{"profile_id": "prf_1", "key": "", "entered_at": NOW, **known})


def seen(**known: Any) -> Seen:
    return Seen(Standing(profile_id="prf_1", version=1, at=NOW, **known))


def last(days_ago: int, *, active: bool = False, number: int = 1) -> Last:
    return Last(NOW - days_ago * DAY, active, number)


@pytest.mark.parametrize(
    ("reentry", "before", "reason"),
    [
        ("never", None, ""),
        ("never", last(9), "never_again"),
        ("always", last(0), ""),
        ("always", last(9, active=True), "active"),
        ({"after": "P5D"}, last(4), "too_soon"),
        ({"after": "P5D"}, last(5), ""),
        ({"at_most": 2}, last(9, number=1), ""),
        ({"at_most": 2}, last(9, number=2), "too_often"),
        ({"after": "P5D"}, last(9, active=True), "active"),
    ],
)
def test_coming_again(reentry: Any, before: Last | None, reason: str) -> None:
    assert refused(document({"reentry": reentry}), walker(), before, seen(), NOW) == reason


def test_a_moment_that_is_over_lets_nobody_in() -> None:
    entry = {"expires": "PT1H"}
    hour_ago = NOW - timedelta(hours=1)
    assert refused(document(entry), walker(entered_at=hour_ago), None, seen(), NOW) == ""
    late = walker(entered_at=hour_ago - timedelta(seconds=1))
    assert refused(document(entry), late, None, seen(), NOW) == "moment_over"


def test_the_guard_looks_at_the_standing_and_at_the_event() -> None:
    when = {"all": [{"fact": "orders", "gte": 1}, {"fact": "walk.total", "gt": 50}]}
    here = document({"when": when})
    assert refused(here, walker(kept={"total": 60}), None, seen(facts={"orders": 1}), NOW) == ""
    assert refused(here, walker(kept={"total": 50}), None, seen(facts={"orders": 1}), NOW) == "guard"
    assert refused(here, walker(kept={"total": 60}), None, Seen(), NOW) == "guard"


STAGES = {"lifecycle": "customer", "allowed": ["new", "active"]}


@pytest.mark.parametrize(
    ("stages", "reason"),
    [
        ({"customer": {"": "new"}}, ""),
        ({"customer": {"loan": "lapsed", "card": "active"}}, ""),
        ({"customer": {"": "lapsed"}}, "wrong_stage"),
        ({"other": {"": "new"}}, "wrong_stage"),
        ({}, "wrong_stage"),
    ],
)
def test_people_are_met_in_the_right_stage_alone(stages: Any, reason: str) -> None:
    """003-15."""
    here = document(stages=STAGES)
    assert refused(here, walker(), None, seen(stages=stages), NOW) == reason
    assert stage_ends(here, seen(stages=stages).standing) == reason
    assert stage_ends(document(stages={**STAGES, "on_leaving": "stay"}), seen(stages=stages).standing) == ""
    assert stage_ends(document(), seen(stages=stages).standing) == ""


ORDERED = {"event": "Order Completed", "key": "cart"}


def test_a_goal_in_time_and_one_too_late_both_end_the_walk() -> None:
    here = document(goal={**ORDERED, "within": "P3D"}, exit_on=[ORDERED])
    signal = listener_of(GoalEvent.model_validate(ORDERED)).name
    assert ended_by(here, walker(), signal, "", NOW + 3 * DAY) == "goal"
    assert ended_by(here, walker(), signal, "", NOW + 3 * DAY + timedelta(seconds=1)) == "goal_late"


def test_an_event_ends_the_walks_of_its_own_matter() -> None:
    here = document(exit_on=[ORDERED, {"event": "Closed", "reason": "closed"}])
    ordered = listener_of(ExitOnEvent.model_validate(ORDERED)).name
    closed = listener_of(ExitOnEvent.model_validate({"event": "Closed"})).name
    assert ended_by(here, walker(key="c-1"), ordered, "c-1", NOW) == "event:Order Completed"
    assert ended_by(here, walker(key="c-1"), ordered, "c-2", NOW) == ""
    assert ended_by(here, walker(key="c-1"), closed, "", NOW) == "closed"


def test_a_condition_and_a_segment_end_walks() -> None:
    when = {"trait": "plan", "eq": "pro"}
    here = document(
        exit_on=[{"when": when, "reason": "pro"}, {"segment_exited": "trying"}], goal={"when": SELF}
    )
    assert ended_by(here, walker(), watch_of(when), "", NOW) == "pro"
    assert ended_by(here, walker(), "segment_exited:trying", "", NOW) == "segment_exited:trying"
    assert ended_by(here, walker(), "bought", "", NOW) == "goal"
    assert ended_by(here, walker(), "trying", "", NOW) == ""


SELF = {"segment": "bought"}


def test_what_began_a_walk_is_not_heard_by_it() -> None:
    """F1: the event that let somebody in is told again, and is told beside another of the same moment."""
    mine = walker(entry_version=7)
    assert not mine.counts(NOW, 7)
    assert mine.counts(NOW, 8)
    assert mine.counts(NOW + timedelta(milliseconds=1), 7)
    assert not mine.counts(NOW - timedelta(milliseconds=1), 8)
