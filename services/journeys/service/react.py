"""What ingest and scoring tell: follow merges, keep the newest standing, let walks hear, begin walks, in this order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.journeys.domain.enrolment import Entrant
from services.journeys.domain.reasons import entrant_of
from services.journeys.domain.signals import Told, called, signals_of, standings_in, told_in
from services.journeys.ports import Attributes, Definition, Definitions, Known, Standings
from services.journeys.service.enter import Entering
from services.journeys.service.hear import Hearing
from services.journeys.service.merge import Merging
from services.shared.clock import Clock
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
        self,
        definitions: Definitions,
        standings: Standings,
        known: Known,
        entering: Entering,
        merging: Merging,
        hearing: Hearing,
        attributes: Attributes,
        clock: Clock,
    ) -> None:
        self._definitions = definitions
        self._standings = standings
        self._known = known
        self._entering = entering
        self._merging = merging
        self._hearing = hearing
        self._attributes = attributes
        self._clock = clock

    def react(self, facts: Sequence[Fact]) -> Reaction:
        """Take a batch of what ingest (`AttributesChanged`, `ProfilesMerged`, `ProfilesErased`), scoring (standings
        and what changed in them, `EventHeard`, `TraitsCarried`) and journeys (`JourneyCalled`) tell. What is said of
        a profile that is gone counts for nothing: its winner is told everything again.

        Raises:
            NoRoom, Contended: others were in the way all the time; the batch must be retried.
        """
        for registry in (one for f in facts if isinstance(f, AttributesChanged) for one in f.changes):
            self._attributes.keep(registry)
        handed_over = self._follow(facts)
        newest = self._standings.keep(_newest(facts))
        people = self._called(facts)
        present = {*newest, *(standing.profile_id for standing in people.values())}
        signals = [one for one in self._signals(facts, people) if one.standing.profile_id in present]
        self._hearing.note(signals)
        exited = self._hearing.hear(signals) + self._hearing.leave_stages(signals, newest)
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

    def _called(self, facts: Iterable[Fact]) -> Mapping[str, Standing]:
        """What is known of those whom journeys call, by the profile that was called."""
        calls = [call for f in facts if isinstance(f, JourneyCalled) for call in f.calls]
        people = {call.profile_id: self._merging.now_known_as(call.profile_id) for call in calls}
        standings = self._standings.find(set(people.values())) if people else {}
        return {
            call.profile_id: standings.get(person) or Standing(profile_id=person, version=0, at=call.at)
            for call in calls
            if (person := people[call.profile_id])
        }

    def _replan(self, facts: Sequence[Fact], newest: Mapping[str, Standing]) -> None:
        carried = [one for f in facts if isinstance(f, TraitsCarried) for one in f.carried]
        for one in carried:
            self._known.keep_traits(one)
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
        now = self._clock.now()
        by_signal: dict[str, list[Told]] = defaultdict(list)
        for told in signals:
            by_signal[told.signal].append(told)
        newest: Mapping[str, Definition] = {
            d.journey: d for d in sorted(self._definitions.all(), key=lambda d: d.version)
        }
        reasons: list[tuple[Definition, list[Entrant]]] = []
        for definition in newest.values():
            document = definition.document
            mine = [one for name in signals_of(document).entries for one in by_signal.get(name, ())]
            mine.sort(key=lambda told: (told.standing.version, told.at))
            entrants = [entrant_of(document, one, people.get(one.standing.profile_id), now) for one in mine]
            if entrants:
                reasons.append((definition, list({e.ref: e for e in entrants}.values())))
        return reasons


def _newest(facts: Iterable[Fact]) -> list[Standing]:
    """The newest standing of each person that facts bring."""
    standings = sorted((s for fact in facts for s in standings_in(fact)), key=lambda s: s.version)
    return list({standing.profile_id: standing for standing in standings}.values())
