"""Publishes `ProfilesChanged.v1` from the changes of the profiles table."""

from __future__ import annotations

from typing import Any

from services.ingest import bootstrap
from services.ingest.adapters.dynamo_profiles import profile_change
from services.ingest.tell import tell
from services.shared.aws.records import batch_failures, changes
from services.shared.observability import service_logger

logger = service_logger("ingest")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A DynamoDB stream batch; it fails as a whole, so that no change is skipped or overtakes another."""
    told = [change for record in changes(event) if (change := profile_change(record))]
    facts = tell(told, bootstrap.bus())
    logger.info("profiles published", extra={"profiles": len(told), "facts": facts})
    return batch_failures([])
