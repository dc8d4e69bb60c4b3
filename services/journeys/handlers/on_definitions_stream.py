"""The definitions table's stream: what is published becomes what scoring must listen for."""

from __future__ import annotations

from typing import Any

from services.journeys.bootstrap import publishing as bootstrap
from services.journeys.service.listen import listens
from services.shared.aws.records import Change, batch_failures, changes
from services.shared.observability import service_logger

logger = service_logger("journeys")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Publish what the journeys of a batch need; any refusal repeats the batch."""
    journeys = sorted({change.new["pk"] for change in changes(event) if change.new and _matters(change)})
    definitions, runnings, bus = bootstrap.listening()
    facts = listens(journeys, definitions, runnings)
    bus.publish(facts)
    logger.info(
        "listening published", records=len(event["Records"]), journeys=len(journeys), facts=len(facts)
    )
    return batch_failures([])


def _matters(change: Change) -> bool:
    """Is it a new version, or does a journey's state say anew which are walked?"""
    old, new = change.old or {}, change.new or {}
    return "document" in new or new.get("tellings", 0) != old.get("tellings", 0)
