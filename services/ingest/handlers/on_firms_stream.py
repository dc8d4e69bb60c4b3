"""Publishes `FirmChanged.v1`, from the changes of the firms table: what members learn of their firm."""

from __future__ import annotations

from typing import Any

from services.ingest.adapters.dynamo_firms import read_change
from services.ingest.bootstrap.firms import spreading
from services.shared.aws.records import batch_failures, changes
from services.shared.observability import service_logger

logger = service_logger("ingest")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A DynamoDB stream batch; it fails as a whole, and telling again is harmless. A firm that changed several times
    is told once, as it is now."""
    found = dict.fromkeys(one for change in changes(event) if (one := read_change(change)))
    told = 0
    for firm_id, member in found:
        told += spreading().joined(firm_id, member) if member else spreading().changed(firm_id)
    logger.info("firms told", extra={"changes": len(found), "members": told})
    return batch_failures([])
