"""A campaign to thousands of people on the emulator, in the middle of which workers die: everybody once."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from services.shared.contracts.ingest import CustomerEvent, ProfileChange, ProfilesChanged
from tests.system.conformance.stage import Entry, Stage
from tests.system.conformance.test_conformance import BRIEF, BY_HAND, FULL

pytestmark = BY_HAND

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
PEOPLE = 5_000 if FULL else 500
MINUTE = timedelta(minutes=1)
SPRING: dict[str, Any] = {
    "name": "spring",
    "title": "Spring",
    "objective": "cross_sell",
    "angle": "world",
    "brief": {**BRIEF, "step": "Orientation", "hypothesis": "Spring makes people buy"},
    "segment": "crowd",
    "template": "spring",
    "channels": ["email"],
    "schedule": {"start": "2026-03-01T13:10", "zone": "Europe/Amsterdam"},
    "goal": {"event": "Order Completed", "within": "P7D"},
}


def test_everybody_is_met_once_though_workers_die() -> None:
    """F5, F8, F38, on real workers; 100,000 people are met in the model (tests/unit/journeys)."""
    crowd = [f"prf_{number:04}" for number in range(PEOPLE)]
    with ExitStack() as cleanup:
        stage = Stage(cleanup, BEGIN, "platform", "scoring", "journeys")
        stage.tell((BEGIN, ProfilesChanged(changes=[_known(one)])) for one in crowd)
        stage.api.call("PUT", "/segments/crowd", {"static": True, "description": "Everybody"})
        for first in range(0, PEOPLE, 1000):
            page = {"add": crowd[first : first + 1000]}
            answer = stage.api.call("POST", "/segments/crowd/members", page)
            assert not answer["unknown"], answer
        stage.api.call("PUT", "/campaigns/spring", SPRING)
        stage.plan_deaths(seed=3, share=0.01, most=12)
        for _ in range(30):
            stage.run_until(stage.now + MINUTE)
            stage.invoke("Occasions")
            stage.rest()
            runs = stage.api.call("GET", "/campaigns/spring")["runs"]
            if [run["state"] for run in runs] == ["done"]:
                break
        stage.run_until(stage.now + timedelta(days=8))
        asked, died = _asked(stage.announced()), Counter(one.split()[0] for one in stage.died())
        assert [(run["people"], run["entered"]) for run in runs] == [(PEOPLE, PEOPLE)]
        assert asked == dict.fromkeys(crowd, 1)
        assert stage.dead_letters() == []
        assert died, "nobody died"


def _known(profile_id: str) -> ProfileChange:
    """Scoring has heard of somebody."""
    visit = CustomerEvent(message_id=profile_id, type="page", name="Home", at=BEGIN)
    return ProfileChange(profile_id=profile_id, version=1, at=BEGIN, events=[visit])


def _asked(entries: list[Entry]) -> Counter[str]:
    rows = [one["detail"]["requests"][0] for one in entries if one["detail-type"] == "MessageRequested.v1"]
    assert len({row["send_id"] for row in rows}) == len(rows)
    return Counter(row["profile_id"] for row in rows)
