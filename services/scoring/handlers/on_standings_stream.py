"""Publishes what writes of standings changed: the table's stream is the outbox."""

from __future__ import annotations

from typing import Any

from services.scoring import bootstrap, outbox
from services.scoring.adapters.standings_table import from_item
from services.shared.aws.records import batch_failures, changes
from services.shared.freshness import SEGMENT, note_since
from services.shared.observability import service_logger

logger = service_logger("scoring")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Publish a stream batch; any failure raises, so that the batch is retried and nothing is skipped."""
    written = [from_item(change.new) for change in changes(event) if change.new and "changes" in change.new]
    published = outbox.publish(written, bootstrap.publisher())
    note_since("scoring", SEGMENT, [standing.accepted_at for standing in written if standing.moved])
    logger.info("standings published", records=len(event["Records"]), standings=len(written), facts=published)
    return batch_failures([])
