"""Publishes what changed in the ledger of messages."""

from __future__ import annotations

from typing import Any

from services.delivery.adapters.message_items import from_item
from services.delivery.bootstrap import reports as bootstrap
from services.shared.aws.records import batch_failures, changes
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Publish one batch; an exception has the stream deliver all of it again."""
    batch = changes(event)
    counts = bootstrap.publishing().run(
        [change.event_id for change in batch],
        [
            (from_item(change.old) if change.old else None, from_item(change.new) if change.new else None)
            for change in batch
        ],
    )
    logger.info("outcomes published", extra={"counts": dict(counts)})
    return batch_failures([])
