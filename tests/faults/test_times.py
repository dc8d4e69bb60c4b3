"""Events that are late or early, clocks that are wrong, and hours that clocks repeat or skip (F34)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.ingest.bootstrap import profiles as bootstrap
from services.ingest.handlers import api
from services.shared.clock import to_iso
from tests.faults.road import Road
from tests.faults.steps import NOW, Step, call
from tests.integration.ingest.conftest import WRITE_KEY, World, request


def at(number: int, text: str, **fields: Any) -> dict[str, Any]:
    return {**call("track", number, 0, userId="u-1"), "timestamp": text, **fields}


def moments(world: World) -> dict[str, datetime]:
    """When the person's events happened."""
    profile_id = world.admin("GET", "/profiles/u-1")[1]["profile_id"]
    profile = bootstrap.profiles().load([profile_id])[profile_id]
    page = bootstrap.timeline().read(profile.strips())
    times = [one.call.at for one in page.events]
    assert times == sorted(times, reverse=True)
    return {one.call.message_id: one.call.at for one in page.events}


CLOCK_CHANGES = {
    "m1": ("2025-03-30T01:59:59+01:00", "2025-03-30T00:59:59Z"),
    "m2": ("2025-03-30T02:30:00+01:00", "2025-03-30T01:30:00Z"),  # an hour that no clock there showed
    "m3": ("2025-03-30T03:30:00+02:00", "2025-03-30T01:30:00Z"),  # the same moment
    "m4": ("2025-10-26T02:30:00+02:00", "2025-10-26T00:30:00Z"),  # this hour comes twice
    "m5": ("2025-10-26T02:30:00+01:00", "2025-10-26T01:30:00Z"),
}


@pytest.mark.parametrize("turn", range(3))
def test_hours_that_clocks_skip_or_repeat_are_told_apart(road: Road, world: World, turn: int) -> None:
    """F34: in any order of arrival the timeline is that of the moments."""
    events = [at(int(name[1:]), text) for name, (text, _) in CLOCK_CHANGES.items()]
    for one in events[turn:] + events[:turn]:
        road.walk(Step("one", [one]))
    assert {name: to_iso(when) for name, when in moments(world).items()} == {
        name: to_iso(datetime.fromisoformat(text)) for name, (_, text) in CLOCK_CHANGES.items()
    }


def test_events_of_long_ago_and_of_tomorrow(road: Road, world: World) -> None:
    """F34: weeks late they take their place in the past and overrule nothing newer; from the future, a day at most."""
    new, old = {"plan": "new"}, {"plan": "old", "city": "Gent"}
    early, too_early = NOW + timedelta(hours=24), NOW + timedelta(hours=24, milliseconds=1)
    road.walk(Step("now", [{**at(1, to_iso(NOW)), "type": "identify", "traits": new}]))
    road.walk(Step("late", [{**at(2, to_iso(NOW - timedelta(days=200))), "type": "identify", "traits": old}]))
    said = world.post(
        "/v1/batch", {"batch": [at(3, to_iso(early)), at(4, to_iso(too_early)), at(5, "10/01/2026")]}
    )
    assert [(one["index"], one["code"]) for one in said[1]["rejected"]] == [
        (1, "bad_timestamp"),
        (2, "bad_timestamp"),
    ]
    road.settle(world.take())
    traits = next(iter(road.state()["people"].values()))["traits"]
    assert {name: value[0] for name, value in traits.items()} == {"plan": "new", "city": "Gent"}
    assert list(moments(world)) == ["m3", "m1", "m2"]


@pytest.mark.parametrize(
    "wrong", [timedelta(days=-400), timedelta(hours=-5), timedelta(hours=3), timedelta(days=400)]
)
def test_a_client_whose_clock_is_wrong(road: Road, world: World, wrong: timedelta) -> None:
    """F34: what it sent five minutes after it happened happened five minutes ago."""
    sent = NOW + wrong
    event = at(1, to_iso(sent - timedelta(minutes=5)))
    body = {"batch": [event], "sentAt": to_iso(sent), "writeKey": WRITE_KEY}
    asked = request("POST", "/v1/batch", json.dumps(body).encode(), {})
    asked["requestContext"]["timeEpoch"] = int(NOW.timestamp() * 1000)
    assert api.handler(asked, None)["statusCode"] == 200
    road.settle(world.take())
    assert moments(world) == {"m1": NOW - timedelta(minutes=5)}
