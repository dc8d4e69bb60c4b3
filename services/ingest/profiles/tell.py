"""The outbox: what a write of a profile adds to its history, and what it tells the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from services.ingest.domain.history import Chunk, Signed, Strip, chunks
from services.ingest.domain.profile import Profile
from services.ingest.domain.rulings import Rulings
from services.ingest.domain.traits import visible
from services.ingest.ports import ColdTraits, Profiles, Timeline
from services.shared.aws.bus import pack
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import Merge, ProfileChange, ProfilesChanged, ProfilesMerged

TELL_EVENTS = 1_000
"""Events of a history that are told at a time: more need not be in memory."""


class Publisher(Protocol):
    """Where facts go."""

    def publish(self, facts: Iterable[Fact]) -> None:
        """All of them, or an exception."""
        ...


@dataclass(frozen=True)
class Written:
    """A write as the table's stream tells it: the profile's hot state before (`None`: it is new) and after, the events
    it took in, and what it ruled on who is who."""

    before: Profile | None
    profile: Profile
    events: tuple[Signed, ...]
    rulings: Rulings | None = None

    @property
    def is_merge(self) -> bool:
        """Did the profile become a redirect, or one to another profile?"""
        was = self.before.merged_into if self.before else ""
        return self.profile.merged_into not in ("", was)

    @property
    def is_retold(self) -> bool:
        """Is its history told anew?"""
        return self.profile.since > (self.before.since if self.before else 0)


class Teller:
    """The use case behind the profiles table's stream. Everything in it may be repeated."""

    def __init__(self, *, profiles: Profiles, timeline: Timeline, publisher: Publisher) -> None:
        self._profiles = profiles
        self._timeline = timeline
        self._publisher = publisher

    def tell(self, written: Sequence[Written]) -> int:
        """Store the chunks of `written` (in the stream's order), publish what changed, and clear up behind merges
        and un-merges; how many facts were published.

        A profile that has been erased by now, or told anew under another tale, is not told any more.
        """
        current = self._profiles.glance({one.profile.profile_id for one in written})
        written = [one for one in written if _is_current(one.profile, current)]
        self._timeline.append([chunk for one in written for chunk in _chunks(one)])
        merged = [one.profile for one in written if one.is_merge]
        retold = [one.profile for one in written if one.is_retold]
        winners = self._profiles.follow({p.profile_id for p in merged}) if merged else {}
        traits = self._traits(written)
        rows = [_change(o.profile, o.profile.version, o.events, traits) for o in written if o.events]
        count = self._publish([*_merges(merged, winners), *_packed(rows)])
        for profile in retold:
            told = self._tell_again(profile, [Strip(profile.profile_id, profile.tale)], traits)
            # Of a profile that has lost all its events others must hear as well.
            count += told or self._publish(
                _packed([_change(profile, profile.version, (), traits, told_before=True)])
            )
        for winner, loser in ((winners.get(p.profile_id, p), p) for p in merged):
            strips = [s for s in winner.absorbed if s.profile_id in loser.profile_ids()]
            its = {winner.profile_id: ColdTraits(winner.traits_version, winner.known_traits())}
            count += self._tell_again(winner, strips, its)
        self._clear_up(written)
        return count

    def _publish(self, facts: Sequence[Fact]) -> int:
        if facts:
            self._publisher.publish(facts)
        return len(facts)

    def _traits(self, written: Sequence[Written]) -> dict[str, ColdTraits]:
        """Consistent where this very write changed them: whoever reads older ones later tells an older version."""
        new = {p.profile_id for p in (one.profile for one in written) if p.traits_version == p.version}
        old = {one.profile.profile_id for one in written if one.profile.traits_version} - new
        return {
            **(self._profiles.traits(old, consistent=False) if old else {}),
            **(self._profiles.traits(new, consistent=True) if new else {}),
        }

    def _tell_again(self, profile: Profile, strips: Sequence[Strip], traits: Mapping[str, ColdTraits]) -> int:
        """The events under `strips`, as changes of `profile`, oldest first and a portion at a time; how many facts
        that were."""
        count, rows, events = 0, [], 0
        for version, signed in self._timeline.told(strips):
            rows.append(_change(profile, version, signed, traits, told_before=True))
            events += len(signed)
            if events >= TELL_EVENTS:
                count += self._publish(_packed(rows))
                rows, events = [], 0
        return count + self._publish(_packed(rows))

    def _clear_up(self, written: Sequence[Written]) -> None:
        """What was told last from traits and chunks that nobody needs any more."""
        for one in written:
            profile_id = one.profile.profile_id
            if one.is_merge:
                self._profiles.drop_traits(profile_id)
            if one.before is not None and one.before.tale != one.profile.tale:
                self._timeline.prune(profile_id, one.before.tale)


def _packed(rows: Sequence[ProfileChange]) -> list[Fact]:
    return pack(rows, lambda some: ProfilesChanged(changes=some))


def _is_current(profile: Profile, current: Mapping[str, Profile]) -> bool:
    latest = current.get(profile.profile_id)
    return latest is not None and profile.version >= latest.since


def _chunks(one: Written) -> list[Chunk]:
    profile = one.profile
    return chunks(profile.profile_id, profile.tale, profile.version, one.events)


def _change(
    profile: Profile,
    version: int,
    events: Sequence[Signed],
    traits: Mapping[str, ColdTraits],
    *,
    told_before: bool = False,
) -> ProfileChange:
    """Traits as they are by now: what is newer than the change does no harm."""
    cold = traits.get(profile.profile_id, ColdTraits())
    at = profile.updated_at
    if at is None:
        raise ValueError("a profile that was written has no time")
    return ProfileChange(
        profile_id=profile.profile_id,
        version=version,
        at=at,
        events=[one.told() for one in events],
        traits=visible(cold.traits),
        traits_version=cold.version,
        told_before=told_before,
        since=profile.since,
        accepted_at=None if told_before else _instant(profile.queued_at),
    )


def _instant(milliseconds: int) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None


def _merges(merged: Sequence[Profile], winners: Mapping[str, Profile]) -> list[Fact]:
    """A profile that has been given back by now is not told as merged."""
    rows = [
        Merge(loser=profile.profile_id, winner=winner.profile_id, at=profile.updated_at)
        for profile in merged
        if profile.updated_at
        if (winner := winners.get(profile.profile_id, profile)).profile_id != profile.profile_id
    ]
    return pack(rows, lambda some: ProfilesMerged(merges=some))
