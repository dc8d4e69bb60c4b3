"""A scheduled pass: begins the runs whose moment has come, sees to those under way, and fills free places."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import Metrics, MetricUnit

from services.journeys.bootstrap import campaigns as bootstrap
from services.journeys.domain.portfolio import MISSING
from services.shared.freshness import NAMESPACE
from services.shared.observability import service_logger

logger = service_logger("journeys")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One pass."""
    counts = dict(bootstrap.occasions().sweep())
    portfolio = bootstrap.settling().settle()
    if portfolio.revision:
        metrics = Metrics(namespace=NAMESPACE, service="journeys")
        metrics.add_metric(name=MISSING, unit=MetricUnit.Count, value=portfolio.missing)
        metrics.flush_metrics()
    logger.info("occasions seen to", counts=counts, seats=len(portfolio.seats), queue=len(portfolio.queue))
    return counts
