"""One action of a cohort: what a node's task does to every member."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.journeys.domain.cohort import due_at, seconds_until
from services.journeys.domain.compiler import inline_next
from services.journeys.domain.enrolment import Enrolment, exit_reason, view_of
from services.journeys.domain.graph import regrouped
from services.journeys.domain.nodes import Branch, Exit, Send
from services.journeys.ports import Definition, Definitions, Standings, Walks
from services.journeys.service.join import Joining
from services.shared.clock import Clock
from services.shared.conditions import evaluate
from services.shared.contracts.base import Instant, Model

RESERVE_MS = 10_000
"""A step stops taking pages when less than this is left of its time."""


class StepInput(Model):
    """What the state machine asks: act at `node` on the members behind `cursor`; the action is due at `due`, after a
    wait `since` (machines of before there were pauses do not say)."""

    cohort: str
    journey: str
    version: int
    node: str
    cursor: str | None = None
    due: Instant
    since: Instant | None = None


class StepOutput(StepInput):
    """The execution's data after a step: `due` and `wait_seconds` are of the next action; `more` asks for another
    step at the same node from `cursor`, `early` to wait first."""

    more: bool = False
    early: bool = False
    wait_seconds: int = 0


@dataclass(frozen=True)
class StepResult:
    """A step's answer, how many members it looked at and on how many it acted."""

    output: StepOutput
    members: int = 0
    acted: int = 0


class Stepping:
    """Walks a cohort through its nodes, a page of members at a time."""

    def __init__(
        self, definitions: Definitions, walks: Walks, standings: Standings, joining: Joining, clock: Clock
    ) -> None:
        self._definitions = definitions
        self._walks = walks
        self._standings = standings
        self._joining = joining
        self._clock = clock

    def run(self, step: StepInput, milliseconds_left: Callable[[], int]) -> StepResult:
        """Do one step. A repeated step acts on nobody twice.

        Raises:
            NotFound: the version was never published.
            NoRoom: a branch could not regroup its people; Step Functions repeats the step.
        """
        now = self._clock.now()
        data = step.model_dump()
        if now < step.due:
            return StepResult(
                StepOutput(**data | {"early": True, "wait_seconds": seconds_until(step.due, now)})
            )
        definition = self._definitions.get(step.journey, step.version)
        if step.cursor is None:
            self._walks.arrive(step.cohort, step.node, step.since or step.due, step.due)
        members = acted = 0
        for cursor, refs in self._walks.pages(step.cohort, step.cursor):
            if members and milliseconds_left() < RESERVE_MS:
                return StepResult(StepOutput(**data | {"more": True}), members, acted)
            members += len(refs)
            acted += self._act(definition, step, refs)
            data["cursor"] = cursor
        self._start_regrouped(definition, step)
        return StepResult(self._onward(definition, step), members, acted)

    def _act(self, definition: Definition, step: StepInput, refs: list[str]) -> int:
        here = self._without_departed(definition, self._walks.members(refs, step.journey, step.cohort))
        node = definition.document.nodes[step.node]
        if isinstance(node, Send):
            return self._ask(step, here, _exit_reason(definition, node.next))
        if isinstance(node, Branch):
            return self._divide(definition, step, node, here)
        if isinstance(node, Exit):
            return self._walks.end(here, self._clock.now(), node.reason)
        raise ValueError(f"node {step.node!r} of {step.journey!r} has no action")

    def _ask(self, step: StepInput, here: list[Enrolment], reason: str) -> int:
        """Ask for a node's messages, once a person: what was asked for under a profile merged since is not repeated."""
        now = self._clock.now()
        pending = [walk for walk in here if not walk.asked_at(step.node)]
        acted = self._walks.request(pending, step.node, now, reason)
        asked_before_merge = [walk for walk in here if step.node in walk.inherited]
        if reason and asked_before_merge:
            acted += self._walks.end(asked_before_merge, now, reason)
        return acted

    def _without_departed(self, definition: Definition, here: list[Enrolment]) -> list[Enrolment]:
        """End walks taken over from another profile whose new owner is not where the journey wants people: nobody
        will tell that they left a segment which they never were in."""
        exits_on = definition.document.exit_segments()
        absorbed = [walk for walk in here if walk.absorbed] if exits_on else []
        if not absorbed:
            return here
        standings = self._standings.find([walk.profile_id for walk in absorbed])
        departed = {}
        for walk in absorbed:
            standing = standings.get(walk.profile_id)
            missing = sorted(exits_on - set(standing.segments)) if standing else []
            if missing:
                departed[walk.ref] = (walk, exit_reason(missing[0]))
        self._walks.stop(departed.values(), self._clock.now())
        return [walk for walk in here if walk.ref not in departed]

    def _divide(self, definition: Definition, step: StepInput, branch: Branch, walks: list[Enrolment]) -> int:
        groups = self._groups(branch, walks)
        staying = groups.pop(branch.default, [])
        acted = 0
        reason = _exit_reason(definition, branch.default)
        if reason:
            acted += self._walks.end(staying, self._clock.now(), reason)
        for target, leaving in groups.items():
            reason = _exit_reason(definition, target)
            if reason:
                acted += self._walks.end(leaving, self._clock.now(), reason)
            else:
                refs = [walk.ref for walk in leaving]
                self._joining.onward(definition, step.cohort, target, step.due, refs)
                acted += len(leaving)
        return acted

    def _groups(self, branch: Branch, walks: list[Enrolment]) -> dict[str, list[Enrolment]]:
        """Who goes where: by the first condition that holds now."""
        now = self._clock.now()
        standings = self._standings.find([walk.profile_id for walk in walks])
        groups: dict[str, list[Enrolment]] = defaultdict(list)
        for walk in walks:
            view = view_of(standings.get(walk.profile_id))
            target = next(
                (arm.next for arm in branch.branches if evaluate(arm.condition, view, now)), branch.default
            )
            groups[target].append(walk)
        return groups

    def _start_regrouped(self, definition: Definition, step: StepInput) -> None:
        """Only now, with everybody on board: a cohort that begins with an action closes as soon as it runs."""
        node = definition.document.nodes[step.node]
        if isinstance(node, Branch):
            for target in regrouped(definition.document):
                if target in definition.document.next_nodes(step.node) and target != node.default:
                    self._joining.start_onward(definition, step.cohort, target, step.due)

    def _onward(self, definition: Definition, step: StepInput) -> StepOutput:
        data: dict[str, Any] = step.model_dump() | {"cursor": None}
        target = inline_next(definition.document, step.node)
        if target is None or _exit_reason(definition, target):
            self._walks.finish(step.cohort)
            return StepOutput(**data)
        data["since"] = step.due
        data["due"] = due_at(definition.document, target, step.due)
        data["wait_seconds"] = seconds_until(data["due"], self._clock.now())
        if data["due"] > step.due:
            self._walks.arrive(step.cohort, target, data["since"], data["due"])
        return StepOutput(**data)


def _exit_reason(definition: Definition, target: str) -> str:
    node = definition.document.nodes[target]
    return node.reason if isinstance(node, Exit) else ""
