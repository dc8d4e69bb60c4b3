"""What waits in the intake queue: events of three doors, each with a receipt that names this acceptance of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import ValidationError

from services.ingest.domain import json_text
from services.ingest.domain.validate import MAX_EVENT_BYTES, Call, validate
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.delivery import OutcomesObserved
from services.shared.errors import HalteError, Invalid, TooLarge

Door = Literal["http", "eventbridge", "feedback"]

BODY_LIMIT = 200_000
"""Bytes of one queue message; SQS takes 256 KB."""


class Unreadable(ValueError):
    """A queue message is none of what the doors put there; it belongs with the dead letters."""


@dataclass(frozen=True)
class Arrival:
    """One event as it was accepted: `event` is its parsed JSON, or `text` where it may not be parsed."""

    receipt: str
    source: str
    door: Door
    received_at: datetime
    event: Any
    message_id: str
    text: str | None = None

    def read(self) -> Call:
        """The valid call in it.

        Raises:
            HalteError: the event is refused; `code` is the reason.
        """
        event = self.event
        size = 0
        if self.text is not None:
            size = len(self.text.encode("utf-8", "surrogatepass"))
            if size > MAX_EVENT_BYTES:
                raise TooLarge("too_large", f"event has {size} bytes, the limit is {MAX_EVENT_BYTES}")
            event = json_text.parse(self.text)
        return validate(
            event,
            received_at=self.received_at,
            message_id=self.message_id,
            size=size,
            names_profile=self.door == "feedback",
        )

    def raw(self) -> str:
        """The event's text as it stands, for the record of a refused one."""
        return self.text if self.text is not None else json.dumps(self.event)


def pack_http(source: str, receipt: str, received_at: datetime, events: Sequence[str]) -> list[str]:
    """Queue messages that carry the JSON texts `events` between them, as few as `BODY_LIMIT` allows."""
    portions: list[list[str]] = []
    size = BODY_LIMIT
    for text in events:
        if size + len(text) > BODY_LIMIT:
            portions.append([])
            size = 300
        portions[-1].append(text)
        size += len(text) + 1
    several = len(portions) > 1
    return [
        _http_body(source, f"{receipt}.{i}" if several else receipt, received_at, portion)
        for i, portion in enumerate(portions)
    ]


def _http_body(source: str, receipt: str, received_at: datetime, events: Sequence[str]) -> str:
    head = {"door": "http", "source": source, "received_at": to_iso(received_at), "receipt": receipt}
    return f'{json.dumps(head)[:-1]}, "events": [{",".join(events)}]}}'


def unpack(body: str, now: datetime) -> Iterator[Arrival]:
    """The events in a queue message; those from the bus count as received `now`.

    Raises:
        Unreadable: it is neither the HTTP door's nor an EventBridge event.
    """
    head_text, detail = json_text.cut_member(body, "detail")
    try:
        head = json_text.parse(head_text)
    except Invalid as error:
        raise Unreadable(error.message) from error
    if not isinstance(head, dict):
        raise Unreadable("message is not an object")
    try:
        if head.get("door") == "http":
            yield from _from_http(head)
        elif (
            head["source"] == OutcomesObserved.source and head["detail-type"] == OutcomesObserved.detail_type
        ):
            yield from _from_delivery(str(head["id"]), detail or "", now)
        elif detail is None:
            raise Unreadable("message has no detail")
        else:
            yield _from_bus(str(head["id"]), str(head["source"]), detail, now)
    except (KeyError, TypeError, ValueError, HalteError) as error:
        raise Unreadable(f"message is not an event: {type(error).__name__}") from error


def _from_http(head: dict[str, Any]) -> Iterator[Arrival]:
    received_at = from_iso(head["received_at"])
    for index, event in enumerate(head["events"]):
        receipt = f"{head['receipt']}#{index}"
        yield Arrival(receipt, str(head["source"]), "http", received_at, event, message_id=receipt)


def _from_bus(envelope_id: str, source: str, detail: str, now: datetime) -> Arrival:
    return Arrival(envelope_id, source, "eventbridge", now, None, message_id=f"eb-{envelope_id}", text=detail)


def _from_delivery(envelope_id: str, detail: str, now: datetime) -> Iterator[Arrival]:
    try:
        fact = OutcomesObserved.model_validate(json_text.parse(detail))
    except ValidationError as error:
        raise Unreadable("outcomes are not in their contract's form") from error
    for index, event in enumerate(fact.events):
        receipt = f"{envelope_id}#{index}"
        yield Arrival(
            receipt, OutcomesObserved.source, "feedback", now, event, message_id=f"eb-{envelope_id}-{index}"
        )
