"""What events do to a profile: traits by kind and event time, each message once, whatever the order of arrival."""

from __future__ import annotations

import hashlib
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from services.ingest.domain.history import Signed, Strip, chunks, rebased
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.traits import CONTACTS, Trait, is_guarded, kept_contacts, merged, with_traits_of
from services.ingest.domain.validate import byte_size

MEMORY = 16
"""Messages a profile remembers, those with the newest event times. Older ones are looked up in its history."""

MAX_EVENTS = 400
"""Events one write carries."""

MAX_EVENT_BYTES = 100_000
"""Their size as JSON: with the traits they must fit an item and one entry of the bus."""

EVENT_FRAME = 130
"""Bytes of an event's JSON beside its message id, name and properties: member names, type and time."""

_ENTRY = struct.Struct(">8s4sI")

Verdict = Literal["applied", "duplicate"]

__all__ = [
    "CONTACTS",
    "MAX_EVENTS",
    "MAX_EVENT_BYTES",
    "MEMORY",
    "Applied",
    "Profile",
    "Seen",
    "Trait",
    "Verdict",
    "apply",
    "is_guarded",
    "portions",
]


@dataclass(frozen=True)
class Seen:
    """The messages with the newest event times, 16 bytes each: a digest of the message id, a digest of the receipt
    of the acceptance that was applied, and the event time (seconds since the epoch). The same pair again is a
    redelivery; another receipt is a duplicate.

    `horizon` is the newest event time among forgotten messages: what happened later and is not remembered is new.
    """

    memory: bytes = b""
    horizon: int = 0

    def receipts(self) -> dict[bytes, bytes]:
        """Message digest to receipt digest."""
        return {message: receipt for message, receipt, _ in _ENTRY.iter_unpack(self.memory)}

    def may_have_forgotten(self, one: Signed) -> bool:
        """Must the history be asked whether this message is a copy?"""
        return _second(one) <= self.horizon and _digest(one.call.message_id) not in self.receipts()

    def extended(self, signed: Iterable[Signed]) -> Seen:
        """With more messages."""
        fresh = [_ENTRY.pack(_digest(s.call.message_id), _short(s.receipt), _second(s)) for s in signed]
        return self._with(fresh, self.horizon)

    def joined(self, other: Seen) -> Seen:
        """The memory of both."""
        return self._with(_entries(other.memory), max(self.horizon, other.horizon))

    def _with(self, more: Sequence[bytes], horizon: int) -> Seen:
        entries = sorted([*_entries(self.memory), *more], key=lambda entry: (entry[-4:], entry))
        forgotten, kept = entries[:-MEMORY], entries[-MEMORY:]
        newest = max((int.from_bytes(entry[-4:]) for entry in forgotten), default=0)
        return Seen(b"".join(kept), max(horizon, newest))


@dataclass(frozen=True)
class Profile:
    """A profile as it stands. `traits` is `None` when they were not read; a trait of `None` was removed.

    `since` is the version from which on its history is told anew, under `tale`. `newest` is the place of its last
    chunk, `span` the seconds that its longest chunk covers. `absorbed` are the histories of profiles merged into
    this one; `merged_into` is set on a profile that was merged itself, whose id is but a redirect.
    """

    profile_id: str
    version: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None
    traits: Mapping[str, Trait] | None = field(default_factory=dict)
    identifiers: frozenset[Identifier] = frozenset()
    seen: Seen = Seen()
    counts: Mapping[str, int] = field(default_factory=dict)
    traits_version: int = 0
    since: int = 0
    tale: str = ""
    newest: str = ""
    span: int = 0
    absorbed: tuple[Strip, ...] = ()
    merged_into: str = ""

    def known_traits(self) -> Mapping[str, Trait]:
        """The traits with their provenance.

        Raises:
            ValueError: they were not read.
        """
        if self.traits is None:
            raise ValueError("traits were not read")
        return self.traits

    def visible_traits(self) -> dict[str, Any]:
        """The traits as others see them."""
        return {n: t.value for n, t in sorted(self.known_traits().items()) if t.value is not None}

    def strips(self) -> tuple[Strip, ...]:
        """Where its history lies: its own chunks and those of every profile it absorbed."""
        return Strip(self.profile_id, self.tale, self.newest), *self.absorbed

    def profile_ids(self) -> tuple[str, ...]:
        """Every id that leads here."""
        return self.profile_id, *(strip.profile_id for strip in self.absorbed)


@dataclass(frozen=True)
class Applied:
    """A profile after some calls: those that counted (in time order), each receipt's verdict, and the receipts whose
    address was not taken. Without events nothing changed and nothing need be written."""

    profile: Profile
    events: tuple[Signed, ...]
    verdicts: Mapping[str, Verdict]
    contact_kept: frozenset[str] = frozenset()


def portions(signed: Iterable[Signed]) -> Iterator[list[Signed]]:
    """The calls of one profile in time order, cut so that each portion fits one write; nearly always one."""
    portion: list[Signed] = []
    size = 0
    for one in sorted(signed, key=lambda s: s.order):
        content = [one.call.message_id, one.call.name, one.call.properties, one.call.traits]
        bytes_ = byte_size(content) + EVENT_FRAME
        if portion and (len(portion) >= MAX_EVENTS or size + bytes_ > MAX_EVENT_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(one)
        size += bytes_
    if portion:
        yield portion


def apply(
    profile: Profile,
    signed: Sequence[Signed],
    identifiers: Iterable[Identifier],
    now: datetime,
    remembered: Mapping[str, str] | None = None,
) -> Applied:
    """`profile` after `signed` (in time order), with `identifiers` that are known to be its own. `remembered` are the
    messages among `signed` that its history holds, each with its receipt."""
    known = profile.seen.receipts()
    known |= {_digest(message): _short(receipt) for message, receipt in (remembered or {}).items()}
    fresh: list[Signed] = []
    verdicts: dict[str, Verdict] = {}
    for one in signed:
        receipt = known.get(_digest(one.call.message_id))
        if receipt is None:
            known[_digest(one.call.message_id)] = _short(one.receipt)
            fresh.append(one)
        verdicts[one.receipt] = "applied" if receipt in (None, _short(one.receipt)) else "duplicate"
    if not fresh:
        return Applied(profile, (), verdicts, kept_contacts(profile.traits, signed))
    changed = _changed(profile, fresh, identifiers, now)
    return Applied(changed, tuple(fresh), verdicts, kept_contacts(changed.traits, signed))


def _changed(
    profile: Profile, fresh: Sequence[Signed], identifiers: Iterable[Identifier], now: datetime
) -> Profile:
    counts = Counter(profile.counts) + Counter(one.call.type for one in fresh)
    version = profile.version + 1
    traits = with_traits_of(profile.traits, fresh)
    cut = chunks(profile.profile_id, profile.tale, version, fresh)
    spans = [round((c.events[-1].call.at - c.events[0].call.at).total_seconds() + 1) for c in cut]
    return replace(
        profile,
        version=version,
        created_at=profile.created_at or now,
        updated_at=max(profile.updated_at or now, now),
        traits=traits,
        traits_version=profile.traits_version if traits == profile.traits else version,
        identifiers=profile.identifiers | frozenset(identifiers),
        seen=profile.seen.extended(fresh),
        counts=dict(sorted(counts.items())),
        newest=cut[-1].place,
        span=max(profile.span, *spans),
    )


def absorb(winner: Profile, losers: Sequence[Profile], now: datetime) -> Profile:
    """`winner` after `losers` turned out to be the same person: nothing is lost, and their versions are reserved, so
    that their events can be told again as changes of the winner."""
    changed = winner
    for loser in losers:
        traits = merged(changed.known_traits(), loser.known_traits())
        base = changed.version
        version = base + loser.version
        changed = replace(
            changed,
            version=version,
            created_at=min(filter(None, (changed.created_at, loser.created_at)), default=None),
            updated_at=max(now, *filter(None, (changed.updated_at, loser.updated_at))),
            traits=traits,
            traits_version=version if traits != winner.traits else changed.traits_version,
            identifiers=changed.identifiers | loser.identifiers,
            seen=changed.seen.joined(loser.seen),
            counts=dict(sorted((Counter(changed.counts) + Counter(loser.counts)).items())),
            span=max(changed.span, loser.span),
            absorbed=(*changed.absorbed, *rebased(loser.strips(), base)),
        )
    return changed


def redirect(loser: Profile, winner_id: str, now: datetime) -> Profile:
    """What is left of a profile that was merged into another: its id, and where its history lies."""
    return replace(
        loser,
        version=loser.version + 1,
        updated_at=now,
        traits={},
        traits_version=0,
        identifiers=frozenset(),
        seen=Seen(),
        counts={},
        merged_into=winner_id,
    )


def _entries(memory: bytes) -> list[bytes]:
    return [memory[i : i + _ENTRY.size] for i in range(0, len(memory), _ENTRY.size)]


def _second(one: Signed) -> int:
    return int(one.call.at.timestamp())


def _digest(message_id: str) -> bytes:
    return hashlib.sha256(message_id.encode()).digest()[:8]


def _short(receipt: str) -> bytes:
    return hashlib.sha256(receipt.encode()).digest()[:4]
