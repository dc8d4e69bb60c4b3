"""Tells what is asked for of events that nobody did, whenever definitions or what journeys hear change."""

from __future__ import annotations

from typing import Any

from services.scoring.adapters.definitions_table import decides
from services.scoring.bootstrap import standings as bootstrap
from services.scoring.domain.definitions.arrivals import arrivals_asked_for, order_of
from services.shared.aws.records import batch_failures, changes
from services.shared.contracts.scoring import ArrivalsAskedFor, AskedFor
from services.shared.observability import service_logger

logger = service_logger("scoring")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Of all changes in a stream batch it tells once, as it is by now; any failure raises, so that it comes again."""
    if any(decides(change) for change in changes(event)):
        definitions, publisher = bootstrap.on_definitions_stream()
        known = definitions.load()
        asked = sorted(arrivals_asked_for(known))
        publisher.publish([ArrivalsAskedFor(asked=[AskedFor(names=asked, order=order_of(known))])])
        logger.info("asked for", arrivals=asked, version=known.version)
    return batch_failures([])
