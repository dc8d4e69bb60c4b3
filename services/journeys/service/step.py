"""One action of a cohort: what a node's task does to every member."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.journeys.domain.cohort import seconds_until
from services.journeys.domain.states import goes_on
from services.journeys.ports.definitions import Definition
from services.journeys.ports.walks import Parked
from services.journeys.service.act import Acting, StepInput, stands_until
from services.journeys.service.contest import Contesting
from services.journeys.service.halt import Halting, Ruling
from services.journeys.service.join import Joining
from services.journeys.service.stores import Stores

RESERVE_MS = 10_000
"""A step stops taking pages when less than this is left of its time."""


class StepOutput(StepInput):
    """The execution's data after a step: `due` and `wait_seconds` are of the next action; `more` asks for another
    step at the same node from `cursor`, `early` to wait first; `parked` ends the execution: another one will go on."""

    more: bool = False
    early: bool = False
    parked: bool = False
    wait_seconds: int = 0


@dataclass(frozen=True)
class StepResult:
    """A step's answer, how many members it looked at and on how many it acted."""

    output: StepOutput
    members: int = 0
    acted: int = 0


class Stepping:
    """Walks a cohort through its nodes, a page of members at a time."""

    def __init__(self, stores: Stores, joining: Joining, halting: Halting, contesting: Contesting) -> None:
        self._stores = stores
        self._halting = halting
        self._acting = Acting(stores, joining, contesting)

    def run(self, step: StepInput, milliseconds_left: Callable[[], int]) -> StepResult:
        """Do one step. A repeated step acts on nobody twice.

        Raises:
            NotFound: the version was never published.
            NoRoom: a branch could not regroup its people; Step Functions repeats the step.
        """
        now = self._stores.clock.now()
        if now < step.due:
            return _early(step, step.due, now)
        definition = self._stores.definitions.get(step.journey, step.version)
        ruling = self._rule(definition, step)
        if ruling.halted or ruling.due > now:
            return _parked(step) if ruling.halted else _early(step, ruling.due, now)
        if step.cursor is None and not self._arrive(definition, _at(step, ruling)):
            return _parked(step)
        return self._walk(definition, step, ruling, milliseconds_left)

    def _rule(self, definition: Definition, step: StepInput) -> Ruling:
        return self._halting.rule(definition, step, stands_until(definition.document, step))

    def _arrive(self, definition: Definition, step: StepInput) -> bool:
        """`False`: the cohort was parked, to go over to another version, or by an earlier try of this step."""
        since = step.since if step.over and step.since else step.due
        try:
            self._stores.walks.arrive(step.cohort, step.node, since, stands_until(definition.document, step))
        except Parked:
            self._halting.release(definition, step.cohort)
            return False
        return True

    def _walk(
        self, definition: Definition, step: StepInput, ruling: Ruling, milliseconds_left: Callable[[], int]
    ) -> StepResult:
        """Page by page; a pause that begins meanwhile stops the next one."""
        members = acted = 0
        for cursor, refs in self._stores.walks.pages(step.cohort, step.cursor):
            if members and milliseconds_left() < RESERVE_MS:
                return StepResult(StepOutput(**step.model_dump() | {"more": True}), members, acted)
            if members and (ruling := self._rule(definition, step)).halted:
                return _parked(step, members, acted)
            members += len(refs)
            acted += self._acting.act(definition, _at(step, ruling), refs, muted=ruling.muted)
            step = step.model_copy(update={"cursor": cursor})
        step = _at(step, ruling)
        self._acting.start_regrouped(definition, step)
        return StepResult(self._onward(definition, step), members, acted)

    def _onward(self, definition: Definition, step: StepInput) -> StepOutput:
        """Where the cohort goes on; if it must wait there, it stands there already."""
        data = step.model_dump() | {"cursor": None}
        following = goes_on(definition.document, step.node, step.over, step.due)
        if following is None:
            self._stores.walks.finish(step.cohort)
            return StepOutput(**data)
        node, due = following
        data |= {"since": step.due, "due": due, "wait_seconds": seconds_until(due, self._stores.clock.now())}
        if due > step.due:
            self._stores.walks.arrive(step.cohort, node, step.due, due, stands=True)
        return StepOutput(**data)


def _at(step: StepInput, ruling: Ruling) -> StepInput:
    """The step as if it had been due when pauses let it be."""
    return step.model_copy(update={"due": ruling.due})


def _early(step: StepInput, due: datetime, now: datetime) -> StepResult:
    """`due` stays what it was: pauses are reckoned anew from there."""
    waiting = {"early": True, "wait_seconds": seconds_until(due, now)}
    return StepResult(StepOutput(**step.model_dump() | waiting))


def _parked(step: StepInput, members: int = 0, acted: int = 0) -> StepResult:
    return StepResult(StepOutput(**step.model_dump() | {"parked": True}), members, acted)
