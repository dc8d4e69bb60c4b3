"""Freshness: the handlers emit the latencies, and the stack's alarm would fire on late ones."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import pytest

from services.ingest.profiles import freshness
from tests.infra.conftest import Assembly
from tests.integration.ingest.conftest import World
from tests.support.templates import synthesise

EVENT = {"type": "identify", "userId": "ann", "messageId": "m-1"}


@pytest.fixture(autouse=True)
def _values() -> None:
    freshness._metrics.cache_clear()


def emitted(text: str) -> list[dict[str, Any]]:
    """The EMF blobs among log lines."""
    found = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [one for one in found if "_aws" in one]


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


def fires(alarm: dict[str, Any], blobs: list[dict[str, Any]]) -> bool:
    """Would the alarm go off, if nothing but these values came for as long as it looks at?"""
    wanted = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    values: list[float] = []
    for blob in blobs:
        for one in blob["_aws"]["CloudWatchMetrics"]:
            names = {metric["Name"]: metric["Unit"] for metric in one["Metrics"]}
            dimensions = [{name: blob[name] for name in group} for group in one["Dimensions"]]
            if (
                one["Namespace"] == alarm["Namespace"]
                and wanted in dimensions
                and alarm["MetricName"] in names
            ):
                assert names[alarm["MetricName"]] == "Milliseconds"
                values += blob[alarm["MetricName"]]
    assert values, f"no value of {alarm['MetricName']} was emitted"
    assert alarm["ExtendedStatistic"] == "p95"
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    return sorted(values)[math.ceil(0.95 * len(values)) - 1] > alarm["Threshold"]


@pytest.mark.capability("004-1")
@pytest.mark.parametrize(("seconds", "late"), [(0.5, False), (120, True)])
def test_late_data_sets_off_the_alarm(
    world: World, capsys: pytest.CaptureFixture[str], seconds: float, late: bool
) -> None:
    alarms = {
        properties["Properties"]["MetricName"]: properties["Properties"]
        for _, _, properties in Assembly(synthesise("prod")).of_type("AWS::CloudWatch::Alarm")
        if properties["Properties"].get("Namespace") == freshness.NAMESPACE
    }
    assert set(alarms) == {freshness.APPLIED, freshness.TOLD}

    blobs = run(world, capsys, seconds=seconds)

    assert {name: fires(alarm, blobs) for name, alarm in alarms.items()} == dict.fromkeys(alarms, late)
    assert all(len(blob.get("_aws", {}).get("CloudWatchMetrics", [])) == 1 for blob in blobs)
    assert "ann" not in json.dumps(blobs)
