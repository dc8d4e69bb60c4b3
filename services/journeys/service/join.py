"""Joining a cohort: the one operation behind entering a journey and leaving a branch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

from services.journeys.domain.cohort import Slot, entry_slots, first_wait_seconds, onward_slots
from services.journeys.domain.enrolment import Enrolment, Entrant, begin, may_enter
from services.journeys.ports import Boarding, Cohort, Definition, Definitions, Executions, Walks
from services.shared.clock import Clock, to_iso

PAGE = 98
"""Members that board together: one item lists them."""

MAX_SLOTS = 20
MAX_ATTEMPTS = 25
"""Tries of one page: each walk that was changed meanwhile costs one."""

MemberT = TypeVar("MemberT")


class NoRoom(Exception):
    """Every cohort tried was closed, or others were in the way all the time; the caller's batch must be retried."""


Stranded = list[tuple[Slot, Sequence[str]]]
"""People whom a cohort may have gone without, as it closed while they boarded."""


@dataclass(frozen=True)
class _Candidate:
    entrant: Entrant
    walk: Enrolment
    last: Enrolment | None


class Joining:
    """Puts people into cohorts, and sees to it that each cohort has its one execution."""

    def __init__(self, definitions: Definitions, walks: Walks, executions: Executions, clock: Clock) -> None:
        self._definitions = definitions
        self._walks = walks
        self._executions = executions
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
        groups: dict[str, list[_Candidate]] = defaultdict(list)
        for entrant in {e.ref: e for e in entrants}.values():
            last = found.get(entrant.ref)
            if may_enter(definition.document.entry, entrant.standing.version, last):
                walk = begin(entrant, definition.document, definition.version, now, last)
                first = next(self._entry_slots(definition, entrant, now))
                groups[first.key].append(_Candidate(entrant, walk, last))
        return sum(self._enter_group(definition, group, now) for group in groups.values())

    def finish_starts(self, definition: Definition, entrants: Sequence[Entrant]) -> None:
        """Start what a worker that died after joining these did not start, though they would not enter any more."""
        self._finish_starts(entrants, self._walks.find([e.ref for e in entrants], definition.journey))

    def onward(
        self, definition: Definition, source: str, node: str, due: datetime, refs: Sequence[str]
    ) -> None:
        """Move members of cohort `source` on to the cohorts that begin at `node`; `start_onward` starts these.

        Raises:
            NoRoom: too much is in the way.
        """
        journey = definition.journey

        def attempt(slot: Slot, members: Sequence[str]) -> Boarding:
            return self._walks.move(slot, journey, source, members)

        def drop(members: Sequence[str], boarding: Boarding) -> list[str]:
            return []

        slots = onward_slots(definition.document, definition.version, node, due, source)
        self._place(definition, slots, refs, attempt, drop, start=False)

    def start_onward(self, definition: Definition, source: str, node: str, due: datetime) -> None:
        """Start the executions of the cohorts that `onward` filled from `source`; again is the same."""
        for slot in onward_slots(definition.document, definition.version, node, due, source):
            cohort = self._walks.cohort(slot.key)
            if cohort is None:
                return
            if not cohort.started:
                self._start(definition, slot)

    def make_up_for(self, walk: Enrolment) -> None:
        """Start, or catch up for, the cohort of a walk that was taken over: nobody hears of the profile it began as
        any more, and whoever put it there may have died."""
        definition = self._definitions.get(walk.journey, walk.version)
        cohort = self._walks.cohort(walk.cohort) if walk.node == definition.document.start else None
        if cohort and not cohort.open:
            slots = entry_slots(
                definition.document,
                definition.version,
                walk.entered_at,
                self._clock.now(),
                walk.ref,
            )
            self._rescue(definition, cohort.slot, slots, [walk])
        elif cohort and not cohort.started:
            self._start(definition, cohort.slot)

    def _enter_group(self, definition: Definition, group: list[_Candidate], now: datetime) -> int:
        entry = definition.document.entry
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
                    if may_enter(entry, member.entrant.standing.version, last):
                        walk = begin(member.entrant, document, version, now, last)
                        kept.append(_Candidate(member.entrant, walk, last))
            return kept

        slots = self._entry_slots(definition, group[0].entrant, now)
        return self._place(definition, slots, group, attempt, look_again, start=True)

    def _entry_slots(self, definition: Definition, entrant: Entrant, now: datetime) -> Iterator[Slot]:
        return entry_slots(definition.document, definition.version, entrant.at, now, entrant.ref)

    def _place(
        self,
        definition: Definition,
        slots: Iterable[Slot],
        members: Sequence[MemberT],
        attempt: Callable[[Slot, Sequence[MemberT]], Boarding],
        look_again: Callable[[Sequence[MemberT], Boarding], list[MemberT]],
        *,
        start: bool,
    ) -> int:
        """Fill the best slots that are open; how many of `members` got in."""
        waiting, stranded, placed = list(members), Stranded(), 0
        for cohort in self._open_cohorts(definition, slots):
            caught_up, stranded = self._catch_up(definition.journey, cohort.slot, stranded)
            joined, waiting, missed = self._fill(cohort.slot, waiting, attempt, look_again)
            placed += joined
            if start and (joined or caught_up) and not cohort.started:
                self._start(definition, cohort.slot)
            stranded += missed
            if not waiting and not stranded:
                return placed
        raise NoRoom(f"{len(waiting) + len(stranded)} members of {definition.journey} found no open cohort")

    def _open_cohorts(self, definition: Definition, slots: Iterable[Slot]) -> Iterator[Cohort]:
        for slot in islice(slots, MAX_SLOTS):
            cohort = self._walks.open_cohort(slot, definition.journey, definition.version, self._clock.now())
            if cohort.open:
                yield cohort

    def _catch_up(self, journey: str, slot: Slot, stranded: Stranded) -> tuple[int, Stranded]:
        """How many had to move to `slot`, and whom it may have missed in its turn."""
        moved, missed = 0, Stranded()
        for source, refs in stranded:
            boarding = self._walks.catch_up(slot, journey, source, refs)
            moved += len(boarding.aboard)
            if boarding.closed:
                missed.append((slot, boarding.aboard))
        return moved, missed

    def _fill(
        self,
        slot: Slot,
        members: list[MemberT],
        attempt: Callable[[Slot, Sequence[MemberT]], Boarding],
        look_again: Callable[[Sequence[MemberT], Boarding], list[MemberT]],
    ) -> tuple[int, list[MemberT], Stranded]:
        """How many got into the slot's cohort, who must go to the next one because it closed, and whom it may have
        missed."""
        joined = 0
        while members:
            page, rest = members[:PAGE], members[PAGE:]
            for _ in range(MAX_ATTEMPTS):
                boarding = attempt(slot, page)
                joined += len(boarding.aboard)
                page = look_again(page, boarding)
                if boarding.closed:
                    return joined, page + rest, [(slot, boarding.aboard)]
                if not page:
                    break
            else:
                raise NoRoom(f"walks to {slot.key} were changed {MAX_ATTEMPTS} times while it was boarded")
            members = rest
        return joined, [], []

    def _finish_starts(self, entrants: Iterable[Entrant], walks: Mapping[str, Enrolment]) -> None:
        """A repeated entry may come from a worker that died between joining and starting, or before it saw that the
        cohort had closed."""
        repeated: dict[str, list[tuple[Entrant, Enrolment]]] = defaultdict(list)
        for entrant in entrants:
            walk = walks.get(entrant.ref)
            if walk and walk.active and walk.entry_version == entrant.standing.version:
                repeated[walk.cohort].append((entrant, walk))
        for key, pairs in repeated.items():
            entrant, walk = pairs[0]
            definition = self._definitions.get(walk.journey, walk.version)
            cohort = self._walks.cohort(key) if walk.node == definition.document.start else None
            if cohort and not cohort.open:
                slots = self._entry_slots(definition, entrant, self._clock.now())
                self._rescue(definition, cohort.slot, slots, [walk for _, walk in pairs])
            elif cohort and not cohort.started:
                self._start(definition, cohort.slot)

    def _rescue(
        self, definition: Definition, closed: Slot, slots: Iterator[Slot], walks: list[Enrolment]
    ) -> None:
        """Let those catch up who may have boarded too late, unseen."""
        fresh = [walk for walk in walks if not walk.requested and not walk.inherited]
        late = [walk.ref for walk in fresh if not self._walks.was_aboard(walk)]
        if not late:
            return
        stranded: Stranded = [(closed, late[i : i + PAGE]) for i in range(0, len(late), PAGE)]
        for cohort in self._open_cohorts(definition, slots):
            caught_up, stranded = self._catch_up(definition.journey, cohort.slot, stranded)
            if caught_up and not cohort.started:
                self._start(definition, cohort.slot)
            if not stranded:
                return
        raise NoRoom(f"{len(late)} members of {definition.journey} could not catch up")

    def _start(self, definition: Definition, slot: Slot) -> None:
        data = {
            "cohort": slot.key,
            "journey": definition.journey,
            "version": definition.version,
            "node": slot.node,
            "cursor": None,
            "due": to_iso(slot.due),
            "since": to_iso(slot.at),
            "wait_seconds": first_wait_seconds(definition.document, slot, self._clock.now()),
        }
        self._executions.start(definition.state_machine_arn, slot.key, data)
        self._walks.mark_started(slot.key)
