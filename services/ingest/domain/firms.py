"""Firms: what is known of one, whoever of its people told it, and what its people are told of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Any

from services.shared.clock import to_iso
from services.shared.contracts.ingest import CustomerEvent
from services.shared.records import GROUP, contributions

NEWS = "~firm-"
"""How ids of messages to members begin: what a firm's people are told, they do not tell of it again."""

MOST_FIELDS = 100
"""Attributes that a firm keeps, those that were told last."""

MOST_BYTES = 16_000
"""Of them as JSON: with it, a group call is far below what an event may have."""


@dataclass(frozen=True)
class Said:
    """A value, and which message said it when; `message_id` is a mark of it, for the id itself may name a person and
    the firm's attributes outlive them."""

    value: Any
    at: datetime
    message_id: str

    @property
    def order(self) -> tuple[datetime, str]:
        """Event time, then the message's mark."""
        return self.at, self.message_id


@dataclass(frozen=True)
class Firm:
    """`version` grows with the attributes' values, `revision` with each write."""

    firm_id: str
    version: int = 0
    revision: int = 0
    said: Mapping[str, Said] = field(default_factory=dict)

    @property
    def attributes(self) -> dict[str, Any]:
        """The values."""
        return {name: one.value for name, one in sorted(self.said.items())}

    @property
    def told_at(self) -> datetime | None:
        """When the last word on it was said."""
        return max((one.at for one in self.said.values()), default=None)

    def told(self, one: Telling) -> Firm:
        """With what a message says; the same object when that is nothing new. Of each attribute the last word counts,
        in event time, so that no order of arrival makes a difference; null says nothing."""
        known = dict(self.said)
        for name, value in one.attributes.items():
            word = Said(value, one.at, one.message_id)
            if value is not None and (name not in known or known[name].order < word.order):
                known[name] = word
        said = _kept(known)
        if said == self.said:
            return self
        after = Firm(self.firm_id, self.version, self.revision + 1, said)
        if after.attributes == self.attributes:
            return after
        return Firm(self.firm_id, self.version + 1, self.revision + 1, said)


def _kept(known: Mapping[str, Said]) -> dict[str, Said]:
    newest = sorted(known, key=lambda name: (known[name].order, name), reverse=True)[:MOST_FIELDS]
    sizes = accumulate(len(json.dumps([name, known[name].value])) for name in newest)
    return {name: known[name] for name, size in sorted(zip(newest, sizes, strict=True)) if size <= MOST_BYTES}


@dataclass(frozen=True)
class Telling:
    """What one message says of a firm, and the member it speaks for ("": it speaks for nobody)."""

    firm_id: str
    profile_id: str
    attributes: Mapping[str, Any]
    at: datetime
    message_id: str


def tellings(profile_id: str, events: Iterable[CustomerEvent]) -> Iterator[Telling]:
    """What group calls of a person say of firms."""
    for event in events:
        if event.type == "group" and not event.message_id.startswith(NEWS):
            for one in contributions(event):
                if one.type == GROUP:
                    yield Telling(one.id, profile_id, one.fields, one.at, _mark(one.message_id))


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def news(firm: Firm, profile_id: str) -> dict[str, Any] | None:
    """The group call by which a member learns what is known of the firm, as of the last word on it; `None`: nothing is.

    Its id is of member and version, so that saying it again changes nothing, and later versions sort after earlier
    ones.
    """
    if firm.told_at is None:
        return None
    return {
        "type": "group",
        "groupId": firm.firm_id,
        "profileId": profile_id,
        "messageId": f"{NEWS}{_mark(firm.firm_id)}-{firm.version:010d}-{profile_id}",
        "timestamp": to_iso(firm.told_at),
        "traits": firm.attributes,
    }
