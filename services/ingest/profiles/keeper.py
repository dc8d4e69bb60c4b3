"""Keeps graph and profiles in step: joins profiles whose people turned out to be one, and parts and tells anew those
that turned out to be several."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.ingest.domain.graph import Cut
from services.ingest.domain.history import NO_TALE, Chunk, Signed, Strip
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.known import Known
from services.ingest.domain.profile import Profile, absorb, redirect, retold
from services.ingest.domain.regroup import Component, News, Regrouping, regroup, without
from services.ingest.domain.rulings import ruled
from services.ingest.ports import Identities, Profiles, ProfileWrite, Timeline
from services.shared.clock import Clock


@dataclass(frozen=True)
class Rearrangement:
    """A regrouping with what it makes of profiles and of their histories."""

    regrouping: Regrouping
    writes: Sequence[ProfileWrite]
    history: Sequence[Chunk] = ()


class Keeper:
    """Plans and commits rearrangements. What is planned on a stale reading is refused as a whole."""

    def __init__(
        self,
        *,
        identities: Identities,
        profiles: Profiles,
        timeline: Timeline,
        clock: Clock,
        new_profile_id: Callable[[], str],
        new_tale: Callable[[], str],
    ) -> None:
        self._identities = identities
        self._profiles = profiles
        self._timeline = timeline
        self._clock = clock
        self._new_profile_id = new_profile_id
        self._new_tale = new_tale

    def plan(
        self,
        components: Sequence[Component],
        news: News,
        *,
        cuts: Sequence[Cut] | None = None,
        reason: str = "",
    ) -> Rearrangement:
        """What `news` (and `cuts`, which replace those there were) make of the people of `components`.

        Raises:
            Behind: a history that is to be told anew is not complete yet.
        """
        now = self._clock.now()

        def regrouped(news: News) -> Regrouping:
            return regroup(
                components,
                news,
                now=round(now.timestamp() * 1000),
                new_profile_id=self._new_profile_id,
                cuts=cuts,
                reason=reason,
            )

        regrouping = regrouped(news)
        if not regrouping.retold:
            return _ruled(Rearrangement(regrouping, self._merges(regrouping, now)), now, news.strands)
        events = self._history(regrouping)
        if orphans := _orphans(regrouping, events):
            regrouping = regrouped(replace(news, strands=news.strands | orphans))
        writes, history = self._retold(regrouping, events, now)
        planned = Rearrangement(regrouping, [*self._merges(regrouping, now), *writes], history)
        return _ruled(planned, now, news.strands)

    def plan_without(self, component: Component, receipts: str, reason: str) -> Rearrangement | None:
        """What `component` and its people would be without the events whose receipts begin with `receipts`; `None`
        when it has none of them. A profile nobody is left of becomes an empty one.

        Raises:
            Behind: a history is not complete yet.
        """
        now = self._clock.now()
        owners = {owner for owner in component.owners.values() if owner}
        stored = self._profiles.load(owners)
        events = self._events(stored.values())
        kept = [(source, one) for source, one in events if not one.receipt.startswith(receipts)]
        if len(kept) == len(events):
            return None
        regrouping = without(
            component,
            [one for _, one in kept],
            {one.receipt: source for source, one in kept},
            now=round(now.timestamp() * 1000),
            new_profile_id=self._new_profile_id,
            reason=reason,
        )
        leads = regrouping.after.leads
        left = [(s, one) for s, one in kept if one.strand or s in leads or one.call.profile_id in leads]
        writes, history = self._retold(regrouping, left, now)
        written = {write.profile.profile_id for write in writes}
        emptied = [self._emptied(stored[p], now) for p in sorted(owners & stored.keys() - written)]
        return _ruled(
            Rearrangement(regrouping, [*writes, *(w for some in emptied for w in some)], history), now
        )

    def _emptied(self, profile: Profile, now: datetime) -> list[ProfileWrite]:
        """A profile without its events; ids that led to it still do, and hold nothing either."""
        led = [strip.profile_id for strip in profile.absorbed]
        empty, _ = retold(profile, [], self._new_tale(), now)
        empty = replace(empty, absorbed=tuple(Strip(id_, NO_TALE) for id_ in led))
        writes = [ProfileWrite(empty, profile.version)]
        for old in self._profiles.load(led).values():
            if old.tale != NO_TALE:
                gone = redirect(old, profile.profile_id, now, is_told_anew=True)
                writes.append(ProfileWrite(gone, old.version))
        return writes

    def commit(self, planned: Rearrangement, known: Mapping[Identifier, Known]) -> bool:
        """Carry it out; false when somebody else changed any of it meanwhile, and it is to be planned again.

        Raises:
            TooMany: it is more than a transaction holds.
        """
        if planned.history:
            self._timeline.append(planned.history)
        done = self._identities.commit(planned.regrouping, known, planned.writes)
        if not done:
            self._remove_unless_told(planned.history)
        return done

    def _remove_unless_told(self, history: Sequence[Chunk]) -> None:
        """A refused write may be the repetition of one that was done and whose answer was lost."""
        tales = {chunk.profile_id: chunk.tale for chunk in history}
        told = self._profiles.load_hot(tales)
        for profile_id, tale in sorted(tales.items()):
            if profile_id not in told or told[profile_id].tale != tale:
                self._timeline.prune(profile_id, tale)

    def _merges(self, regrouping: Regrouping, now: datetime) -> list[ProfileWrite]:
        writes: list[ProfileWrite] = []
        ids = {p for winner, losers in regrouping.merges.items() for p in (winner, *losers)}
        stored = self._profiles.load(ids) if ids else {}
        for winner_id, loser_ids in regrouping.merges.items():
            winner = stored.get(winner_id, Profile(winner_id))
            losers = [stored.get(loser_id, Profile(loser_id)) for loser_id in loser_ids]
            merged = absorb(winner, losers, now)
            if merged.version > winner.version:
                writes.append(ProfileWrite(merged, winner.version))
            writes += [ProfileWrite(redirect(one, winner_id, now), one.version) for one in losers]
        return writes

    def _history(self, regrouping: Regrouping) -> list[tuple[str, Signed]]:
        """Every event that may change hands, with the profile that has it."""
        sources = self._profiles.load({s for found in regrouping.retold.values() for s in found})
        return self._events(sources.values())

    def _events(self, profiles: Iterable[Profile]) -> list[tuple[str, Signed]]:
        found = []
        for profile in profiles:
            self._timeline.check_complete(profile.strips())
            chunks = self._timeline.all(profile.strips())
            found += [(profile.profile_id, one) for chunk in chunks for one in chunk.events]
        return found

    def _retold(
        self, regrouping: Regrouping, events: Iterable[tuple[str, Signed]], now: datetime
    ) -> tuple[list[ProfileWrite], list[Chunk]]:
        leads = regrouping.after.leads
        mine: dict[str, list[Signed]] = {heir: [] for heir in regrouping.retold}
        for source, one in events:
            mine[_heir(regrouping, source, one)].append(one)
        stored = self._profiles.load({id_ for id_, heir in leads.items() if heir in mine})
        writes: list[ProfileWrite] = []
        history: list[Chunk] = []
        for heir, signed in mine.items():
            start = stored.get(heir, Profile(heir))
            profile, chunks = retold(start, signed, self._new_tale(), now)
            led = sorted(id_ for id_, to in leads.items() if to == heir != id_)
            absorbed = tuple(Strip(id_, NO_TALE) for id_ in led)
            profile = replace(profile, identifiers=_named(regrouping.after, heir), absorbed=absorbed)
            writes.append(ProfileWrite(profile, start.version))
            history += chunks
            for id_ in led:
                old = stored.get(id_, Profile(id_))
                if (old.merged_into, old.tale) != (heir, NO_TALE):
                    writes.append(ProfileWrite(redirect(old, heir, now, is_told_anew=True), old.version))
        return writes, history


def _ruled(planned: Rearrangement, now: datetime, told: Collection[Identifier] = ()) -> Rearrangement:
    """With what no event says on its first write, for the publisher to keep in the lake; the events of `told` say what
    became of those. A decision always changes somebody; only a rebuild, which goes another way to the same people, may
    find nothing to write."""
    regrouping = planned.regrouping
    rulings = ruled(regrouping.before, regrouping.after, round(now.timestamp() * 1000), told)
    if rulings is None or not planned.writes:
        return planned
    first, *others = planned.writes
    return replace(planned, writes=[replace(first, rulings=rulings), *others])


def _heir(regrouping: Regrouping, source: str, one: Signed) -> str:
    """Whose event it is now."""
    after = regrouping.after
    owner = after.owners.get(one.strand, "") if one.strand else after.leads.get(one.call.profile_id, "")
    return owner if owner in regrouping.retold else after.leads[source]


def _orphans(regrouping: Regrouping, events: Iterable[tuple[str, Signed]]) -> frozenset[Identifier]:
    """Strands whose person has no profile, and needs one, because it has events after all."""
    strands = {one.strand for _, one in events if one.strand}
    return frozenset(strand for strand in strands if regrouping.after.owners.get(strand) == "")


def _named(component: Component, profile_id: str) -> frozenset[Identifier]:
    return frozenset(i for i, owner in component.owners.items() if owner == profile_id)
