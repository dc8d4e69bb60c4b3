"""The interpreter's agenda: walks under way, who acts when, and what pauses do to it.

A walk stands somewhere until its time (`due`); then `acting.act` says what happens, node after node, until it stands
again or ends. Steps that were due before the clock came to them happen at the clock's time, for the time they were due.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from services.journeys.domain.acting import act, shared_way, wake
from services.journeys.domain.cohort import GRACE
from services.journeys.domain.document import Document
from services.journeys.domain.moves import (
    Ask,
    AskMessage,
    AskTask,
    AskUpdate,
    Away,
    Inline,
    Move,
    Out,
    Seen,
    Walker,
    request_name,
)
from services.journeys.domain.nodes import Branch, Jump, Split, Survey, Wait, WaitFor
from services.journeys.domain.states import asked_already
from services.journeys.domain.timing import Pause, due_after_pauses, paused
from services.journeys.domain.traces import Step, What
from services.shared.clock import to_iso

MAX_STEPS = 10_000
"""Nodes that a walk passes without a wait before something is wrong with the document."""


@dataclass(frozen=True)
class Passage:
    """A way on: from `source` to the node `target`, or (no target) out of the journey for a `reason`."""

    source: str
    target: str
    reason: str = ""


@dataclass
class Course:
    """A walk under way: at `node` since `since`; `over` when it waits for `due` there, else it arrives there then.
    `turn` tells its newest place in the agenda from older ones; `turned_away` is the newest reason to enter that came
    while it was on."""

    walker: Walker
    number: int
    node: str
    due: datetime
    since: datetime
    over: bool
    slot: str = ""
    active: bool = True
    absorbed: bool = False
    turn: int = 0
    asked: set[str] = field(default_factory=set)
    turned_away: tuple[int, datetime] | None = None


class Agenda:
    """Walks courses through a document. `seen` says what is known of a profile, `departed` why a course that was taken
    over from another profile ends at its next step (or nothing), `tell` takes the trace."""

    def __init__(
        self,
        document: Document,
        now: datetime,
        *,
        seen: Callable[[str], Seen],
        departed: Callable[[Course], str],
        tell: Callable[[Step], None],
    ) -> None:
        self._document = document
        self._seen = seen
        self._departed = departed
        self._tell = tell
        self.now = now
        self.closed: set[str] = set()
        self.steps = 0
        self.passed: Counter[Passage] = Counter()
        self._planned: list[tuple[datetime, int, Course]] = []
        self._turns = 0
        self._pauses: list[Pause] = []
        self._parked: list[Course] = []

    @property
    def next_at(self) -> datetime | None:
        """Nothing happens before then; `None`: nothing is planned."""
        return self._planned[0][0] if self._planned else None

    @property
    def drops(self) -> bool:
        """Does a pause let nobody be met, or enter?"""
        return self._paused_by("drop")

    def _paused_by(self, policy: str) -> bool:
        pause = paused(self._pauses, self.now)
        return pause is not None and pause.policy == policy

    def plan(self, course: Course, at: datetime) -> None:
        """Let a course go on at `at`, instead of any other time."""
        self._turns += 1
        course.turn = self._turns
        heapq.heappush(self._planned, (max(at, self.now), course.turn, course))

    def start(self, course: Course, grace: timedelta) -> None:
        """Begin a course: its cohort leaves `grace` after it is due; one that need not wait goes at once."""
        at = course.due + grace
        if at <= self.now and not paused(self._pauses, self.now):
            self.closed.add(course.slot)
            self._go(course, course.node, course.due, over=course.over)
        else:
            self.plan(course, at)

    def run(self, until: datetime, *, inclusive: bool = True) -> None:
        """Let everybody act whose time comes until then."""
        while self._planned and (self._planned[0][0] <= until if inclusive else self._planned[0][0] < until):
            at, turn, course = heapq.heappop(self._planned)
            if course.active and course.turn == turn:
                self.now = at
                self._wake_up(course)
        self.now = max(self.now, until)

    def pause(self, policy: Literal["hold", "drop"]) -> None:
        """From now on the journey stands still (`hold`), or goes on without meeting people (`drop`)."""
        self.resume()
        self._pauses.append(Pause(self.now, None, policy))

    def resume(self) -> None:
        """The pause is over: who was stopped by it goes on."""
        self._pauses = [p if p.end else replace(p, end=self.now) for p in self._pauses]
        parked, self._parked = self._parked, []
        for course in parked:
            if course.active:
                if self._freezes(course):
                    course.due = self._due(course)
                    course.since = min(
                        self.now, course.due
                    )  # what is left begins now: another pause adds to it
                self.plan(course, course.due)

    def hear(self, course: Course, signal: str) -> None:
        """A course has heard something, or the fact behind its date has changed."""
        move = wake(self._document, course.node, course.walker, self._seen_of(course), signal, self.now)
        if move is None or not course.over:
            return
        to = move.to
        if isinstance(to, Away) and to.over and to.node == course.node:
            if to.due != course.due:
                course.due = to.due
                self.note(course, "moved", to_iso(to.due))
                self.plan(course, max(to.due, self.now + GRACE))
            return
        self.note(course, "heard", signal)
        if isinstance(to, Out | Away) and (place := self._follow(course, to)):
            if self._paused_by("hold"):
                course.node, course.due, course.over = *place, False
                self._parked.append(course)
            else:
                self._go(course, *place, over=False)

    def end(self, course: Course, reason: str, enter: str = "") -> None:
        """A walk is over; the journey `enter` begins."""
        course.active = False
        self.passed[Passage(course.node, "", reason)] += 1
        self.note(course, "left", reason, enter=enter)

    def note(
        self, course: Course, what: What, detail: str = "", *, ask: Ask | None = None, enter: str = ""
    ) -> None:
        """A line of the trace."""
        walker = course.walker
        self._tell(Step(self.now, walker.profile_id, walker.key, course.node, what, detail, ask, enter))

    def _wake_up(self, course: Course) -> None:
        if self._paused_by("hold"):
            self._parked.append(course)
            return
        due = self._due(course) if self._freezes(course) else course.due
        if due > self.now:
            self.plan(course, due)
            return
        self.closed.add(course.slot)
        self._go(course, course.node, due, over=course.over)

    def _freezes(self, course: Course) -> bool:
        """Does its wait stand still in a pause? A date does not wait."""
        return course.over and isinstance(self._document.nodes[course.node], Wait | WaitFor | Survey)

    def _due(self, course: Course) -> datetime:
        return due_after_pauses(course.due, course.since, self._pauses, self.now)

    def _seen_of(self, course: Course) -> Seen:
        return self._seen(course.walker.profile_id)

    def _go(self, course: Course, node_id: str, at: datetime, *, over: bool) -> None:
        """From node to node, until the course stands or ends."""
        place = self._one(course, node_id, at, over=over)
        for _ in range(MAX_STEPS):
            if place is None:
                return
            place = self._one(course, *place, over=False)
        raise RuntimeError(f"{MAX_STEPS} nodes without a wait, the last one is {course.node!r}")

    def _one(self, course: Course, node_id: str, at: datetime, *, over: bool) -> tuple[str, datetime] | None:
        """One node; where to go on at once, if so."""
        course.node = node_id
        node = self._document.nodes[node_id]
        if isinstance(node, Wait) and not over:
            self._stand(course, node_id, at, at + node.duration)
            return None
        if course.absorbed and (reason := self._departed(course)):
            self.end(course, reason)
            return None
        self.steps += 1
        course.walker = replace(course.walker, since=course.since if over else None)
        seen = self._seen_of(course)
        move = act(self._document, node_id, course.walker, seen, at, over=over, now=self.now)
        if move.ask:
            move = self._asked(course, move, move.ask)
        if move.memory is not None:
            course.walker = replace(course.walker, memory=move.memory)
        if isinstance(node, WaitFor | Survey) and not over and isinstance(move.to, Inline):
            self._stand(course, node_id, at, at + node.timeout)
            return None
        to = Away(shared_way(node), at) if isinstance(move.to, Inline) else move.to
        if isinstance(to, Away) and not to.over and isinstance(node, Branch | Split | Jump):
            self.note(course, "went", to.node)
        return self._follow(course, to)

    def _follow(self, course: Course, to: Away | Out) -> tuple[str, datetime] | None:
        """Where to go on at once; `None`: the course stands, or has ended."""
        if isinstance(to, Out):
            self.end(course, to.reason, to.enter)
            return None
        if to.node != course.node:
            self.passed[Passage(course.node, to.node)] += 1
        if to.over:
            self._stand(course, to.node, self.now, to.due)
            self.plan(course, max(to.due, self.now + GRACE))  # a cohort that others may be joining
        elif to.due <= self.now and not self._gathers(to.node):
            return to.node, to.due
        else:
            self._arrive(course, to)
        return None

    def _gathers(self, node_id: str) -> bool:
        """Does a cohort that comes to the node wait for members whose clock is behind?"""
        document = self._document
        alone = not document.admission or isinstance(document.nodes[node_id], Wait)
        return node_id == document.start and not alone

    def _arrive(self, course: Course, to: Away) -> None:
        """On the way to a node."""
        course.node, course.due, course.since, course.over = to.node, to.due, to.due, False
        self.plan(course, to.due + GRACE if self._gathers(to.node) else to.due)

    def _stand(self, course: Course, node_id: str, since: datetime, due: datetime) -> None:
        """Wait at a node."""
        course.node, course.since, course.due, course.over = node_id, since, due, True
        course.walker = replace(course.walker, since=since)
        self.note(course, "waits", to_iso(due))
        self.plan(course, due)

    def _asked(self, course: Course, move: Move, ask: Ask) -> Move:
        """Once a node and lap, and what is left of the move; what a dropping pause would have sent is not."""
        name = request_name(course.node, course.walker.memory)
        if name in course.asked:
            return asked_already(self._document, course.node, move)
        course.asked.add(name)
        if not self.drops or isinstance(ask, AskUpdate):
            self.note(course, "asked", told(ask), ask=ask)
        return move


def told(ask: Ask) -> str:
    """What is asked for, in words."""
    if isinstance(ask, AskMessage):
        return f"{ask.template} by {', '.join(ask.channels)}"
    if isinstance(ask, AskUpdate):
        return "set " + ", ".join(f"{name}={value}" for name, value in sorted(ask.traits.items()))
    if isinstance(ask, AskTask):
        return f"{ask.kind} by {ask.owner}: {ask.title}"
    return f"tell {ask.sink}"
