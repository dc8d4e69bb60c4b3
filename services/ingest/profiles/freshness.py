"""How fresh what others are told is: two latencies as metrics, in milliseconds, with no dimension but the service.

`ReceivedToApplied`: from the moment an event was durably queued to that of its effect on a profile being stored;
`AppliedToTold`: from there to that of the change being on the bus. Both are of real time, whatever clock a stage has.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.metrics import Metrics, MetricUnit

NAMESPACE = "Halte"
APPLIED, TOLD = "ReceivedToApplied", "AppliedToTold"


@cache
def _metrics() -> Metrics:
    return Metrics(namespace=NAMESPACE, service="ingest")


def note_applied(records: Iterable[Mapping[str, Any]], now: Callable[[], float] = time.time) -> None:
    """Of SQS records that were worked off: one value each."""
    sent = (record.get("attributes", {}).get("SentTimestamp") for record in records)
    _note(APPLIED, [now() * 1000 - float(at) for at in sent if at])


def note_told(records: Iterable[Mapping[str, Any]], now: Callable[[], float] = time.time) -> None:
    """Of stream records whose changes were published: one value each, to the second (DynamoDB gives no more)."""
    written = (record["dynamodb"].get("ApproximateCreationDateTime") for record in records)
    _note(TOLD, [(now() - float(at)) * 1000 for at in written if at])


def _note(name: str, milliseconds: list[float]) -> None:
    if not milliseconds:
        return
    metrics = _metrics()
    for value in milliseconds:
        metrics.add_metric(name=name, unit=MetricUnit.Milliseconds, value=max(round(value), 0))
    metrics.flush_metrics()
