"""One action of a cohort: what a node's task does to every member."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.journeys.domain.cohort import seconds_until
from services.journeys.domain.states import goes_on
from services.journeys.ports import Definition, Definitions, Known, Standings, Walks
from services.journeys.service.act import Acting, StepInput, stands_until
from services.journeys.service.join import Joining
from services.shared.clock import Clock

RESERVE_MS = 10_000
"""A step stops taking pages when less than this is left of its time."""


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
        self,
        definitions: Definitions,
        walks: Walks,
        standings: Standings,
        known: Known,
        joining: Joining,
        clock: Clock,
    ) -> None:
        self._definitions = definitions
        self._walks = walks
        self._acting = Acting(walks, standings, known, joining, clock)
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
            stays = stands_until(definition.document, step)
            since = step.since if step.over and step.since else step.due
            self._walks.arrive(step.cohort, step.node, since, stays)
        members = acted = 0
        for cursor, refs in self._walks.pages(step.cohort, step.cursor):
            if members and milliseconds_left() < RESERVE_MS:
                return StepResult(StepOutput(**data | {"more": True}), members, acted)
            members += len(refs)
            acted += self._acting.act(definition, step, refs)
            data["cursor"] = cursor
        self._acting.start_regrouped(definition, step)
        return StepResult(self._onward(definition, step), members, acted)

    def _onward(self, definition: Definition, step: StepInput) -> StepOutput:
        """Where the cohort goes on; if it must wait there, it stands there already."""
        data = step.model_dump() | {"cursor": None}
        following = goes_on(definition.document, step.node, step.over, step.due)
        if following is None:
            self._walks.finish(step.cohort)
            return StepOutput(**data)
        node, due = following
        data |= {"since": step.due, "due": due, "wait_seconds": seconds_until(due, self._clock.now())}
        if due > step.due:
            self._walks.arrive(step.cohort, node, step.due, due)
        return StepOutput(**data)
