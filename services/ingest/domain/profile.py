"""What events do to a profile: traits by event time, each message once, whatever the order of arrival."""

from __future__ import annotations

import hashlib
import json
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.resolve import Signed
from services.ingest.domain.validate import Call, byte_size
from services.shared.contracts.ingest import CustomerEvent

MEMORY = 64
"""Messages a profile always remembers, so that a repeated one is known."""

MEMORY_TIME = timedelta(minutes=60)
"""Younger ones it remembers besides: a queue delivers again what a crash left unacknowledged, five times six minutes
apart, and some of it late."""

MAX_MEMORY = 2_048
"""And never more than these, however busy it is."""

MAX_TRAITS = 200
MAX_TRAIT_BYTES = 32_000
MAX_EVENTS = 400
"""Events one write carries."""

MAX_EVENT_BYTES = 100_000
"""Their size as JSON: with the traits they must fit an item and one entry of the bus."""

EVENT_FRAME = 130
"""Bytes of an event's JSON beside its message id, name and properties: member names, type and time."""

CONTACTS = frozenset({"email", "phone"})
"""Traits that say where a person's messages go."""

CONTACT_KEPT = "contact_kept"
"""Note of an event of the public door that would have changed an address the profile has; it stayed as it was."""

_ENTRY = struct.Struct(">8s4sI")

Verdict = Literal["applied", "duplicate"]


@dataclass(frozen=True)
class Seen:
    """The latest messages of a profile, oldest first, 16 bytes each: a digest of the message id, a digest of the
    receipt of the acceptance that was applied, and when (seconds since the epoch). The same pair again is a
    redelivery; another receipt is a duplicate."""

    memory: bytes = b""

    def receipts(self) -> dict[bytes, bytes]:
        """Message digest to receipt digest."""
        return {message: receipt for message, receipt, _ in _ENTRY.iter_unpack(self.memory)}

    def extended(self, signed: Iterable[Signed], now: datetime) -> Seen:
        """With more messages, applied `now`; the oldest are forgotten."""
        second = int(now.timestamp())
        grown = self.memory + b"".join(_ENTRY.pack(_digest(s), _receipt_digest(s), second) for s in signed)
        oldest = second - MEMORY_TIME.total_seconds()
        young = sum(1 for *_, at in _ENTRY.iter_unpack(grown) if at >= oldest)
        keep = min(max(young, MEMORY), MAX_MEMORY)
        return Seen(grown[-keep * _ENTRY.size :])


@dataclass(frozen=True)
class Profile:
    """A profile as it stands. `traits` maps a name to its value and the event time (ms since the epoch) that set
    it; a value of `None` is a trait that was removed."""

    profile_id: str
    version: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None
    traits: Mapping[str, tuple[Any, int]] = field(default_factory=dict)
    identifiers: frozenset[Identifier] = frozenset()
    seen: Seen = Seen()
    counts: Mapping[str, int] = field(default_factory=dict)
    traits_version: int = 0

    def visible_traits(self) -> dict[str, Any]:
        """The traits as others see them."""
        return {name: value for name, (value, _) in sorted(self.traits.items()) if value is not None}


@dataclass(frozen=True)
class Applied:
    """A profile after some calls: the events to tell (in time order), each receipt's verdict, and the receipts whose
    address was not taken. Without events nothing changed and nothing need be written."""

    profile: Profile
    events: tuple[CustomerEvent, ...]
    verdicts: Mapping[str, Verdict]
    contact_kept: frozenset[str] = frozenset()


def portions(signed: Iterable[Signed]) -> Iterator[list[Signed]]:
    """The calls of one profile in time order, cut so that each portion fits one write; nearly always one."""
    portion: list[Signed] = []
    size = 0
    for one in sorted(signed, key=lambda s: s.order):
        bytes_ = byte_size([one.call.message_id, one.call.name, one.call.properties]) + EVENT_FRAME
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
) -> Applied:
    """`profile` after `signed` (in time order), with `identifiers` that are known to be its own."""
    known = profile.seen.receipts()
    fresh: list[Signed] = []
    verdicts: dict[str, Verdict] = {}
    for one in signed:
        receipt = known.get(_digest(one))
        if receipt is None:
            known[_digest(one)] = _receipt_digest(one)
            fresh.append(one)
        verdicts[one.receipt] = "applied" if receipt in (None, _receipt_digest(one)) else "duplicate"
    if not fresh:
        return Applied(profile, (), verdicts, _kept(profile.traits, signed))
    counts = Counter(profile.counts) + Counter(one.call.type for one in fresh)
    version = profile.version + 1
    traits = _merged(profile.traits, fresh)
    changed = replace(
        profile,
        version=version,
        created_at=profile.created_at or now,
        updated_at=max(profile.updated_at or now, now),
        traits=traits,
        traits_version=profile.traits_version if traits == profile.traits else version,
        identifiers=profile.identifiers | frozenset(identifiers),
        seen=profile.seen.extended(fresh, now),
        counts=dict(sorted(counts.items())),
    )
    return Applied(changed, tuple(_told(one.call) for one in fresh), verdicts, _kept(traits, signed))


def _merged(traits: Mapping[str, tuple[Any, int]], signed: Sequence[Signed]) -> dict[str, tuple[Any, int]]:
    """The newest value of each trait wins; of two at one instant, the one that sorts last as JSON, so that the
    order of arrival never decides.

    The one exception is an address from the public door: it is taken only where there is none. Of two, the first to
    be applied stays (within one write, the first by event time); event time can't decide across writes without
    allowing the change that is to be prevented.
    """
    merged = dict(traits)
    size = sum(_trait_size(*item) for item in merged.items()) if any(s.call.traits for s in signed) else 0
    for one in signed:
        at = round(one.call.at.timestamp() * 1000)
        for name, value in one.call.traits.items():
            offered = (value, at)
            old = merged.get(name)
            if old is not None and (_rank(old) >= _rank(offered) or _is_guarded(one, name, old)):
                continue
            grown = size + _trait_size(name, offered) - (_trait_size(name, old) if old else 0)
            if grown > MAX_TRAIT_BYTES or (old is None and len(merged) >= MAX_TRAITS):
                continue
            merged[name], size = offered, grown
    return merged


def _is_guarded(one: Signed, name: str, old: tuple[Any, int]) -> bool:
    """Not even the time of an address may be moved: a later one would outlast the shop's own correction."""
    return one.public and name in CONTACTS and old[0] is not None


def _kept(traits: Mapping[str, tuple[Any, int]], signed: Sequence[Signed]) -> frozenset[str]:
    """Receipts of public calls whose address differs from the one that stands; a redelivery is told the same."""
    return frozenset(
        one.receipt
        for one in signed
        for name in CONTACTS & one.call.traits.keys()
        if (old := traits.get(name)) and _is_guarded(one, name, old) and old[0] != one.call.traits[name]
    )


def _trait_size(name: str, trait: tuple[Any, int]) -> int:
    return len(json.dumps([name, trait]))


def _rank(trait: tuple[Any, int]) -> tuple[int, str]:
    return trait[1], json.dumps(trait[0], sort_keys=True)


def _told(call: Call) -> CustomerEvent:
    return CustomerEvent(
        message_id=call.message_id,
        type=call.type,
        name=call.name,
        at=call.at,
        properties=dict(call.properties),
    )


def _digest(one: Signed) -> bytes:
    return hashlib.sha256(one.call.message_id.encode()).digest()[:8]


def _receipt_digest(one: Signed) -> bytes:
    return hashlib.sha256(one.receipt.encode()).digest()[:4]
