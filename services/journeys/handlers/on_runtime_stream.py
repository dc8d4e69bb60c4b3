"""The runtime table's stream: what happened to walks becomes facts on the bus."""

from __future__ import annotations

from typing import Any

from services.journeys.adapters.items import is_enrolment, is_refusal, read_enrolment, read_refusal
from services.journeys.bootstrap import walking as bootstrap
from services.journeys.service.announce import announce
from services.shared.aws.records import batch_failures, changes
from services.shared.contracts.journeys import JourneyEntered
from services.shared.freshness import ENTERED, note_since
from services.shared.observability import service_logger

logger = service_logger("journeys")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Publish the facts of a batch of changes; any refusal repeats the batch."""
    written = [(change.old, change.new) for change in changes(event) if change.new]
    steps = [
        (read_enrolment(old) if old else None, read_enrolment(new))
        for old, new in written
        if is_enrolment(new)
    ]
    refusals = [read_refusal(new) for _, new in written if is_refusal(new)]
    definitions, bus = bootstrap.announcing()
    facts = announce(steps, refusals, definitions, bootstrap.propositions().all)
    bus.publish(facts)
    bootstrap.counting().count(steps)
    bootstrap.reporting().count(steps)
    entered = [row for fact in facts if isinstance(fact, JourneyEntered) for row in fact.enrolments]
    note_since("journeys", ENTERED, [row.accepted_at for row in entered])
    logger.info("changes published", records=len(event["Records"]), walks=len(steps), facts=len(facts))
    return batch_failures([])
