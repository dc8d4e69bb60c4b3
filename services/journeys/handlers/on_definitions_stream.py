"""The definitions table's stream: what is published becomes what scoring must listen for."""

from __future__ import annotations

from typing import Any

from services.journeys import bootstrap
from services.journeys.service.listen import listens
from services.shared.aws.records import batch_failures, changes
from services.shared.observability import service_logger

logger = service_logger("journeys")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Publish what the journeys of a batch need; any refusal repeats the batch."""
    written = [change.new for change in changes(event) if change.new and "document" in change.new]
    journeys = sorted({item["pk"] for item in written})
    definitions, bus = bootstrap.listening()
    facts = listens(journeys, definitions)
    bus.publish(facts)
    logger.info(
        "listening published", records=len(event["Records"]), journeys=len(journeys), facts=len(facts)
    )
    return batch_failures([])
