"""Long histories that change hands: told in portions, none twice to whoever counts versions, none lost in a crash."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.ingest.handlers import on_profiles_stream
from services.shared.aws.bus import Bus
from services.shared.aws.clients import client
from services.shared.clock import to_iso
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import ProfileChange, ProfilesChanged
from tests.integration.ingest.conftest import World
from tests.integration.ingest.test_identity import Listener

BEGIN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
VISITS = 22


def visit(number: int, **who: Any) -> dict[str, Any]:
    at = to_iso(BEGIN + timedelta(minutes=number))
    return {"type": "page", "name": f"Page {number}", "messageId": f"m-{number}", "timestamp": at, **who}


def send(world: World, *events: dict[str, Any]) -> None:
    assert world.post("/v1/batch", {"batch": list(events)})[0] == 200
    assert world.consume() == set()


@pytest.fixture
def visitor(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[World, Listener]:
    """Ann, and a visitor whose visits came one by one."""
    monkeypatch.setattr("services.ingest.profiles.tell.TELL_EVENTS", 7)
    listener = Listener()
    send(world, visit(0, userId="ann"))
    for number in range(1, VISITS):
        send(world, visit(number, anonymousId="phone"))
    listener.hear(world)
    return world, listener


def merge(world: World) -> None:
    send(world, visit(VISITS, userId="ann", anonymousId="phone"))


def test_a_long_history_is_told_in_portions_oldest_first(visitor: tuple[World, Listener]) -> None:
    world, listener = visitor
    portions: list[list[ProfileChange]] = []
    publish = Bus.publish

    def noting(self: Bus, facts: Iterable[Fact]) -> None:
        facts = list(facts)
        portions.append([c for f in facts if isinstance(f, ProfilesChanged) for c in f.changes])
        publish(self, facts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bus, "publish", noting)
        merge(world)
        listener.hear(world)

    again = [portion for portion in portions if portion and portion[0].told_before]
    assert [sum(len(c.events) for c in portion) for portion in again] == [7, 7, 7]
    versions = [c.version for portion in again for c in portion]
    assert versions == sorted(set(versions))
    assert list(listener.counts().values()) == [VISITS + 1]


@pytest.mark.parametrize("fails_at", [1, 2, 4])
def test_a_crash_between_two_portions_loses_nothing_and_counts_nothing_twice(
    visitor: tuple[World, Listener], monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    """F5, F1: the stream hands the same batch over again."""
    world, listener = visitor
    merge(world)
    records = {"Records": world.stream_records()}
    calls = iter(range(1, 100))
    publish = Bus.publish

    def failing(self: Bus, facts: Iterable[Fact]) -> None:
        if next(calls) == fails_at:
            raise ConnectionError
        publish(self, facts)

    monkeypatch.setattr(Bus, "publish", failing)
    with pytest.raises(ConnectionError):
        on_profiles_stream.handler(records, None)
    assert on_profiles_stream.handler(records, None) == {"batchItemFailures": []}

    listener.hear(world)

    assert list(listener.counts().values()) == [VISITS + 1]


def test_an_un_merge_clears_a_long_tale_away_in_batches(visitor: tuple[World, Listener]) -> None:
    world, listener = visitor
    merge(world)
    listener.hear(world)
    ann = world.admin("GET", "/profiles/ann")[1]["profile_id"]
    asked: list[str] = []
    client("dynamodb").meta.events.register(
        "before-call.dynamodb", lambda model, **_: asked.append(model.name)
    )

    status, _ = world.review("POST", f"/profiles/{ann}/splits", {"identifiers": ["anonymousId:phone"]})
    listener.hear(world)

    assert status == 200
    assert sorted(listener.counts().values()) == [2, VISITS - 1]
    parts = client("dynamodb").scan(TableName="ProfileParts")["Items"]
    assert sum(item["part"]["S"].startswith("event#") for item in parts) < VISITS
    assert asked.count("DeleteItem") <= 2  # of traits, not of chunks
