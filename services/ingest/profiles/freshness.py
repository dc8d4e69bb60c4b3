"""Ingest's two latencies, from the records that Lambda was given."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.shared.freshness import APPLIED, TOLD, note

SERVICE = "ingest"


def queued_at(record: Mapping[str, Any]) -> int:
    """When an SQS record was durably queued, in milliseconds since the epoch; 0: it does not say."""
    return int(record.get("attributes", {}).get("SentTimestamp", 0))


def note_applied(records: Iterable[Mapping[str, Any]], now: Callable[[], float] = time.time) -> None:
    """Of SQS records that were worked off: one value each."""
    sent = (queued_at(record) for record in records)
    note(SERVICE, APPLIED, [now() * 1000 - at for at in sent if at])


def note_told(records: Iterable[Mapping[str, Any]], now: Callable[[], float] = time.time) -> None:
    """Of stream records whose changes were published: one value each, to the second (DynamoDB gives no more)."""
    written = (record["dynamodb"].get("ApproximateCreationDateTime") for record in records)
    note(SERVICE, TOLD, [(now() - float(at)) * 1000 for at in written if at])
