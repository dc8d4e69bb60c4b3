"""What freshness metrics were emitted, and whether the stacks' alarms would go off on them."""

from __future__ import annotations

import json
import math
from functools import cache
from typing import Any

from services.shared.freshness import NAMESPACE
from tests.infra.conftest import Assembly
from tests.support.templates import synthesise


@cache
def alarms() -> dict[str, dict[str, Any]]:
    """The properties of every alarm on a freshness metric, by metric; alarms on counts stand in the same namespace."""
    found = [one["Properties"] for _, _, one in Assembly(synthesise()).of_type("AWS::CloudWatch::Alarm")]
    return {
        one["MetricName"]: one
        for one in found
        if one.get("Namespace") == NAMESPACE and "ExtendedStatistic" in one
    }


def emitted(text: str) -> list[dict[str, Any]]:
    """The EMF blobs among log lines."""
    found = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [one for one in found if "_aws" in one]


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
