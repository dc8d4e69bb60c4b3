"""Alarms on customer data that comes too late to be acted on."""

from __future__ import annotations

from infra.constructs.alarms import measured, raise_alarm
from infra.constructs.service_stack import ServiceStack
from services.shared.freshness import WITHIN_SECONDS


def watch_freshness(stack: ServiceStack, *metrics: str) -> None:
    """Late data misses the moment: an alarm for each of these latencies of the stack's service, on the slowest
    twentieth, over a quarter of an hour."""
    for name in metrics:
        raise_alarm(
            stack,
            f"Late{name}",
            stack.alarms,
            measured(stack.service, name, "p95", minutes=5),
            threshold=WITHIN_SECONDS[name] * 1000,
            beyond=True,
            periods=3,
            says="Customer data is not on time where it is acted on.",
        )
