"""Joining a cohort: the one operation behind entering a journey and leaving a branch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.journeys.domain.cohort import Slot, entry_slots, onward_slots, shared_slots
from services.journeys.domain.enrolment import TOLD, Enrolment, Entrant, begin, is_of, turned_away
from services.journeys.domain.entering import ACTIVE
from services.journeys.domain.moves import Memory
from services.journeys.domain.operating import refusal
from services.journeys.domain.states import Place
from services.journeys.ports.definitions import Definition, Definitions
from services.journeys.ports.running import Runnings
from services.journeys.ports.walks import Boarding, Executions, Refusal, Walks
from services.journeys.service.fill import Filling, Start
from services.shared.clock import Clock


@dataclass(frozen=True)
class _Candidate:
    entrant: Entrant
    walk: Enrolment
    last: Enrolment | None


class Joining:
    """Puts people into cohorts, and sees to it that each cohort has its one execution."""

    def __init__(
        self,
        definitions: Definitions,
        walks: Walks,
        executions: Executions,
        runnings: Runnings,
        clock: Clock,
    ) -> None:
        self._definitions = definitions
        self._walks = walks
        self._runnings = runnings
        self._filling = Filling(walks, executions, clock)
        self._clock = clock

    def enter(self, definition: Definition, entrants: Sequence[Entrant]) -> int:
        """Begin the walks of all who may; how many began. The same entrants again begin nothing.

        Raises:
            NoRoom: too much is in the way; whoever joined before it stays.
        """
        now = self._clock.now()
        # Where nobody enters twice, a walk once seen decides for good, and one overlooked refuses the write.
        once = definition.document.entry.reentry == "never"
        found = self._walks.find([e.ref for e in entrants], definition.journey, stale=once)
        self._finish_starts(entrants, found)
        shut = refusal(self._runnings.recent(definition.journey, definition.document.objective), now)
        groups: dict[str, list[_Candidate]] = defaultdict(list)
        turned: dict[str, tuple[Entrant, str]] = {}
        for entrant in {e.ref: e for e in entrants}.values():
            last = found.get(entrant.ref)
            reason = turned_away(definition.document, entrant, last, now) or shut
            if reason:
                turned[entrant.ref] = (entrant, reason)
                self._remember(definition, entrant, last, reason)
            else:
                walk = begin(entrant, definition.document, definition.version, now, last)
                first = next(self._entry_slots(definition, entrant, now))
                groups[first.key].append(_Candidate(entrant, walk, last))
        self._tell(definition, turned.values(), now)
        return sum(self._enter_group(definition, group, now) for group in groups.values())

    def _remember(
        self, definition: Definition, entrant: Entrant, last: Enrolment | None, reason: str
    ) -> None:
        """A reason that comes while somebody walks begins nothing, not even when it is told again afterwards."""
        if (
            last
            and reason == ACTIVE
            and not entrant.occasion
            and definition.document.entry.reentry != "never"
        ):
            self._walks.turn_away(last, entrant.standing.version, entrant.at)

    def _tell(self, definition: Definition, turned: Iterable[tuple[Entrant, str]], now: datetime) -> None:
        for entrant, reason in turned:
            if reason in TOLD:
                refusal = Refusal(entrant.ref, definition.journey, definition.version, reason, entrant.at)
                self._walks.refuse(refusal, entrant.standing.version, now)

    def finish_starts(self, definition: Definition, entrants: Sequence[Entrant]) -> None:
        """Start the cohorts of people whose worker died after it had joined them, even if these would not be let in
        any more."""
        self._finish_starts(entrants, self._walks.find([e.ref for e in entrants], definition.journey))

    def onward(
        self,
        definition: Definition,
        source: str,
        place: Place,
        due: datetime,
        members: Mapping[str, Memory | None],
    ) -> None:
        """Move members of cohort `source` on to the cohorts that begin at a place at `due`, when they leave, each with
        what it remembers by that; `start_onward` starts these.

        Raises:
            NoRoom: too much is in the way.
        """
        slots = onward_slots(definition.document, definition.version, place, due, source)
        self._move(definition, slots, source, members, start="later")

    def start_onward(self, definition: Definition, source: str, place: Place, due: datetime) -> None:
        """Start the executions of the cohorts that `onward` filled from `source`; again is the same."""
        for slot in onward_slots(definition.document, definition.version, place, due, source):
            cohort = self._walks.cohort(slot.key)
            if cohort is None:
                return
            if not cohort.started:
                self._filling.start(definition, slot)

    def ahead(
        self,
        definition: Definition,
        source: str,
        place: Place,
        since: datetime,
        due: datetime,
        members: Mapping[str, Memory | None],
    ) -> None:
        """Move members of cohort `source` to the cohorts of everybody who goes on from a place at `due`, which is
        ahead. They run before anybody is on board: whoever moves people again does not see those who have moved.

        Raises:
            NoRoom: too much is in the way.
        """
        slots = shared_slots(definition.document, definition.version, place, since, due)
        self._move(definition, slots, source, members, start="first")

    def wake(self, definition: Definition, walk: Enrolment, place: Place, due: datetime) -> bool:
        """Move a walk that is just as it was seen to the cohorts of everybody who goes on from a place at `due`;
        `False`: it has changed.

        Raises:
            NoRoom: every cohort tried was closed.
        """
        slots = shared_slots(definition.document, definition.version, place, due, due)

        def attempt(slot: Slot, members: Sequence[str]) -> Boarding:
            return self._walks.wake(slot, walk)

        def drop(members: Sequence[str], boarding: Boarding) -> list[str]:
            return []

        return self._filling.place(definition, slots, [walk.ref], attempt, drop, start="last") > 0

    def make_up_for(self, walks: Sequence[Enrolment]) -> None:
        """Start, or catch up for, the cohort of some walks: nobody hears again of what put them there, and whoever
        did may have died."""
        first = walks[0]
        definition = self._definitions.get(first.journey, first.version)
        cohort = self._walks.cohort(first.cohort) if first.cohort else None
        if cohort is None or cohort.slot.node != first.node:
            return
        if not cohort.open:
            self._filling.rescue(
                definition, cohort.slot, self._slots_like(definition, cohort.slot, first), walks
            )
        elif not cohort.started:
            self._filling.start(definition, cohort.slot)

    def _slots_like(self, definition: Definition, slot: Slot, walk: Enrolment) -> Iterator[Slot]:
        """Where people who came too late for a slot may go on."""
        document, version, now = definition.document, definition.version, self._clock.now()
        if slot.node == document.start and not slot.over and not walk.memory.lap:
            return entry_slots(document, version, walk.reason_at or walk.entered_at, now, walk.ref)
        due = slot.due if slot.over else slot.at
        return shared_slots(document, version, Place(slot.node, slot.over), slot.at, due)

    def _move(
        self,
        definition: Definition,
        slots: Iterable[Slot],
        source: str,
        members: Mapping[str, Memory | None],
        *,
        start: Start,
    ) -> None:
        def attempt(slot: Slot, refs: Sequence[str]) -> Boarding:
            page = {ref: members[ref] for ref in refs}
            return self._walks.move(slot, definition.journey, source, page)

        def drop(refs: Sequence[str], boarding: Boarding) -> list[str]:
            return []

        self._filling.place(definition, slots, list(members), attempt, drop, start=start)

    def _enter_group(self, definition: Definition, group: list[_Candidate], now: datetime) -> int:
        document, version = definition.document, definition.version

        def attempt(slot: Slot, members: Sequence[_Candidate]) -> Boarding:
            return self._walks.begin(slot, [(m.walk, m.last) for m in members])

        def look_again(members: Sequence[_Candidate], boarding: Boarding) -> list[_Candidate]:
            found = {ref: walk for ref, walk in boarding.in_the_way.items() if walk}
            self._finish_starts([m.entrant for m in members], found)
            kept = []
            for member in members:
                if member.entrant.ref in boarding.in_the_way:
                    last = boarding.in_the_way[member.entrant.ref]
                    reason = turned_away(document, member.entrant, last, now)
                    self._remember(definition, member.entrant, last, reason)
                    if not reason:
                        walk = begin(member.entrant, document, version, now, last)
                        kept.append(_Candidate(member.entrant, walk, last))
            return kept

        slots = self._entry_slots(definition, group[0].entrant, now)
        return self._filling.place(definition, slots, group, attempt, look_again, start="last")

    def _entry_slots(self, definition: Definition, entrant: Entrant, now: datetime) -> Iterator[Slot]:
        return entry_slots(definition.document, definition.version, entrant.at, now, entrant.ref)

    def _finish_starts(self, entrants: Iterable[Entrant], walks: Mapping[str, Enrolment]) -> None:
        """A repeated entry may come from a worker that died between joining and starting, or before it saw that the
        cohort had closed."""
        repeated: dict[str, list[Enrolment]] = defaultdict(list)
        for entrant in entrants:
            walk = walks.get(entrant.ref)
            if walk and walk.active and is_of(walk, entrant):
                repeated[walk.cohort].append(walk)
        for together in repeated.values():
            self.make_up_for(together)
