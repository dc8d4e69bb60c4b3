"""Publishes what stopped and what goes on."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import Metrics, MetricUnit

from services.delivery.bootstrap import pressure as bootstrap
from services.shared.aws.records import batch_failures, changes
from services.shared.freshness import NAMESPACE
from services.shared.observability import service_logger

STOPPED = "SendingStopped"
"""The metric on which the stack alarms."""

logger = service_logger("delivery")
metrics = Metrics(namespace=NAMESPACE, service="delivery")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Publish one batch; an exception has the stream deliver all of it again."""
    counts = bootstrap.publishing_pauses().run([(change.old, change.new) for change in changes(event)])
    if counts["paused"]:
        metrics.add_metric(name=STOPPED, unit=MetricUnit.Count, value=counts["paused"])
        metrics.flush_metrics()
        logger.warning("sending paused", extra={"counts": dict(counts)})
    return batch_failures([])
