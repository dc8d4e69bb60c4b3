"""Takes in what journeys need to hear of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.metrics import Metrics, MetricUnit

from services.scoring.bootstrap import standings as bootstrap
from services.shared.aws.records import each_record, envelope
from services.shared.contracts.journeys import JourneyListens
from services.shared.freshness import NAMESPACE
from services.shared.observability import service_logger

UNHEARD = "Unheard"
"""Metric: watches and listeners of journeys that can't be heard. The stack's alarm goes by it."""

logger = service_logger("scoring")
metrics = Metrics(namespace=NAMESPACE, service="scoring")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Heed every request of a batch; a message that failed is retried alone, and repeated or overtaken ones change
    nothing."""
    listenings = bootstrap.on_listening()
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def heed(record: Mapping[str, Any]) -> None:
        for listening in JourneyListens.model_validate(envelope(record).detail).listening:
            heeded = listenings.heed(listening)
            counts["heeded" if heeded.new else "unchanged"] += 1
            if heeded.unheard:
                counts["unheard"] += len(heeded.unheard)
                logger.error("journey not heard", journey=listening.journey, unheard=heeded.unheard)

    answer = each_record(event, heed, failed)
    if counts["unheard"]:
        metrics.add_metric(name=UNHEARD, unit=MetricUnit.Count, value=counts["unheard"])
        metrics.flush_metrics()
    log = logger.error if answer["batchItemFailures"] else logger.info
    log("listening taken in", extra={"counts": dict(counts)})
    return answer
