"""Filling cohorts: people get into the best one that is open, and each cohort has its one execution."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Literal, TypeVar

from services.journeys.domain.cohort import Slot, first_wait_seconds
from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.operating import FAR
from services.journeys.ports.definitions import Definition
from services.journeys.ports.walks import Boarding, Cohort, Executions, Walks
from services.shared.clock import Clock, to_iso

PAGE = 98
"""Members that board together: one item lists them."""

MAX_SLOTS = 20
MAX_ATTEMPTS = 25
"""Tries of one page: each walk that was changed meanwhile costs one."""

MemberT = TypeVar("MemberT")
Start = Literal["first", "last", "later"]
"""When the execution of a cohort is started: before people are put into it, after that, or later by the caller."""


class NoRoom(Exception):
    """Every cohort tried was closed, or others were in the way all the time; the caller's batch must be retried."""


Stranded = list[tuple[Slot, Sequence[str]]]
"""People whom a cohort may have left behind, because it closed while they boarded."""


class Filling:
    """Puts people into cohorts by whatever way they come."""

    def __init__(self, walks: Walks, executions: Executions, clock: Clock) -> None:
        self._walks = walks
        self._executions = executions
        self._clock = clock

    def place(
        self,
        definition: Definition,
        slots: Iterable[Slot],
        members: Sequence[MemberT],
        attempt: Callable[[Slot, Sequence[MemberT]], Boarding],
        look_again: Callable[[Sequence[MemberT], Boarding], list[MemberT]],
        *,
        start: Start,
    ) -> int:
        """Fill the best slots that are open; how many of `members` got in. Their executions start `first`, or `last`
        if anybody got in."""
        waiting, stranded, placed = list(members), Stranded(), 0
        for cohort in self._open_cohorts(definition, slots):
            if start == "first" and not cohort.started:
                self.start(definition, cohort.slot)
            caught_up, stranded = self._catch_up(definition.journey, cohort.slot, stranded)
            joined, waiting, missed = self._fill(cohort.slot, waiting, attempt, look_again)
            placed += joined
            if start == "last" and (joined or caught_up) and not cohort.started:
                self.start(definition, cohort.slot)
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

    def rescue(
        self, definition: Definition, closed: Slot, slots: Iterator[Slot], walks: Sequence[Enrolment]
    ) -> None:
        """Let those catch up who may have boarded too late, unseen."""
        fresh = [walk for walk in walks if walk.cohort == closed.key and walk.acted != closed.key]
        late = [walk.ref for walk in fresh if not self._walks.was_aboard(walk)]
        if not late:
            return
        stranded: Stranded = [(closed, late[i : i + PAGE]) for i in range(0, len(late), PAGE)]
        for cohort in self._open_cohorts(definition, slots):
            caught_up, stranded = self._catch_up(definition.journey, cohort.slot, stranded)
            if caught_up and not cohort.started:
                self.start(definition, cohort.slot)
            if not stranded:
                return
        raise NoRoom(f"{len(late)} members of {definition.journey} could not catch up")

    def start(self, definition: Definition, slot: Slot) -> None:
        """Start the execution of a slot's cohort; again is the same. Whose time is far gets it when that is near."""
        now = self._clock.now()
        if slot.due - now > FAR:
            return
        data = {
            "cohort": slot.key,
            "journey": definition.journey,
            "version": definition.version,
            "node": slot.node,
            "over": slot.over,
            "cursor": None,
            "due": to_iso(slot.due),
            "since": to_iso(slot.at),
            "wait_seconds": first_wait_seconds(definition.document, slot, now),
        }
        self._executions.start(definition.state_machine_arn, slot.key, data)
        self._walks.mark_started(slot.key)
