"""What waits in the intake queue: events of three doors, each with a receipt that names this acceptance of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from services.ingest.domain import json_text
from services.ingest.domain.arrival import Arrival, Origin, checked_size
from services.ingest.domain.forms import events_of as events_of_form
from services.ingest.domain.loyalty import events_of_balance
from services.ingest.domain.mapping import SourceMapping, events_of
from services.ingest.domain.preferences import SOURCE as PREFERENCE_CENTRE
from services.ingest.domain.preferences import events_of as events_of_preferences
from services.ingest.domain.sources import Schema
from services.ingest.domain.structure import check_structure
from services.ingest.domain.validate import read_timestamp
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.base import Fact
from services.shared.contracts.consent import PreferencesChanged
from services.shared.contracts.delivery import OutcomesObserved
from services.shared.contracts.ingest import FirmChanged, FormSubmitted
from services.shared.contracts.journeys import ProfileUpdateRequested
from services.shared.contracts.loyalty import LoyaltyBalanceChanged
from services.shared.errors import HalteError, Invalid

BODY_LIMIT = 200_000
"""Bytes of one queue message; SQS takes 256 KB."""

MOST_OF_AN_ENVELOPE_ID = 64

FIRM = "firm"
"""The source of what a person's firm has to say."""

OWN = '{"door"'
"""How messages of our own doors begin; EventBridge writes the others."""


class Unreadable(ValueError):
    """A queue message is none of what the doors put there; it belongs with the dead letters."""


@dataclass(frozen=True)
class BusRules:
    """What a registered source says of the bus events it speaks for; `mapping` absent: they are Segment messages."""

    source_id: str
    schema: Schema
    mapping: SourceMapping | None = None
    kind: str = ""
    region: str = ""


RulesOf = Callable[[str], BusRules | None]
"""The rules of the source that speaks for an EventBridge `source`, if one does."""


def held(text: str, refusal: HalteError) -> str:
    """The JSON text of an event that goes to the lake with its reason and no further."""
    return f"{json.dumps([refusal.code, refusal.message])[:-1]}, {text}]"


def pack_http(origin: Origin, receipt: str, received_at: datetime, events: Sequence[str]) -> list[str]:
    """Queue messages that carry the JSON texts `events` between them (`held` ones among them), as few as `BODY_LIMIT`
    allows."""
    portions: list[list[str]] = []
    size = BODY_LIMIT
    for text in events:
        if size + len(text) > BODY_LIMIT:
            portions.append([])
            size = 400
        portions[-1].append(text)
        size += len(text) + 1
    several = len(portions) > 1
    return [
        _http_body(origin, f"{receipt}.{i}" if several else receipt, received_at, portion)
        for i, portion in enumerate(portions)
    ]


def _http_body(origin: Origin, receipt: str, received_at: datetime, events: Sequence[str]) -> str:
    said = {"kind": origin.kind, "region": origin.region, "trusted": origin.trusted}
    head = {
        "door": "http",
        "source": origin.source,
        **{name: value for name, value in said.items() if value},
        "received_at": to_iso(received_at),
        "receipt": receipt,
    }
    return f'{json.dumps(head)[:-1]}, "events": [{",".join(events)}]}}'


def unpack(body: str, now: datetime, rules_of: RulesOf = lambda _: None) -> Iterator[Arrival]:
    """The events in a queue message; those from the bus count as received `now`, whatever their envelope says.

    Raises:
        Unreadable: it is neither the HTTP door's nor an EventBridge event.
    """
    head, detail = _opened(body)
    try:
        if head.get("door") == "http":
            yield from _from_http(head)
        elif head.get("door") == "import":
            yield from _from_import(head)
        elif (ours := _of_ours(head, detail or "", now)) is not None:
            yield from ours
        elif detail is None:
            raise Unreadable("message has no detail")
        else:
            rules = rules_of(str(head["source"]))
            yield from _from_bus(head, detail, rules, now)
    except (KeyError, TypeError, ValueError, HalteError) as error:
        raise Unreadable(f"message is not an event: {type(error).__name__}") from error


def _of_ours(head: Mapping[str, Any], detail: str, now: datetime) -> Iterator[Arrival] | None:
    """The events in a fact that one of our services told; `None`: it is none of those."""
    if _is(head, OutcomesObserved):
        return _from_delivery(_envelope_id(head), detail, now)
    if _is(head, FirmChanged):
        return _from_firms(detail, now)
    if _is(head, FormSubmitted):
        return _from_forms(detail)
    if _is(head, PreferencesChanged):
        return _from_preferences(detail)
    if _is(head, LoyaltyBalanceChanged):
        return _from_loyalty(detail)
    return _from_journeys(detail) if _is(head, ProfileUpdateRequested) else None


def _is(head: Mapping[str, Any], fact: type[Fact]) -> bool:
    return bool(head["source"] == fact.source and head["detail-type"] == fact.detail_type)


def _opened(body: str) -> tuple[dict[str, Any], str | None]:
    """A message, and the text of a bus event's detail, which strangers wrote; what our own doors wrote they have held
    to all rules."""
    try:
        if body.startswith(OWN):
            head, detail = json.loads(body), None
        else:
            head_text, detail = json_text.cut_member(body, "detail")
            head = json_text.parse(head_text)
    except (ValueError, RecursionError, Invalid) as error:
        raise Unreadable(f"message is not JSON: {type(error).__name__}") from error
    if not isinstance(head, dict):
        raise Unreadable("message is not an object")
    return head, detail


def _from_http(head: dict[str, Any]) -> Iterator[Arrival]:
    received_at = from_iso(head["received_at"])
    origin = Origin(
        source=str(head["source"]),
        door="http",
        trusted=head.get("trusted") is True,
        kind=str(head.get("kind", "")),
        region=str(head.get("region", "")),
    )
    for index, queued in enumerate(head["events"]):
        receipt = f"{head['receipt']}#{index}"
        event, refusal = queued, None
        if isinstance(queued, list):  # held; an accepted event is an object
            code, message, event = queued
            refusal = Invalid(code, message)
        yield Arrival(receipt, origin, received_at, event, message_id=receipt, refusal=refusal)


def _from_import(head: dict[str, Any]) -> Iterator[Arrival]:
    origin = Origin(str(head["source"]), "import", True, str(head["kind"]), str(head["region"]))
    received_at = from_iso(head["received_at"])
    for receipt, event in head["events"]:
        said = head["trait_kind"]
        yield Arrival(str(receipt), origin, received_at, event, message_id=str(receipt), said_kind=said)


def _from_bus(head: dict[str, Any], detail: str, rules: BusRules | None, now: datetime) -> Iterator[Arrival]:
    envelope_id, bus_source = _envelope_id(head), str(head["source"])
    message_id = f"eb-{envelope_id}"
    sent_at = _sent_at(head, now)
    if rules is None:
        origin = Origin(bus_source, "eventbridge", trusted=True)
        yield Arrival(envelope_id, origin, now, None, message_id, text=detail, sent_at=sent_at)
        return
    origin = Origin(rules.source_id, "eventbridge", True, rules.kind, rules.region)
    if rules.mapping is None:
        schema = rules.schema
        yield Arrival(envelope_id, origin, now, None, message_id, detail, schema=schema, sent_at=sent_at)
        return
    try:
        checked_size(detail)
        events = events_of(rules.mapping, _row(head, detail))
    except HalteError as refusal:
        yield Arrival(envelope_id, origin, now, None, message_id, text=detail, refusal=refusal)
        return
    for index, event in enumerate(events):
        receipt, own_id = f"{envelope_id}#{index}", f"{message_id}-{index}"
        yield Arrival(receipt, origin, now, event, own_id, schema=rules.schema, sent_at=sent_at)


def _envelope_id(head: Mapping[str, Any]) -> str:
    """The bus's own id, a UUID: it becomes part of the ids of what is inside.

    Raises:
        Unreadable: it is something else.
    """
    match head["id"]:
        case str(given) if 0 < len(given) <= MOST_OF_AN_ENVELOPE_ID:
            return given
    raise Unreadable("message has no id of the bus")


def _sent_at(head: Mapping[str, Any], now: datetime) -> datetime | None:
    """When the bus took an event, as its envelope says; whoever puts an event may claim any time."""
    try:
        return read_timestamp(head.get("time"), now)
    except Invalid:
        return None


def _row(head: dict[str, Any], detail: str) -> dict[str, Any]:
    """A bus event as mappings see it."""
    parsed = json_text.parse(detail)
    check_structure(parsed)
    return {
        "id": head["id"],
        "source": head["source"],
        "detail_type": head.get("detail-type"),
        "time": head.get("time"),
        "detail": parsed,
    }


def _from_delivery(envelope_id: str, detail: str, now: datetime) -> Iterator[Arrival]:
    """Receipts are those of the outcomes, so that one that is told again counts once."""
    try:
        fact = OutcomesObserved.model_validate(json_text.parse(detail))
    except ValidationError as error:
        raise Unreadable("outcomes are not in their contract's form") from error
    origin = Origin(OutcomesObserved.source, "feedback", trusted=True)
    for index, event in enumerate(fact.events):
        receipt = str(event.get("messageId") or f"{envelope_id}#{index}")
        yield Arrival(receipt, origin, now, event, message_id=f"eb-{envelope_id}-{index}")


def _from_firms(detail: str, now: datetime) -> Iterator[Arrival]:
    """By ourselves, of people whose profiles we know; receipts are those of the calls, so that a fact that comes twice
    counts once."""
    origin = Origin(FIRM, "feedback", trusted=True)
    for event in FirmChanged.model_validate(json_text.parse(detail)).events:
        yield Arrival(str(event["messageId"]), origin, now, event, str(event["messageId"]))


def _from_forms(detail: str) -> Iterator[Arrival]:
    """Submissions came through a public door, by whoever saw the page; receipts are theirs, so that a fact that comes
    twice counts once."""
    for submission in FormSubmitted.model_validate(json_text.parse(detail)).submissions:
        origin = Origin(f"form:{submission.form}", "http", kind="form")
        for event in events_of_form(submission):
            yield Arrival(str(event["messageId"]), origin, submission.at, event, str(event["messageId"]))


def _from_preferences(detail: str) -> Iterator[Arrival]:
    """By whoever reads the mail of the address that names the person, as a signed link showed; receipts are those of
    the change, so that a fact that comes twice counts once."""
    for change in PreferencesChanged.model_validate(json_text.parse(detail)).changes:
        origin = Origin(PREFERENCE_CENTRE, "eventbridge", trusted=True)
        for event in events_of_preferences(change):
            yield Arrival(str(event["messageId"]), origin, change.at, event, str(event["messageId"]))


def _from_journeys(detail: str) -> Iterator[Arrival]:
    """What journeys found out about people, whom they name by profile; receipts are those of the requests, so that a
    fact that comes twice counts once."""
    for update in ProfileUpdateRequested.model_validate(json_text.parse(detail)).updates:
        origin = Origin(ProfileUpdateRequested.source, "feedback", trusted=True)
        event = {
            "type": "identify",
            "messageId": update.request_id,
            "timestamp": to_iso(update.at),
            "profileId": update.profile_id,
            "traits": dict(update.traits),
            "context": {"campaign": {"name": update.journey, "content": update.node}},
        }
        yield Arrival(update.request_id, origin, update.at, event, update.request_id, said_kind="derived")


def _from_loyalty(detail: str) -> Iterator[Arrival]:
    """A change of points as something that happened, and as traits that messages can say; receipts are those of the
    change, so that a fact that comes twice counts once."""
    origin = Origin(LoyaltyBalanceChanged.source, "feedback", trusted=True)
    for change in LoyaltyBalanceChanged.model_validate(json_text.parse(detail)).changes:
        for event in events_of_balance(change):
            receipt = str(event["messageId"])
            yield Arrival(receipt, origin, change.at, event, receipt, said_kind="derived")
