"""Who walks through which journey, and the cohorts and executions that take them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from services.journeys.domain.cohort import Slot
from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.merging import Verdict
from services.journeys.domain.moves import Ask, Memory, Out


@dataclass(frozen=True)
class Request:
    """What a node asks for, for one walk, as `name`; `memory` if the walk remembers something by that, `out` if it
    ends."""

    walk: Enrolment
    name: str
    ask: Ask
    memory: Memory | None = None
    out: Out | None = None


@dataclass(frozen=True)
class Refusal:
    """Somebody (`walk_ref`) was not let in, who had a reason to enter at `at`."""

    ref: str
    journey: str
    version: int
    reason: str
    at: datetime


CohortState = Literal["open", "closed", "done", "parked"]


@dataclass(frozen=True)
class Cohort:
    """People who travel together, who began in `slot`: `open` until its execution's first step, then `closed`, and
    `done` once everybody has moved on or left; `parked` while nobody may act on it. `started` once its execution
    exists: one whose time is far has none yet. It is at `node` since `since`, whose action, or the end of whose wait,
    is `due`; until it has `arrived` for the first time it only comes to where it begins."""

    slot: Slot
    started: bool
    state: CohortState
    node: str
    since: datetime
    due: datetime
    arrived: bool = False

    @property
    def open(self) -> bool:
        return self.state == "open"


@dataclass(frozen=True)
class Boarding:
    """What came of putting people into a cohort: who is `aboard`, and whose walks are not as supposed (both by
    `walk_ref`; `None`: there is no walk). `closed`: the cohort closed meanwhile, and may have gone on without those
    aboard."""

    aboard: Sequence[str]
    in_the_way: Mapping[str, Enrolment | None]
    closed: bool


class Parked(Exception):
    """A cohort is parked."""


class Executions(Protocol):
    """Runs state machines."""

    def start(self, state_machine_arn: str, name: str, data: Mapping[str, Any]) -> None:
        """Start an execution; one of that name that exists already is the same one."""
        ...


class Cohorts(Protocol):
    """Cohorts, and the pages that list who travels in them."""

    def cohort(self, key: str) -> Cohort | None:
        """A cohort as of now."""
        ...

    def open_cohort(self, slot: Slot, journey: str, version: int, now: datetime) -> Cohort:
        """The cohort of a slot, made if need be."""
        ...

    def mark_started(self, key: str) -> None:
        """Note that the cohort's execution exists."""
        ...

    def arrive(self, key: str, node: str, since: datetime, due: datetime, *, stands: bool = False) -> None:
        """Let nobody join any more, and note where the cohort is: it `stands` there, or somebody is at work on it.
        Again, or too late, changes nothing.

        Raises:
            Parked: nobody may act on it before it is resumed.
        """
        ...

    def finish(self, key: str) -> None:
        """Note that nobody travels in the cohort any more."""
        ...

    def pages(self, key: str, after: str | None) -> Iterator[tuple[str, list[str]]]:
        """The members of a cohort as (cursor, references of walks), those behind cursor `after` only."""
        ...


class Walks(Cohorts, Protocol):
    """Enrolments, named by `walk_ref` within a journey, and the cohorts they are in."""

    def find(self, refs: Iterable[str], journey: str, *, stale: bool = False) -> dict[str, Enrolment]:
        """Walks in a journey by reference, as of now; `stale` ones may be a moment old, and cost half."""
        ...

    def members(
        self, refs: Iterable[str], journey: str, cohort: str, *, exact: bool = False
    ) -> list[Enrolment]:
        """Those of a page who are still active in the cohort, as the profile they are now; at worst somebody who has
        just left is among them, and every write about them finds that out. `exact`: with what their walks have heard
        and remember as of now, too."""
        ...

    def of_profile(self, profile_id: str, journey: str = "") -> list[Enrolment]:
        """All walks of a person, or those through one journey, as of now."""
        ...

    def refuse(self, refusal: Refusal, reason_version: int, now: datetime) -> None:
        """Note that somebody was not let in by the standing of `reason_version`; again, or an older one, is nothing."""
        ...

    def begin(self, slot: Slot, walks: Sequence[tuple[Enrolment, Enrolment | None]]) -> Boarding:
        """Put new walks into a cohort, each instead of the last one it was paired with."""
        ...

    def move(self, slot: Slot, journey: str, source: str, members: Mapping[str, Memory | None]) -> Boarding:
        """Take active walks over from cohort `source`, each with what it remembers by that."""
        ...

    def migrate(
        self, slot: Slot, journey: str, source: str, refs: Sequence[str], version: int, at: datetime
    ) -> Boarding:
        """Take active walks over from cohort `source`, for another version of the journey."""
        ...

    def wake(self, slot: Slot, walk: Enrolment) -> Boarding:
        """Take a walk over that is just as it was seen."""
        ...

    def catch_up(self, slot: Slot, journey: str, missed: Slot, refs: Sequence[str]) -> Boarding:
        """Take over from `missed`, a cohort that closed, whom it left without; whom it took along stays."""
        ...

    def was_aboard(self, walk: Enrolment) -> bool:
        """Did whoever put the walk into its cohort see that the cohort was still open afterwards?"""
        ...

    def request(self, requests: Iterable[Request], at: datetime) -> int:
        """Note what is asked for, and end the walks that end by it. How many were: not those that have ended, have
        left the cohort or have asked before. A walk that was taken over meanwhile is written where it is now; so
        with `remember` and `end`."""
        ...

    def remember(self, walks: Iterable[tuple[Enrolment, Memory]]) -> None:
        """Note what walks remember that are still active in the same cohort."""
        ...

    def hear(
        self, walk: Enrolment, heard: Mapping[str, datetime], kept: Mapping[str, Any]
    ) -> Enrolment | None:
        """Note what an active walk has heard and keeps, and nothing else; the walk as it is then. `None`: it has
        changed since it was seen, or it has ended."""
        ...

    def end(self, walks: Iterable[tuple[Enrolment, Out, Memory | None]], at: datetime) -> int:
        """End walks that are still active in the same cohort, each with what it remembers by that; how many were."""
        ...

    def stop(self, walks: Iterable[tuple[Enrolment, str]], at: datetime) -> int:
        """End walks, each for its reason, wherever they are by now; how many had not ended already."""
        ...

    def leave(self, walk: Enrolment, out: Out, at: datetime) -> bool:
        """End one walk as `out` says, wherever it is by now; `False`: it had ended already."""
        ...

    def hand_over(
        self, lost: Enrolment, won: Enrolment | None, verdict: Verdict, winner: str, at: datetime
    ) -> bool:
        """Give a loser's walk to the winner, who has walked `won` so far; `False`: one of them has changed."""
        ...

    def forget(self, profile_id: str) -> int:
        """Remove all walks of a profile; how many there were."""
        ...
