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
from services.journeys.ports import Definition, Definitions, Executions, Moved, Refused, Walks
from services.shared.clock import Clock, to_iso

PAGE = 98
"""Members a transaction carries beside the cohort's check and the page itself."""

MAX_SLOTS = 20
MAX_ATTEMPTS = 25
"""Tries of one transaction: each conflict or refused member costs one."""

MemberT = TypeVar("MemberT")


class NoRoom(Exception):
    """Every cohort tried was closed, or others were in the way all the time; the caller's batch must be retried."""


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
        found = self._walks.find([e.profile_id for e in entrants], definition.journey, stale=once)
        self._finish_starts(entrants, found)
        groups: dict[str, list[_Candidate]] = defaultdict(list)
        for entrant in {e.profile_id: e for e in entrants}.values():
            last = found.get(entrant.profile_id)
            if may_enter(definition.document.entry, entrant.standing.version, last):
                walk = begin(entrant, definition.document, definition.version, now, last)
                first = next(self._entry_slots(definition, entrant, now))
                groups[first.key].append(_Candidate(entrant, walk, last))
        return sum(self._enter_group(definition, group, now) for group in groups.values())

    def finish_starts(self, definition: Definition, entrants: Sequence[Entrant]) -> None:
        """Start what a worker that died after joining these did not start, though they would not enter any more."""
        self._finish_starts(entrants, self._walks.find([e.profile_id for e in entrants], definition.journey))

    def onward(
        self, definition: Definition, source: str, node: str, due: datetime, profiles: list[str]
    ) -> None:
        """Move members of cohort `source` on to the cohorts that begin at `node`; `start_onward` starts these.

        Raises:
            NoRoom: too much is in the way.
        """
        journey = definition.journey

        def attempt(slot: Slot, members: Sequence[str]) -> Moved | Refused:
            return self._walks.move(slot, journey, source, members)

        def drop_refused(members: Sequence[str], refused: Refused) -> list[str]:
            """Who has left stays behind; who was merged since goes on as the winner."""
            stood = {m: refused.in_the_way.get(m) for m in members if m in refused.in_the_way}
            moved = {m: walk.moved_to for m, walk in stood.items() if walk and walk.moved_to}
            going = [moved.get(m, m) for m in members if m not in stood or m in moved]
            return list(dict.fromkeys(going))

        slots = onward_slots(definition.document, definition.version, node, due, source)
        self._place(definition, slots, profiles, attempt, drop_refused, start=False)

    def start_onward(self, definition: Definition, source: str, node: str, due: datetime) -> None:
        """Start the executions of the cohorts that `onward` filled from `source`; again is the same."""
        for slot in onward_slots(definition.document, definition.version, node, due, source):
            cohort = self._walks.cohort(slot.key)
            if cohort is None:
                return
            if not cohort.started:
                self._start(definition, slot)

    def _enter_group(self, definition: Definition, group: list[_Candidate], now: datetime) -> int:
        entry = definition.document.entry
        document, version = definition.document, definition.version

        def attempt(slot: Slot, members: Sequence[_Candidate]) -> Moved | Refused:
            return self._walks.begin(slot, [(m.walk, m.last) for m in members])

        def look_again(members: Sequence[_Candidate], refused: Refused) -> list[_Candidate]:
            in_the_way = {profile: walk for profile, walk in refused.in_the_way.items() if walk}
            self._finish_starts([m.entrant for m in members], in_the_way)
            kept = []
            for member in members:
                entrant = member.entrant
                if entrant.profile_id not in refused.in_the_way:
                    kept.append(member)
                    continue
                last = refused.in_the_way[entrant.profile_id]
                if may_enter(entry, entrant.standing.version, last):
                    kept.append(_Candidate(entrant, begin(entrant, document, version, now, last), last))
            return kept

        slots = self._entry_slots(definition, group[0].entrant, now)
        return self._place(definition, slots, group, attempt, look_again, start=True)

    def _entry_slots(self, definition: Definition, entrant: Entrant, now: datetime) -> Iterator[Slot]:
        return entry_slots(definition.document, definition.version, entrant.at, now, entrant.profile_id)

    def _place(
        self,
        definition: Definition,
        slots: Iterable[Slot],
        members: Sequence[MemberT],
        attempt: Callable[[Slot, Sequence[MemberT]], Moved | Refused],
        look_again: Callable[[Sequence[MemberT], Refused], list[MemberT]],
        *,
        start: bool,
    ) -> int:
        """Fill the best slots that are open; how many of `members` got in."""
        waiting = list(members)
        placed = 0
        for slot in islice(slots, MAX_SLOTS):
            cohort = self._walks.open_cohort(slot, definition.journey, definition.version, self._clock.now())
            if not cohort.open:
                continue
            joined, waiting = self._fill(slot, waiting, attempt, look_again)
            placed += joined
            if start and joined and not cohort.started:
                self._start(definition, slot)
            if not waiting:
                return placed
        raise NoRoom(f"{len(waiting)} members of {definition.journey} found no open cohort")

    def _fill(
        self,
        slot: Slot,
        members: list[MemberT],
        attempt: Callable[[Slot, Sequence[MemberT]], Moved | Refused],
        look_again: Callable[[Sequence[MemberT], Refused], list[MemberT]],
    ) -> tuple[int, list[MemberT]]:
        """How many got into the slot's cohort, and who must go to the next one because it closed."""
        joined = 0
        while members:
            page, rest = members[:PAGE], members[PAGE:]
            for _ in range(MAX_ATTEMPTS):
                outcome = attempt(slot, page)
                if isinstance(outcome, Moved):
                    joined += len(page)
                    break
                page = look_again(page, outcome)
                if outcome.closed:
                    return joined, page + rest
                if not page:
                    break
            else:
                raise NoRoom(f"a transaction on {slot.key} was refused {MAX_ATTEMPTS} times")
            members = rest
        return joined, []

    def _finish_starts(self, entrants: Iterable[Entrant], walks: Mapping[str, Enrolment]) -> None:
        """A repeated entry may come from a worker that died between joining and starting."""
        repeated = {
            walk.cohort: walk
            for entrant in entrants
            if (walk := walks.get(entrant.profile_id))
            and walk.active
            and walk.entry_version == entrant.standing.version
        }
        for key, walk in repeated.items():
            definition = self._definitions.get(walk.journey, walk.version)
            cohort = self._walks.cohort(key) if walk.node == definition.document.start else None
            if cohort and not cohort.started:
                self._start(definition, cohort.slot)

    def _start(self, definition: Definition, slot: Slot) -> None:
        data = {
            "cohort": slot.key,
            "journey": definition.journey,
            "version": definition.version,
            "node": slot.node,
            "cursor": None,
            "due": to_iso(slot.due),
            "wait_seconds": first_wait_seconds(definition.document, slot, self._clock.now()),
        }
        self._executions.start(definition.state_machine_arn, slot.key, data)
        self._walks.mark_started(slot.key)
