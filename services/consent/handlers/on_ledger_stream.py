"""The ledger's stream: every entry becomes a fact."""

from __future__ import annotations

from typing import Any

from services.consent.adapters.ledger_table import entry_of, recorded_at
from services.consent.bootstrap.permissions import publishing
from services.shared.aws.records import batch_failures, changes
from services.shared.observability import service_logger

logger = service_logger("consent")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Publish a batch of the table's changes; any failure repeats it whole, and nothing is skipped."""
    inserted = [change.new for change in changes(event) if change.new is not None and change.old is None]
    found = [(entry, recorded_at(item)) for item in inserted if (entry := entry_of(item)) is not None]
    recorded = {entry.entry_id: at for entry, at in found}
    counts = publishing().publish([entry for entry, _ in found], recorded)
    logger.info("ledger published", extra={"records": len(event["Records"]), **counts})
    return batch_failures([])
