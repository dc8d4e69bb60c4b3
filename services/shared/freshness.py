"""Freshness: how long it takes until customer data is where it is acted on, as metrics in milliseconds of real time
(whatever clock a stage has), with no dimension but the service.

The clock starts when an event is durably queued; that moment travels with what the event leads to, as `accepted_at`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache

from aws_lambda_powertools.metrics import Metrics, MetricUnit

NAMESPACE = "Halte"

APPLIED = "ReceivedToApplied"
"""Until the event's effect on a profile is stored (ingest)."""

TOLD = "AppliedToTold"
"""From there until the change is on the bus (ingest)."""

SEGMENT = "ReceivedToSegment"
"""Until the segments that its profile enters or leaves are on the bus (scoring)."""

ENTERED = "ReceivedToEntered"
"""Until the journey that its profile enters has begun, and that is on the bus (journeys)."""

COPIED = "RecordedToCopied"
"""From a permission's entry in the ledger until delivery claims by it."""

WITHIN_SECONDS: Mapping[str, int] = {APPLIED: 30, TOLD: 30, SEGMENT: 60, ENTERED: 90, COPIED: 5}
"""The objective: what nineteen of twenty take at most. The stacks' alarms go by it."""


@cache
def _metrics(service: str) -> Metrics:
    return Metrics(namespace=NAMESPACE, service=service)


def note(service: str, name: str, milliseconds: Iterable[float]) -> None:
    """Emit values of a metric; none at all emits nothing."""
    values = list(milliseconds)
    if not values:
        return
    metrics = _metrics(service)
    for value in values:
        metrics.add_metric(name=name, unit=MetricUnit.Milliseconds, value=max(round(value), 0))
    metrics.flush_metrics()


def note_since(
    service: str, name: str, accepted: Iterable[datetime | None], now: Callable[[], float] = time.time
) -> None:
    """Of things that happened just now, how long ago the events behind them were accepted; `None` counts for
    nothing: time alone did it, or a history was told again."""
    note(service, name, [(now() - at.timestamp()) * 1000 for at in accepted if at])
