"""Sends what journeys and consent request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from services.delivery.bootstrap import sending as bootstrap
from services.delivery.handlers.come_again import come_again
from services.delivery.handlers.deadline import time_left
from services.delivery.use_cases.send_messages import NotSentYet, SendMessages
from services.shared.aws.parallel import each
from services.shared.aws.records import Envelope, each_record, envelope
from services.shared.contracts.consent import ConfirmationRequested, NoticeRequested
from services.shared.contracts.journeys import MessageRequested
from services.shared.contracts.messages import MessageRequest
from services.shared.observability import service_logger

RESERVE_MS = 20_000
"""Nothing is begun when less is left: one attempt may take 13 seconds, and a claim must not be cut off."""

logger = service_logger("delivery")

_FACTS: dict[str, type[MessageRequested | ConfirmationRequested | NoticeRequested]] = {
    MessageRequested.detail_type: MessageRequested,
    ConfirmationRequested.detail_type: ConfirmationRequested,
    NoticeRequested.detail_type: NoticeRequested,
}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Carry out every request of a batch; a record fails when one of its messages must be asked for again."""
    sending = bootstrap.sending()
    go_on = time_left(context, RESERVE_MS)
    counts: Counter[str] = Counter()
    waiting: set[str] = set()

    def failed(error: Exception, message_id: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1
        if isinstance(error, NotSentYet):
            waiting.add(message_id)

    def take(record: Any) -> None:
        _take(sending, _requests(envelope(record)), go_on, counts)

    answer = each_record(event, take, failed)
    come_again((record for record in event["Records"] if record["messageId"] in waiting), logger)
    logger.info("requests carried out", extra={"counts": dict(counts)})
    return answer


def _requests(message: Envelope) -> Sequence[MessageRequest]:
    return _FACTS[message.detail_type].model_validate(message.detail).requests


def _take(
    sending: SendMessages,
    requests: Sequence[MessageRequest],
    go_on: Callable[[], bool],
    counts: Counter[str],
) -> None:
    templates, contacts, known = sending.facts(requests)

    def one(request: MessageRequest) -> str:
        if not go_on():
            raise NotSentYet("no time left")
        contact = contacts.get(request.profile_id)
        return sending.take(request, templates[request.template], contact, known.get(request.send_id))

    results = each(one, requests)
    errors = [r for r in results if isinstance(r, Exception)]
    counts.update(r for r in results if isinstance(r, str))
    counts.update({"postponed": len(errors)} if errors else {})
    if errors:
        raise errors[0]
