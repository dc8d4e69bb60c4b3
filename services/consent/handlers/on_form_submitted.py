"""Permissions that were ticked on forms which ingest took: each becomes a request to confirm."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.consent.bootstrap.permissions import form_asking
from services.consent.domain.asks import Ask
from services.consent.domain.evidence import Origin
from services.shared.aws.records import each_record, envelope
from services.shared.contracts.ingest import FormConsent, FormSubmission, FormSubmitted
from services.shared.errors import Invalid
from services.shared.ids import stable_id
from services.shared.observability import service_logger

logger = service_logger("consent")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Record every request of a batch; one that is refused (a purpose or text that is no more, an address that can't
    receive mail) would be refused again, so it is counted and let go."""
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def take(record: Any) -> None:
        for submission in FormSubmitted.model_validate(envelope(record).detail).submissions:
            for consent in submission.consents:
                counts[_request(submission, consent)] += 1

    answer = each_record(event, take, failed)
    logger.info("forms taken", extra={"records": len(event["Records"]), "counts": dict(counts)})
    return answer


def _request(submission: FormSubmission, consent: FormConsent) -> str:
    origin = Origin(submission.ip, submission.user_agent, submission.locale, submission.page)
    request_id = stable_id("req", submission.submission_id, consent.purpose, consent.channel)
    try:
        return form_asking().request(_ask(submission, consent), origin, request_id=request_id)
    except Invalid as refused:
        return refused.code


def _ask(submission: FormSubmission, consent: FormConsent) -> Ask:
    """`form` of the evidence names the form and its version, as in `exit-popup@2`."""
    return Ask.model_validate(
        {**consent.model_dump(), "form": f"{submission.form}@{submission.form_version}"}
    )
