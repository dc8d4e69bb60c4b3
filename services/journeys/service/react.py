"""What ingest and scoring tell: follow merges, keep the newest standing, let walks hear, begin walks, in this order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.journeys.domain.enrolment import Entrant
from services.journeys.domain.reasons import entrant_of
from services.journeys.domain.signals import Told, called, signals_of, standings_in, told_in
from services.journeys.ports.definitions import Attributes, Definition
from services.journeys.service.enter import Entering
from services.journeys.service.hear import Hearing
from services.journeys.service.merge import Merging
from services.journeys.service.stores import Stores
from services.journeys.service.versions import newest_versions
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import AttributesChanged, ProfilesErased, ProfilesMerged
from services.shared.contracts.journeys import JourneyCalled
from services.shared.contracts.scoring import ScoreChanged, Standing, TraitsCarried


@dataclass(frozen=True)
class Reaction:
    """What a batch of facts came to."""

    standings: int
    entered: int
    exited: int
    stale: int
    handed_over: int


class Reacting:
    """Turns facts into walks. The same facts again, in any order, change nothing."""

    def __init__(
        self, stores: Stores, entering: Entering, merging: Merging, hearing: Hearing, attributes: Attributes
    ) -> None:
        self._stores = stores
        self._entering = entering
        self._merging = merging
        self._hearing = hearing
        self._attributes = attributes

    def react(self, facts: Sequence[Fact]) -> Reaction:
        """Take a batch of what ingest (`AttributesChanged`, `ProfilesMerged`, `ProfilesErased`), scoring (standings
        and what changed in them, `EventHeard`, `TraitsCarried`) and journeys (`JourneyCalled`) tell. What is said of
        a profile that is gone counts for nothing: its winner is told everything again. Events are told once, and are
        its winner's.

        Raises:
            NoRoom, Contended: others were in the way all the time; the batch must be retried.
        """
        for registry in (one for f in facts if isinstance(f, AttributesChanged) for one in f.changes):
            self._attributes.keep(registry)
        handed_over = self._follow(facts)
        exited = self._hear_as_winners(facts)
        newest = self._stores.standings.keep(_newest(facts))
        people = self._called(facts)
        present = {*newest, *(standing.profile_id for standing in people.values())}
        told = self._signals(facts, people)
        signals = [one for one in told if one.standing.profile_id in present]
        signals += self._heard_as_others([one for one in told if one.standing.profile_id not in present])
        self._hearing.note(signals)
        exited += self._hearing.hear(signals) + self._hearing.leave_stages(signals, newest)
        self._replan(facts, newest)
        entered = stale = 0
        for definition, reasons in self._reasons(signals, newest):
            came = self._entering.enter(definition, reasons)
            entered, exited, stale = entered + came.entered, exited + came.exited, stale + came.stale
        return Reaction(len(newest), entered, exited, stale, handed_over)

    def _follow(self, facts: Iterable[Fact]) -> int:
        """Empty profiles that are gone; how many walks they had."""
        emptied = self._merging.merge(m for f in facts if isinstance(f, ProfilesMerged) for m in f.merges)
        for erasure in (e for f in facts if isinstance(f, ProfilesErased) for e in f.erasures):
            emptied += sum(self._merging.settle(profile_id) for profile_id in erasure.profile_ids)
        return emptied

    def _hear_as_winners(self, facts: Iterable[Fact]) -> int:
        """Let winners hear what their losers did; how many walks ended by it."""
        losers = {merge.loser for f in facts if isinstance(f, ProfilesMerged) for merge in f.merges}
        people = {loser: self._merging.now_known_as(loser) for loser in sorted(losers)}
        return self._hearing.hear_of_losers({a: b for a, b in people.items() if b not in ("", a)})

    def _called(self, facts: Iterable[Fact]) -> Mapping[str, Standing]:
        """What is known of those whom journeys call, by the profile that was called."""
        calls = [call for f in facts if isinstance(f, JourneyCalled) for call in f.calls]
        people = {call.profile_id: self._merging.now_known_as(call.profile_id) for call in calls}
        standings = self._stores.standings.find(set(people.values())) if people else {}
        return {
            call.profile_id: _standing_of(person, standings, call.at)
            for call in calls
            if (person := people[call.profile_id])
        }

    def _heard_as_others(self, signals: Iterable[Told]) -> list[Told]:
        """Events of profiles that are somebody else by now, as that one's."""
        events = [one for one in signals if one.event]
        profiles = {one.standing.profile_id for one in events}
        people = {profile_id: self._merging.now_known_as(profile_id) for profile_id in profiles}
        standings = self._stores.standings.find({one for one in people.values() if one}) if people else {}
        return [
            replace(one, standing=_standing_of(person, standings, one.at), version=0)
            for one in events
            if (person := people[one.standing.profile_id])
        ]

    def _replan(self, facts: Sequence[Fact], newest: Mapping[str, Standing]) -> None:
        carried = [one for f in facts if isinstance(f, TraitsCarried) for one in f.carried]
        for one in carried:
            self._stores.known.keep_traits(one)
        if carried:
            self._hearing.replan([one.profile_id for one in carried], facts=False)
        changed = [c.standing.profile_id for f in facts if isinstance(f, ScoreChanged) for c in f.changes]
        if changed:
            self._hearing.replan([profile for profile in changed if profile in newest], facts=True)

    def _signals(self, facts: Iterable[Fact], people: Mapping[str, Standing]) -> list[Told]:
        """All that is said, in the order of the standings behind it."""
        found = [told for fact in facts for told in told_in(fact)]
        for call in (call for f in facts if isinstance(f, JourneyCalled) for call in f.calls):
            if call.profile_id in people:
                found.append(Told(called(call.journey), call.at, people[call.profile_id]))
        return sorted(found, key=lambda told: (told.standing.version, told.at))

    def _reasons(
        self, signals: Sequence[Told], people: Mapping[str, Standing]
    ) -> list[tuple[Definition, list[Entrant]]]:
        """Who has a reason to enter which journey, each person and matter once a journey by the newest."""
        now = self._stores.clock.now()
        by_signal: dict[str, list[Told]] = defaultdict(list)
        for told in signals:
            by_signal[told.signal].append(told)
        reasons: list[tuple[Definition, list[Entrant]]] = []
        for definition in newest_versions(self._stores.definitions.all()).values():
            document = definition.document
            mine = [one for name in signals_of(document).entries for one in by_signal.get(name, ())]
            mine.sort(key=lambda told: (told.standing.version, told.at))
            entrants = [entrant_of(document, one, people.get(one.standing.profile_id), now) for one in mine]
            if entrants:
                reasons.append((definition, list({e.ref: e for e in entrants}.values())))
        return reasons


def _standing_of(profile_id: str, standings: Mapping[str, Standing], at: datetime) -> Standing:
    """What is known of somebody, which may be nothing yet."""
    return standings.get(profile_id) or Standing(profile_id=profile_id, version=0, at=at)


def _newest(facts: Iterable[Fact]) -> list[Standing]:
    """The newest standing of each person that facts bring."""
    standings = sorted((s for fact in facts for s in standings_in(fact)), key=lambda s: s.version)
    return list({standing.profile_id: standing for standing in standings}.values())
