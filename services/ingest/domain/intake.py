"""What waits in the intake queue: events of three doors, each with a receipt that names this acceptance of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import ValidationError

from services.ingest.domain import json_text
from services.ingest.domain.forms import events_of as events_of_form
from services.ingest.domain.history import TRAIT_KIND_OF, TraitKind
from services.ingest.domain.mapping import SourceMapping, events_of
from services.ingest.domain.preferences import SOURCE as PREFERENCE_CENTRE
from services.ingest.domain.preferences import events_of as events_of_preferences
from services.ingest.domain.sources import Schema, check
from services.ingest.domain.structure import check_structure
from services.ingest.domain.validate import (
    MAX_EVENT_BYTES,
    Call,
    Trust,
    read_timestamp,
    validate,
)
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.base import Fact
from services.shared.contracts.consent import PreferencesChanged
from services.shared.contracts.delivery import OutcomesObserved
from services.shared.contracts.ingest import FormSubmitted
from services.shared.contracts.journeys import ProfileUpdateRequested
from services.shared.errors import HalteError, Invalid, TooLarge

Door = Literal["http", "eventbridge", "feedback", "import"]

BODY_LIMIT = 200_000
"""Bytes of one queue message; SQS takes 256 KB."""


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


@dataclass(frozen=True)
class Origin:
    """Where an event comes from: `source` as registered (of an unregistered bus event: its EventBridge source), with
    its `kind` and the `region` of its phone numbers. A `trusted` one was sent by somebody who holds a secret key or an
    AWS permission; any visitor of a web page may have sent the others."""

    source: str
    door: Door
    trusted: bool = False
    kind: str = ""
    region: str = ""

    @property
    def trait_kind(self) -> TraitKind:
        """How the traits of its events are known, unless they say so themselves."""
        return TRAIT_KIND_OF.get(self.kind, "declared")


@dataclass(frozen=True)
class Arrival:
    """One event as it was accepted: `event` is its parsed JSON, or `text` where it may not be parsed. `refusal` is
    what the door already held against it, `withheld` are the traits that were left out when it was taken in before.
    `sent_at` is when the bus took it, which is when an event that says no time happened, however often it is read.
    """

    receipt: str
    origin: Origin
    received_at: datetime
    event: Any
    message_id: str
    text: str | None = None
    refusal: HalteError | None = None
    schema: Schema | None = None
    said_kind: TraitKind | None = None
    sent_at: datetime | None = None
    withheld: frozenset[str] = frozenset()

    @property
    def source(self) -> str:
        """The source's id."""
        return self.origin.source

    @property
    def door(self) -> Door:
        """Which way it came in."""
        return self.origin.door

    @property
    def trusted(self) -> bool:
        """Is contact data in it vouched for?"""
        return self.origin.trusted

    @property
    def trait_kind(self) -> TraitKind:
        """How the traits in it are known: as was said of them, else by the kind of the source."""
        return self.said_kind or self.origin.trait_kind

    def read(self) -> Call:
        """The valid call in it.

        Raises:
            HalteError: the event is refused; `code` is the reason.
        """
        if self.refusal is not None:
            raise self.refusal
        event = self.event
        size = (
            MAX_EVENT_BYTES if self.door == "http" else 0
        )  # the door has measured it, and added to it since
        if self.text is not None:
            size = _size(self.text)
            event = json_text.parse(self.text)
        call = validate(
            event,
            received_at=self.received_at,
            message_id=self.message_id,
            size=size,
            trust=Trust(self.door == "feedback", self.trusted, self.origin.region),
            sent_at=self.sent_at,
        )
        if self.schema is not None:
            check(self.schema, call)
        return call

    def raw(self) -> str:
        """The event's text as it stands, for the record of a refused one."""
        return self.text if self.text is not None else json.dumps(self.event)


def _size(text: str) -> int:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_EVENT_BYTES:
        raise TooLarge("too_large", f"event has {size} bytes, the limit is {MAX_EVENT_BYTES}")
    return size


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
        elif _is(head, OutcomesObserved):
            yield from _from_delivery(str(head["id"]), detail or "", now)
        elif _is(head, FormSubmitted):
            yield from _from_forms(detail or "")
        elif _is(head, PreferencesChanged):
            yield from _from_preferences(detail or "")
        elif _is(head, ProfileUpdateRequested):
            yield from _from_journeys(detail or "")
        elif detail is None:
            raise Unreadable("message has no detail")
        else:
            rules = rules_of(str(head["source"]))
            yield from _from_bus(head, detail, rules, now)
    except (KeyError, TypeError, ValueError, HalteError) as error:
        raise Unreadable(f"message is not an event: {type(error).__name__}") from error


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
    envelope_id, bus_source = str(head["id"]), str(head["source"])
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
        _size(detail)
        events = events_of(rules.mapping, _row(head, detail))
    except HalteError as refusal:
        yield Arrival(envelope_id, origin, now, None, message_id, text=detail, refusal=refusal)
        return
    for index, event in enumerate(events):
        receipt, own_id = f"{envelope_id}#{index}", f"{message_id}-{index}"
        yield Arrival(receipt, origin, now, event, own_id, schema=rules.schema, sent_at=sent_at)


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
    try:
        fact = OutcomesObserved.model_validate(json_text.parse(detail))
    except ValidationError as error:
        raise Unreadable("outcomes are not in their contract's form") from error
    origin = Origin(OutcomesObserved.source, "feedback", trusted=True)
    for index, event in enumerate(fact.events):
        yield Arrival(f"{envelope_id}#{index}", origin, now, event, message_id=f"eb-{envelope_id}-{index}")


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
