"""The analyses over a stage's lake: whose events are whose today."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from halte import __main__ as command
from halte.analysis import reading
from halte.analysis.happenings import of_lake
from halte.stores import Place, Tables, UnknownStage
from services.ingest.domain.happenings import Happening
from tests.integration.ingest.conftest import World

LIVE = Place(Tables("Identities", "Profiles", "ProfileParts"), "halte-lake", "no-secret")


@pytest.fixture(autouse=True)
def _stage(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(stage: str) -> Place:
        if stage != "test":
            raise UnknownStage(f"halte-{stage}-ingest: there is none")
        return LIVE

    monkeypatch.setattr(reading, "find", found)


def send(world: World, *messages: dict[str, object]) -> None:
    for message in messages:
        kind = str(message.pop("type"))
        world.post(f"/v1/{kind}", message)
    world.consume()
    world.publish()


def track(message: str, name: str, day: int, revenue: float | None = None, **who: str) -> dict[str, object]:
    at = f"2026-01-{day:02}T12:00:00Z"
    properties = {} if revenue is None else {"revenue": revenue}
    return {
        "type": "track",
        "messageId": message,
        "event": name,
        "timestamp": at,
        "properties": properties,
        **who,
    }


def test_events_of_an_absorbed_profile_are_the_winners(world: World) -> None:
    send(world, track("m1", "Product Viewed", 1, anonymousId="a-1"))
    send(
        world,
        track("m2", "Order Completed", 3, 12.5, userId="u-1"),
        track("m3", "Page Left", 2, userId="u-2"),
    )
    send(world, {"type": "identify", "messageId": "m4", "userId": "u-1", "anonymousId": "a-1", "traits": {}})
    person = world.admin("GET", "/profiles/u-1")[1]["profile_id"]
    seen: list[int] = []

    found = [one for one in of_lake(LIVE, seen.append) if one.name != "identify"]

    assert sum(seen) == 4
    assert sorted((one for one in found if one.person == person), key=lambda one: one.at) == [
        Happening(person, datetime(2026, 1, 1, 12, tzinfo=UTC), "Product Viewed"),
        Happening(person, datetime(2026, 1, 3, 12, tzinfo=UTC), "Order Completed", 12.5),
    ]
    assert len({one.person for one in found}) == 2


def test_threshold_reads_the_lake_of_a_stage(world: World) -> None:
    for n in range(6):
        user = f"u-{n}"
        for k in range(n):
            world.post("/v1/track", track(f"s{n}{k}", "Simulation Run", 1 + k, userId=user))
        world.post("/v1/track", track(f"v{n}", "Visited", 1, userId=user))
        if n > 2:
            world.post("/v1/track", track(f"g{n}", "Appointment Made", 10, userId=user))
    world.consume()
    world.publish()
    shown = io.StringIO()

    code = command.main(
        [
            *["threshold", "--stage", "test", "--least", "1", "--days", "30"],
            "--goal",
            "Appointment Made",
            "--event",
            "Simulation Run",
        ],
        Console(file=shown, width=200),
    )

    assert code == 0
    assert "6 people, 6 of them comparable, 3 reached the goal" in shown.getvalue()


def test_an_unknown_stage_is_said_in_a_line() -> None:
    shown = io.StringIO()

    code = command.main(["relevance", "--stage", "none", "--goal", "x"], Console(file=shown, width=200))

    assert (code, "halte-none-ingest" in shown.getvalue()) == (2, True)
