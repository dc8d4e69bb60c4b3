"""One action of a cohort: what a node's task does to every member."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.journeys.domain.cohort import due_at, seconds_until
from services.journeys.domain.compiler import inline_next
from services.journeys.domain.document import Branch, Exit, Send
from services.journeys.domain.enrolment import Enrolment, view_of
from services.journeys.domain.graph import regrouped
from services.journeys.ports import Definition, Definitions, Standings, Walks
from services.journeys.service.join import Joining
from services.shared.clock import Clock
from services.shared.conditions import evaluate
from services.shared.contracts.base import Instant, Model

RESERVE_MS = 10_000
"""A step stops taking pages when less than this is left of its time."""


class StepInput(Model):
    """What the state machine asks: act at `node` on the members behind `cursor`; the action is due at `due`."""

    cohort: str
    journey: str
    version: int
    node: str
    cursor: str | None = None
    due: Instant


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
            self._walks.close(step.cohort)
        members = acted = 0
        for cursor, profiles in self._walks.pages(step.cohort, step.cursor):
            if members and milliseconds_left() < RESERVE_MS:
                return StepResult(StepOutput(**data | {"more": True}), members, acted)
            members += len(profiles)
            acted += self._act(definition, step, profiles)
            data["cursor"] = cursor
        self._start_regrouped(definition, step)
        return StepResult(self._onward(definition, step), members, acted)

    def _act(self, definition: Definition, step: StepInput, profiles: list[str]) -> int:
        here = self._walks.members(profiles, step.journey, step.cohort)
        node = definition.document.nodes[step.node]
        if isinstance(node, Send):
            pending = [walk for walk in here if step.node not in walk.requested]
            exit_reason = _exit_reason(definition, node.next)
            return self._walks.request(pending, step.node, self._clock.now(), exit_reason)
        if isinstance(node, Branch):
            return self._divide(definition, step, node, here)
        if isinstance(node, Exit):
            return self._walks.end(here, self._clock.now(), node.reason)
        raise ValueError(f"node {step.node!r} of {step.journey!r} has no action")

    def _divide(self, definition: Definition, step: StepInput, branch: Branch, walks: list[Enrolment]) -> int:
        groups = self._groups(branch, walks)
        staying = groups.pop(branch.default, [])
        acted = 0
        exit_reason = _exit_reason(definition, branch.default)
        if exit_reason:
            acted += self._walks.end(staying, self._clock.now(), exit_reason)
        for target, leaving in groups.items():
            exit_reason = _exit_reason(definition, target)
            if exit_reason:
                acted += self._walks.end(leaving, self._clock.now(), exit_reason)
            else:
                profiles = [walk.profile_id for walk in leaving]
                self._joining.onward(definition, step.cohort, target, step.due, profiles)
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
        if target is not None:
            data["due"] = due_at(definition.document, target, step.due)
            data["wait_seconds"] = seconds_until(data["due"], self._clock.now())
        return StepOutput(**data)


def _exit_reason(definition: Definition, target: str) -> str:
    node = definition.document.nodes[target]
    return node.reason if isinstance(node, Exit) else ""
