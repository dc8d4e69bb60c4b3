"""Takes in what consent says of addresses, and judges the people who have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from services.scoring.bootstrap import standings as bootstrap
from services.shared.aws.records import each_record, envelope
from services.shared.contracts.consent import ConsentChanged
from services.shared.observability import service_logger

logger = service_logger("scoring")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Keep every permission of a batch and judge whom it concerns; a message that failed is retried alone, and
    repeated or overtaken ones change nothing."""
    scoring, consents = bootstrap.on_consent_changed()
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def take_in(record: Mapping[str, Any]) -> None:
        changes = ConsentChanged.model_validate(envelope(record).detail).changes
        consents.record(changes)
        # After the permissions are kept: who links an address later than that, reads them.
        outcome = scoring.permit(consents.profiles({change.address_key for change in changes}))
        for error in outcome.failed.values():
            raise error
        counts["permissions"] += len(changes)
        counts["written"] += outcome.written
        counts["unchanged"] += outcome.unchanged

    answer = each_record(event, take_in, failed)
    log = logger.error if answer["batchItemFailures"] else logger.info
    log("permissions taken in", extra={"counts": dict(counts)})
    return answer
