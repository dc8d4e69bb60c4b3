"""A person as marketers see one: who it is, how we know, and what is known, in two domains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from services.ingest.domain.history import Signed, Strip
from services.ingest.domain.identifiers import EMAIL, PHONE, Identifier
from services.ingest.domain.quality import attribute_reliability, completeness, profile_reliability
from services.shared.clock import to_iso
from services.shared.contracts.person import Address
from services.shared.interaction import interaction_of
from services.shared.records import GROUP, ORDER_CONTACT, Record, held

MARKETING, ORDER = "marketing", "order"
SHOWN_RECORDS = 20
"""Records of a type that the view itself shows; the rest is a request of its own."""

_LATEST = (datetime.max.replace(tzinfo=UTC), "")
_CHANNEL_OF = {EMAIL: "email", PHONE: "sms"}


@dataclass(frozen=True)
class Attribute:
    """A value with its provenance; `kind` is declared, observed, imported or derived."""

    value: Any
    at: datetime
    source: str
    kind: str


@dataclass(frozen=True)
class KnownBy:
    """An identifier of a person."""

    kind: str
    value: str


@dataclass(frozen=True)
class Met:
    """What a history says at a glance: by identifier the time and the source of the event that first named it, and how
    many interactions there were by direction, by channel and by what the person was after. `complete` is false when
    the history is longer than what was read."""

    first_named: Mapping[Identifier, tuple[datetime, str]] = field(default_factory=dict)
    directions: Mapping[str, int] = field(default_factory=dict)
    channels: Mapping[str, int] = field(default_factory=dict)
    needs: Mapping[str, int] = field(default_factory=dict)
    complete: bool = True

    def joined(self, other: Met) -> Met:
        """What both say, of two stretches of one history."""
        first = dict(self.first_named)
        for identifier, named in other.first_named.items():
            first[identifier] = min(first.get(identifier, _LATEST), named)
        return Met(
            first,
            Counter(self.directions) + Counter(other.directions),
            Counter(self.channels) + Counter(other.channels),
            Counter(self.needs) + Counter(other.needs),
            self.complete and other.complete,
        )


@dataclass(frozen=True)
class Person:
    """One profile with every id it ever had (`strips`: where its history lies, its own
    first and then those of the profiles that were merged into it)."""

    profile_id: str
    strips: tuple[Strip, ...] = ()
    known_by: tuple[KnownBy, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    version: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def profile_ids(self) -> tuple[str, ...]:
        """The id it has, then those it had."""
        return tuple(dict.fromkeys((self.profile_id, *(strip.profile_id for strip in self.strips))))

    def addresses(self, known: Iterable[Record] = ()) -> list[Address]:
        """Where the person can be reached or could be, in either domain, without repetition."""
        given = [(one.kind, one.value) for one in self.known_by]
        given += [(name, one.value) for name, one in self.attributes.items()]
        for record in known:
            if record.type == ORDER_CONTACT:
                given += list(record.fields.items())
        found = {
            (_CHANNEL_OF[kind], value)
            for kind, value in given
            if kind in _CHANNEL_OF and isinstance(value, str) and value.strip()
        }
        return [Address(channel=channel, address=address) for channel, address in sorted(found)]


def met(events: Iterable[Signed], *, complete: bool = True) -> Met:
    """The glance at a history."""
    first: dict[Identifier, tuple[datetime, str]] = {}
    directions: Counter[str] = Counter()
    channels: Counter[str] = Counter()
    needs: Counter[str] = Counter()
    for one in events:
        for identifier in one.call.identifiers:
            first[identifier] = min(first.get(identifier, _LATEST), (one.call.at, one.source))
        said = interaction_of(one.told(), one.source)
        directions[said.direction] += 1
        if said.direction != "internal":
            channels[said.channel] += 1
        if said.need:
            needs[said.need] += 1
    return Met(first if complete else {}, directions, channels, needs, complete)


def shown(person: Person, known: list[Record], history: Met, now: datetime) -> dict[str, Any]:
    """The part of the single customer view that ingest itself knows, as JSON."""
    attributes = {
        n: _attribute(n, one, now) for n, one in sorted(person.attributes.items()) if one.value is not None
    }
    values = {name: one["value"] for name, one in attributes.items()}
    return {
        "profile_id": person.profile_id,
        "merged_ids": list(person.profile_ids[1:]),
        "identifiers": [_identifier(one, history) for one in person.known_by],
        "traits": values,
        "domains": {MARKETING: attributes, ORDER: _order_domain(known)},
        "completeness": completeness(values, now),
        "reliability": profile_reliability({name: one["reliability"] for name, one in attributes.items()}),
        "products_held": held(known),
        "groups": [{"id": r.id, **r.fields} for r in known if r.type == GROUP and r.status == "member"],
        "records": _by_type(known),
        "interactions": {
            **{direction: history.directions.get(direction, 0) for direction in ("inbound", "outbound")},
            "by_channel": dict(sorted(history.channels.items())),
            "by_need": dict(sorted(history.needs.items())),
            "complete": history.complete,
        },
        "counts": dict(person.counts),
        "version": person.version,
        "created_at": to_iso(person.created_at) if person.created_at else None,
        "updated_at": to_iso(person.updated_at) if person.updated_at else None,
    }


def _identifier(one: KnownBy, history: Met) -> dict[str, Any]:
    named = history.first_named.get(Identifier(one.kind, one.value))
    seen = (
        {"first_seen": to_iso(named[0]), "source": named[1]} if named else {"first_seen": None, "source": ""}
    )
    return {"kind": one.kind, "value": one.value, **seen}


def _attribute(name: str, one: Attribute, now: datetime) -> dict[str, Any]:
    return {
        "value": one.value,
        "source": one.source,
        "at": to_iso(one.at),
        "kind": one.kind,
        "reliability": attribute_reliability(name, one.value, kind=one.kind, at=one.at, now=now),
    }


def _order_domain(known: Iterable[Record]) -> dict[str, Any]:
    """Contact data that orders brought; the marketing domain never takes from it."""
    contact = next((record for record in known if record.type == ORDER_CONTACT), None)
    if contact is None:
        return {}
    return {
        name: {"value": value, "source": source, "at": to_iso(at), "kind": "observed"}
        for name, value in sorted(contact.fields.items())
        for at, source in [contact.said_by[name]]
    }


def _by_type(known: Iterable[Record]) -> dict[str, Any]:
    """Per type how many there are and the latest few, without their lines."""
    found: dict[str, dict[str, Any]] = {}
    for record in known:
        if record.type in (ORDER_CONTACT, GROUP):
            continue
        of_type = found.setdefault(record.type, {"count": 0, "latest": []})
        of_type["count"] += 1
        if len(of_type["latest"]) < SHOWN_RECORDS:
            brief = record.shown()
            brief.pop("lines", None)
            of_type["latest"].append({**brief, "line_count": len(record.lines)})
    return dict(sorted(found.items()))
