"""What events do to a profile: traits by kind and event time, each message once, whatever the order of arrival."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from pydantic_core import to_json

from services.ingest.domain.history import NO_TALE, Chunk, Signed, Strip, chunks, rebased
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.seen import Seen, digest, short_digest
from services.ingest.domain.traits import (
    Trait,
    kept_contacts,
    merged,
    said_again,
    visible,
    with_traits_of,
)

MAX_EVENTS = 400
"""Events one write carries."""

MAX_EVENT_BYTES = 100_000
"""Their size as JSON: with the traits they must fit an item and one entry of the bus."""

EVENT_FRAME = 130
"""Bytes of an event's JSON beside its message id, name and properties: member names, type and time."""

MAX_CONFIRMED = 64
"""Characters of the names of `Profile.confirmed`: the hot item stays small."""

ERASED = "erased"
"""The tale of a profile whose person was forgotten; no other tale is called so."""

Verdict = Literal["applied", "duplicate"]


@dataclass(frozen=True)
class Profile:
    """A profile as it stands. `traits` is `None` when they were not read; a trait of `None` was removed.
    `confirmed` are times (ms) at which traits were said again since version `traits_version`, the last that wrote
    them: who logs in every day says the same every day.

    `since` is the version from which on its history is told anew, under `tale`. `newest` is the place of its last
    chunk, `span` the seconds that its longest chunk covers. `absorbed` are the histories of profiles merged into
    this one; `merged_into` is set on a profile that was merged itself, whose id is but a redirect. `queued_at` is when
    the oldest event of the latest write was queued (real milliseconds, 0: not known).
    """

    profile_id: str
    version: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None
    traits: Mapping[str, Trait] | None = field(default_factory=dict)
    identifiers: frozenset[Identifier] = frozenset()
    seen: Seen = field(default_factory=Seen)
    counts: Mapping[str, int] = field(default_factory=dict)
    traits_version: int = 0
    confirmed: Mapping[str, int] = field(default_factory=dict)
    since: int = 0
    tale: str = ""
    newest: str = ""
    span: int = 0
    absorbed: tuple[Strip, ...] = ()
    merged_into: str = ""
    queued_at: int = 0

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
        return visible(self.known_traits())

    @property
    def is_erased(self) -> bool:
        """Is it only the mark of a person who was forgotten?"""
        return self.tale == ERASED

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
        bytes_ = len(to_json(content)) + EVENT_FRAME
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
    known |= {digest(message): short_digest(receipt) for message, receipt in (remembered or {}).items()}
    fresh: list[Signed] = []
    verdicts: dict[str, Verdict] = {}
    for one in signed:
        receipt = known.get(digest(one.call.message_id))
        if receipt is None:
            known[digest(one.call.message_id)] = short_digest(one.receipt)
            fresh.append(one)
        verdicts[one.receipt] = "applied" if receipt in (None, short_digest(one.receipt)) else "duplicate"
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
    traits_version, confirmed = _kept_where(profile, traits, version)
    spans = [round((c.events[-1].call.at - c.events[0].call.at).total_seconds() + 1) for c in cut]
    return replace(
        profile,
        version=version,
        created_at=profile.created_at or now,
        updated_at=max(profile.updated_at or now, now),
        traits=traits,
        traits_version=traits_version,
        confirmed=confirmed,
        identifiers=profile.identifiers | frozenset(identifiers),
        seen=profile.seen.extended(fresh),
        counts=dict(sorted(counts.items())),
        newest=cut[-1].place,
        span=max(profile.span, *spans),
        queued_at=min((one.queued_at for one in fresh if one.queued_at), default=0),
    )


def _kept_where(
    profile: Profile, traits: Mapping[str, Trait] | None, version: int
) -> tuple[int, Mapping[str, int]]:
    """The version whose traits are to be found as they were written, and the times that are newer than there."""
    if profile.traits is None or traits is None or traits == profile.traits:
        return profile.traits_version, profile.confirmed
    times = said_again(profile.traits, traits)
    confirmed = {**profile.confirmed, **(times or {})}
    if times is None or sum(map(len, confirmed)) > MAX_CONFIRMED:
        return version, {}
    return profile.traits_version, confirmed


def absorb(winner: Profile, losers: Sequence[Profile], now: datetime) -> Profile:
    """`winner` after `losers` turned out to be the same person: nothing is lost, and their versions are reserved, so
    that their events can be told again as changes of the winner."""
    changed = winner
    for loser in losers:
        if not loser.version:  # named in the graph, not written yet
            continue
        traits = merged(changed.known_traits(), loser.known_traits())
        base = changed.version
        version = base + loser.version
        changed = replace(
            changed,
            version=version,
            created_at=min(filter(None, (changed.created_at, loser.created_at)), default=None),
            updated_at=max((now, *filter(None, (changed.updated_at, loser.updated_at)))),
            traits=traits,
            traits_version=version if traits != winner.traits else changed.traits_version,
            confirmed={} if traits != winner.traits else changed.confirmed,
            identifiers=changed.identifiers | loser.identifiers,
            seen=changed.seen.joined(loser.seen),
            counts=dict(sorted((Counter(changed.counts) + Counter(loser.counts)).items())),
            span=max(changed.span, loser.span),
            absorbed=(*changed.absorbed, *rebased(loser.strips(), base)),
        )
    return changed


def redirect(loser: Profile, winner_id: str, now: datetime, *, is_told_anew: bool = False) -> Profile:
    """What is left of a profile that was merged into another: its id, and where its history lies, unless that was
    told anew by another."""
    if is_told_anew:
        loser = replace(loser, tale=NO_TALE, newest="", absorbed=())
    return replace(
        loser,
        version=loser.version + 1,
        created_at=loser.created_at or now,
        updated_at=now,
        traits={},
        traits_version=0,
        confirmed={},
        identifiers=frozenset(),
        seen=Seen(),
        counts={},
        merged_into=winner_id,
    )


def erased(profile: Profile, now: datetime) -> Profile:
    """What is left of a profile whose person was forgotten: its id, and that nothing of it is to be told or written
    any more. Its history is told anew as an empty one, so that the publisher drops what it has not told yet."""
    version = profile.version + 1
    return Profile(
        profile_id=profile.profile_id,
        version=version,
        created_at=now,
        updated_at=now,
        since=version,
        tale=ERASED,
        merged_into=profile.merged_into,
    )


def retold(start: Profile, signed: Iterable[Signed], tale: str, now: datetime) -> tuple[Profile, list[Chunk]]:
    """The profile that `signed` make from nothing, under the id and after the version of `start`, and its history."""
    profile = Profile(
        start.profile_id,
        version=start.version,
        created_at=start.created_at or now,
        updated_at=max(start.updated_at or now, now),
        since=start.version + 1,
        tale=tale,
    )
    history: list[Chunk] = []
    for portion in portions(signed):
        profile = _changed(profile, portion, [], now)
        history += chunks(profile.profile_id, tale, profile.version, portion)
    if not history:
        profile = replace(profile, version=start.version + 1)
    return replace(profile, traits_version=profile.version, confirmed={}), history
