"""An event as it came in, by whichever door, and the valid call that is in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from services.ingest.domain import json_text
from services.ingest.domain.history import TRAIT_KIND_OF, TraitKind
from services.ingest.domain.sources import Schema, check
from services.ingest.domain.validate import MAX_EVENT_BYTES, Call, Trust, validate
from services.shared.errors import HalteError, TooLarge

Door = Literal["http", "eventbridge", "feedback", "import"]

FEEDBACK: Door = "feedback"
"""The door of our own services."""


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
        # The HTTP door has measured it, and added to it since.
        size = MAX_EVENT_BYTES if self.door == "http" else 0
        if self.text is not None:
            size = checked_size(self.text)
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


def checked_size(text: str) -> int:
    """The bytes of an event's JSON text.

    Raises:
        TooLarge: an event may not have so many.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_EVENT_BYTES:
        raise TooLarge("too_large", f"event has {size} bytes, the limit is {MAX_EVENT_BYTES}")
    return size
