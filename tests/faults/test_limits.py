"""What the doors' limits become further on: queue messages, writes, bus entries, requests to AWS (F36).

The limits of the doors themselves: tests/unit/ingest/bad_input/test_sizes.py.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.ingest.domain.arrival import Origin
from services.ingest.domain.history import Signed
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.intake import BODY_LIMIT, pack_http, unpack
from services.ingest.domain.profile import EVENT_FRAME, MAX_EVENT_BYTES, MAX_EVENTS, portions
from services.ingest.domain.validate import MAX_EVENT_BYTES as MAX_BYTES
from services.ingest.domain.validate import Call, byte_size
from services.shared.aws.bus import BATCH, DETAIL_LIMIT, REQUEST_LIMIT, _requests, pack
from services.shared.aws.dynamo import TRANSACTION_LIMIT, WRITE_BATCH, Table, transact
from services.shared.contracts.ingest import Merge, ProfilesMerged
from tests.faults.road import Road
from tests.faults.steps import call
from tests.faults.test_poison import bus
from tests.integration.ingest.conftest import World

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
SQS_LIMIT = 262_144
STEPS = pytest.mark.parametrize("step", [-1, 0, 1])


def signed(number: int, size: int = 0) -> Signed:
    """An event that counts as `size` bytes in a portion."""
    message_id = f"m-{number:06}"
    least = byte_size([message_id, "E", {"v": ""}, {}]) + EVENT_FRAME
    properties = {"v": "x" * (size - least)} if size else {}
    return Signed(
        f"r-{number}", Call(message_id, "track", "E", NOW, properties, {}, (Identifier("userId", "u"),))
    )


@STEPS
def test_events_of_a_write(step: int) -> None:
    """F36."""
    cut = list(portions(signed(n) for n in range(MAX_EVENTS + step)))
    assert [len(portion) for portion in cut] == ([MAX_EVENTS, 1] if step > 0 else [MAX_EVENTS + step])


@STEPS
def test_bytes_of_a_write(step: int) -> None:
    """F36."""
    cut = list(portions([signed(1, MAX_EVENT_BYTES // 2), signed(2, MAX_EVENT_BYTES // 2 + step)]))
    assert len(cut) == (2 if step > 0 else 1)


def padded(length: int) -> str:
    """A JSON text of that many bytes."""
    return f'{{"v":"{"x" * (length - 8)}"}}'


@STEPS
def test_bytes_of_a_queue_message(step: int) -> None:
    """F36: two events that just fit one message, or just do not; each message is well below what SQS takes."""
    (alone,) = pack_http(Origin("s", "http"), "r", NOW, ["{}"])
    frame = 401  # what is kept free for the head, and a comma
    bodies = pack_http(
        Origin("s", "http"), "r", NOW, [padded(100_000), padded(BODY_LIMIT - frame - 100_000 + step)]
    )
    assert len(alone) < frame
    assert len(bodies) == (2 if step > 0 else 1)
    assert all(len(body) <= SQS_LIMIT * 0.8 for body in bodies)
    assert len([a for body in bodies for a in unpack(body, NOW)]) == 2


@STEPS
def test_bytes_of_a_bus_event(road: Road, world: World, step: int) -> None:
    """F36: through the consumer; a byte too much is kept with its reason."""
    event = {**call("track", 1, 1, userId="u-1"), "properties": {"v": ""}}
    event["properties"]["v"] = "x" * (MAX_BYTES + step - byte_size(event))
    body = bus(1, {})
    world.enqueue(body.replace('"detail": {}', f'"detail":{json.dumps(event, separators=(",", ":"))}'))
    road.settle(world.take())
    (line,) = world.lake()
    assert (line["disposition"], line["reason"]) == (
        ("rejected", "too_large") if step > 0 else ("applied", "")
    )


@STEPS
def test_bytes_of_a_fact(step: int) -> None:
    """F36: as many rows as fit one entry of the bus, and not a byte more."""

    def fact(rows: list[Merge]) -> ProfilesMerged:
        return ProfilesMerged(merges=rows)

    rows = [Merge(loser="prf_1", winner="prf_2", at=NOW) for _ in range(10)]
    size = len(fact(rows).model_dump_json(exclude_none=True).encode())
    packed = pack(rows, fact, limit=size - step)
    assert len(packed) == (2 if step > 0 else 1)
    assert sum(len(one.model_dump()["merges"]) for one in packed) == 10
    assert DETAIL_LIMIT < REQUEST_LIMIT < SQS_LIMIT


@STEPS
def test_entries_of_a_request_to_the_bus(step: int) -> None:
    """F36: by number, and by bytes together."""
    entry = {"Detail": "x"}
    assert [len(batch) for batch in _requests([entry] * (BATCH + step))] == (
        [BATCH, 1] if step > 0 else [BATCH + step]
    )
    half = REQUEST_LIMIT // 2
    halves: list[dict[str, Any]] = [
        {"Detail": "x" * half},
        {"Detail": "é" * (half // 2 - 1) + "x" * (2 + step)},
    ]
    assert len(list(_requests(halves))) == (2 if step > 0 else 1)


@STEPS
def test_items_of_a_request_to_dynamodb(road: Road, world: World, step: int) -> None:
    """F36: reads and writes in batches go in as many requests as they need; a transaction is refused whole."""
    table = Table("ProfileParts")
    items = [{"profile_id": "p", "part": f"{n}"} for n in range(100 + step)]
    with road.wire.watched(), road.wire.life():
        table.put_many(items[: WRITE_BATCH + step])
        writes = len(road.wire.calls)
        table.put_many(items[WRITE_BATCH + step :])
        before = len(road.wire.calls)
        assert len(table.get_many(items, consistent=True)) == 100 + step
    assert writes == (2 if step > 0 else 1)
    assert len(road.wire.calls) - before == (2 if step > 0 else 1)
    ops = [table.put_op({"profile_id": "q", "part": f"{n}"}) for n in range(TRANSACTION_LIMIT + step)]
    if step > 0:
        with pytest.raises(ClientError):
            transact(ops)
    else:
        transact(ops)
