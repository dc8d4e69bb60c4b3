"""Publishes `LoyaltyBalanceChanged.v1` from writes of accounts: the table's stream is the outbox."""

from __future__ import annotations

from typing import Any

from services.scoring.adapters.loyalty_table import told_by
from services.scoring.bootstrap import loyalty as bootstrap
from services.shared.aws.bus import pack
from services.shared.aws.records import batch_failures, changes
from services.shared.contracts.loyalty import LoyaltyBalanceChanged
from services.shared.observability import service_logger

logger = service_logger("scoring")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Publish a stream batch; any failure raises, so that the batch is retried and nothing is skipped."""
    told = [one for change in changes(event) if (one := told_by(change.old, change.new))]
    facts = pack(told, lambda rows: LoyaltyBalanceChanged(changes=rows))
    if facts:
        bootstrap.publisher().publish(facts)
    logger.info("balances published", records=len(event["Records"]), balances=len(told), facts=len(facts))
    return batch_failures([])
