"""Freshness: the handlers emit the latencies, and the stack's alarm would fire on late ones."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from services.shared import freshness
from services.shared.freshness import APPLIED, TOLD
from tests.integration.ingest.conftest import World
from tests.support.freshness import alarms, emitted, fires

EVENT = {"type": "identify", "userId": "ann", "messageId": "m-1"}


@pytest.fixture(autouse=True)
def _values() -> None:
    freshness._metrics.cache_clear()


def run(world: World, capsys: pytest.CaptureFixture[str], *, seconds: float) -> list[dict[str, Any]]:
    """One event that waited so long in the queue, and whose change waited as long in the stream."""
    world.post("/v1/batch", {"batch": [EVENT]})
    sent = str(round((time.time() - seconds) * 1000))
    records = [{**record, "attributes": {"SentTimestamp": sent}} for record in world.take()]
    assert world.consume(records) == set()
    stream = world.stream_records()
    for record in stream:
        record["dynamodb"]["ApproximateCreationDateTime"] = time.time() - seconds
    from services.ingest.handlers import on_profiles_stream

    on_profiles_stream.handler({"Records": stream}, None)
    return emitted(capsys.readouterr().out)


@pytest.mark.capability("004-1")
@pytest.mark.parametrize(("seconds", "late"), [(0.5, False), (120, True)])
def test_late_data_sets_off_the_alarm(
    world: World, capsys: pytest.CaptureFixture[str], seconds: float, late: bool
) -> None:
    own = {name: alarms()[name] for name in (APPLIED, TOLD)}

    blobs = run(world, capsys, seconds=seconds)

    assert {name: fires(alarm, blobs) for name, alarm in own.items()} == dict.fromkeys(own, late)
    assert all(len(blob.get("_aws", {}).get("CloudWatchMetrics", [])) == 1 for blob in blobs)
    assert "ann" not in json.dumps(blobs)
