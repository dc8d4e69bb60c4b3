"""Publishes `AttributesChanged.v1`, from the changes of the registry of attributes."""

from __future__ import annotations

from typing import Any

from services.ingest.adapters.dynamo_attributes import is_registry, read_rules
from services.ingest.bootstrap import doors as bootstrap
from services.shared.aws.records import batch_failures, changes
from services.shared.clock import from_iso
from services.shared.contracts.ingest import AttributeRegistry, AttributesChanged
from services.shared.observability import service_logger

logger = service_logger("ingest")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A DynamoDB stream batch: only its newest registry is told; a failure repeats the batch."""
    states = [one.new for one in changes(event) if one.new and is_registry(one.new)]
    if states:
        rules, at = read_rules(states[-1]), from_iso(states[-1]["at"])
        registry = AttributeRegistry(
            policy=rules.policy, names=list(rules.known()), version=rules.version, at=at
        )
        bootstrap.attribute_publisher().publish([AttributesChanged(changes=[registry])])
    logger.info("attributes published", extra={"records": len(event["Records"]), "told": bool(states)})
    return batch_failures([])
