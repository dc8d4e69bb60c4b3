"""Sinks: who is told of changes, of which, and how much of each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import ProfileChange, ProfilesChanged, ProfilesErased, ProfilesMerged
from services.shared.contracts.journeys import SinkCallRequested
from services.shared.errors import Invalid
from services.shared.ids import stable_id

MAX_SINKS = 50
PORTION_BYTES = 180_000
"""Of a delivery's rows. A receiver never gets a body over 256 KB, and a queue message has room for it."""

FORWARDED: Mapping[str, type[Fact]] = {
    fact.detail_type: fact for fact in (ProfilesChanged, ProfilesMerged, ProfilesErased, SinkCallRequested)
}
"""What sinks are told of; of a journey's calls the one that is named, and no other. Merges and erasures carry opaque
ids only and are never filtered: who keeps a copy of a person must hear that the person is another's double, or is to
be forgotten."""

ROWS = {
    ProfilesChanged.detail_type: "changes",
    ProfilesMerged.detail_type: "merges",
    ProfilesErased.detail_type: "erasures",
    SinkCallRequested.detail_type: "calls",
}
"""The list in each of those facts."""

SINK_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_BUS_ARN = r"^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9._/-]{1,256}$"
_Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=100)]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Filter(_Document):
    """Which changes. With neither list every change passes; else one with an event of `events` or a new value of a
    trait of `changes_of`, and of its events only those named."""

    events: _Names | None = None
    changes_of: _Names | None = None

    def takes(self, event_name: str) -> bool:
        """Does the sink get this event?"""
        return self.takes_all if self.events is None else event_name in self.events

    @property
    def takes_all(self) -> bool:
        """Is nothing filtered?"""
        return self.events is None and self.changes_of is None


class Fields(_Document):
    """How much of a change: traits and event properties by name; what is absent here goes whole."""

    traits: _Names | None = None
    properties: _Names | None = None


class _Sink(_Document):
    name: Annotated[str, Field(max_length=200)] = ""
    filter: Filter = Filter()
    fields: Fields = Fields()


class WebhookSink(_Sink):
    """An HTTPS endpoint."""

    kind: Literal["webhook"]
    url: Annotated[str, Field(min_length=1)]


class EventBridgeSink(_Sink):
    """An event bus, of this account or another that lets this one in."""

    kind: Literal["eventbridge"]
    bus_arn: Annotated[str, Field(pattern=_BUS_ARN)]


SinkDocument = Annotated[WebhookSink | EventBridgeSink, Field(discriminator="kind")]
_DOCUMENT: TypeAdapter[WebhookSink | EventBridgeSink] = TypeAdapter(SinkDocument)


def read_document(body: Any) -> WebhookSink | EventBridgeSink:
    """A sink as a marketer describes it.

    Raises:
        pydantic.ValidationError: a rule is broken.
    """
    return _DOCUMENT.validate_python(body)


def check_id(sink_id: str) -> str:
    """The id, if it is one.

    Raises:
        Invalid: `bad_sink_id`.
    """
    if not SINK_ID.fullmatch(sink_id):
        raise Invalid("bad_sink_id", "id is not 1 to 63 lower-case letters, digits, - and _")
    return sink_id


@dataclass(frozen=True)
class Sink:
    """A registered sink. `salt` makes its secret; the one before works until `previous_until`."""

    sink_id: str
    document: WebhookSink | EventBridgeSink
    created_at: datetime
    salt: str = ""
    previous_salt: str = ""
    previous_until: datetime | None = None
    revision: int = 1

    def salts(self, now: datetime) -> list[str]:
        """The salts whose secrets sign, newest first."""
        rotating = self.previous_salt and self.previous_until is not None and now < self.previous_until
        return [self.salt, self.previous_salt] if rotating else [self.salt]


@dataclass(frozen=True)
class Delivery:
    """What goes to a sink at once: rows of one fact. The id is the same for every repetition of it. What waits for a
    sink under another id than it is told under is `parked_as` that."""

    sink_id: str
    delivery_id: str
    fact: str
    at: str
    rows: tuple[Mapping[str, Any], ...]
    parked_as: str = ""

    FIELDS: ClassVar = ("sink_id", "delivery_id", "fact", "at", "rows")

    def data(self) -> dict[str, Any]:
        """The fact's own detail."""
        return {ROWS[self.fact]: list(self.rows)}

    def body(self) -> bytes:
        """A webhook's body; the same bytes at every try."""
        return _compact({"type": self.fact, "timestamp": self.at, "data": self.data()})

    def without(self, profile_ids: Iterable[str]) -> Delivery | None:
        """The delivery without what it says of these people; `None` when nothing is left."""
        gone = set(profile_ids)
        rows = tuple(row for row in self.rows if row.get("profile_id") not in gone)
        return replace(self, rows=rows) if rows else None

    def part(self, places: Iterable[str]) -> Delivery:
        """A delivery of which only the rows at these places are here: by an id of its own, or a receiver that drops
        copies would drop the whole one when it comes."""
        delivery_id = stable_id("dlv", self.delivery_id, *places)
        return replace(self, delivery_id=delivery_id, parked_as=self.delivery_id)

    def profiles(self) -> set[str]:
        """Whose traits and events are in it."""
        return {row["profile_id"] for row in self.rows if "profile_id" in row}

    def text(self) -> str:
        """As a queue message."""
        return _compact({name: getattr(self, name) for name in self.FIELDS}).decode()

    @classmethod
    def from_text(cls, text: str) -> Delivery:
        """What `text` wrote.

        Raises:
            ValueError, KeyError, TypeError: it is none.
        """
        found = json.loads(text)
        values = {name: found[name] for name in cls.FIELDS}
        return cls(**{**values, "rows": tuple(values["rows"])})


def shown_change(sink: Sink, change: ProfileChange, watched_changed: bool) -> dict[str, Any] | None:
    """A change as the sink gets it, in its contract's form; `None` when it does not.

    `watched_changed` says whether a trait of the filter's `changes_of` has a new value.
    """
    wanted, fields = sink.document.filter, sink.document.fields
    events = [event for event in change.events if wanted.takes(event.name)]
    if not wanted.takes_all and not events and not watched_changed:
        return None
    if fields.properties is not None:
        events = [e.model_copy(update={"properties": _only(e.properties, fields.properties)}) for e in events]
    traits = change.traits if fields.traits is None else _only(change.traits, fields.traits)
    return change.model_copy(update={"events": events, "traits": traits}).model_dump(mode="json")


def watched(sink: Sink, traits: Mapping[str, Any]) -> str | None:
    """The values of the traits whose change the sink waits for, as one text; `None` when it waits for none."""
    names = sink.document.filter.changes_of
    if names is None:
        return None
    return json.dumps({name: traits.get(name) for name in sorted(set(names))}, sort_keys=True)


def portions(
    sink_id: str, cause: str, fact: str, at: str, rows: Sequence[Mapping[str, Any]]
) -> Iterator[Delivery]:
    """The deliveries that carry `rows` between them. `cause` names the fact they come from: the same cause and rows
    give the same ids."""
    portion: list[Mapping[str, Any]] = []
    size = 0

    def made() -> Delivery:
        content = _compact(portion).decode()
        return Delivery(sink_id, stable_id("dlv", sink_id, cause, content), fact, at, tuple(portion))

    for row in rows:
        bytes_ = len(_compact(row)) + 1
        if portion and size + bytes_ > PORTION_BYTES:
            yield made()
            portion, size = [], 0
        portion.append(row)
        size += bytes_
    if portion:
        yield made()


def _only(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
