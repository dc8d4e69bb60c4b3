"""The runtime table's stream: what happened to walks becomes facts on the bus."""

from __future__ import annotations

from typing import Any

from services.journeys import bootstrap
from services.journeys.adapters.items import is_enrolment, read_enrolment
from services.journeys.service.announce import announce
from services.shared.aws.records import batch_failures, changes
from services.shared.contracts.journeys import JourneyEntered
from services.shared.freshness import ENTERED, note_since
from services.shared.observability import service_logger

logger = service_logger("journeys")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Publish the facts of a batch of changes; any refusal repeats the batch."""
    steps = [
        (read_enrolment(change.old) if change.old else None, read_enrolment(change.new))
        for change in changes(event)
        if change.new and is_enrolment(change.new)
    ]
    definitions, bus = bootstrap.announcing()
    facts = announce(steps, definitions)
    bus.publish(facts)
    entered = [row for fact in facts if isinstance(fact, JourneyEntered) for row in fact.enrolments]
    note_since("journeys", ENTERED, [row.accepted_at for row in entered])
    logger.info("changes published", records=len(event["Records"]), walks=len(steps), facts=len(facts))
    return batch_failures([])
