"""Pauses and stops as the steps of cohorts meet them: who is held, since when, and how cohorts go on afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.journeys.domain.cohort import LONGEST_NAME, seconds_until
from services.journeys.domain.operating import NEAR, SHORT, STOPPED, Running, drops, held
from services.journeys.domain.timing import due_after_pauses
from services.journeys.ports.definitions import Definition
from services.journeys.ports.running import Live, LiveCohorts, Runnings
from services.journeys.ports.walks import Cohorts, Executions
from services.journeys.service.act import StepInput
from services.shared.clock import Clock, from_iso, to_iso
from services.shared.ids import stable_id


@dataclass(frozen=True)
class Ruling:
    """What becomes of a step: it is `due` then, pauses considered. `halted`: its execution is over. `muted`: people go
    on without being met."""

    due: datetime
    halted: bool = False
    muted: bool = False


class Halting:
    """Parks cohorts that come to act while nobody may, and gives them back."""

    def __init__(
        self,
        runnings: Runnings,
        live: LiveCohorts,
        cohorts: Cohorts,
        executions: Executions,
        clock: Clock,
    ) -> None:
        self._runnings = runnings
        self._live = live
        self._cohorts = cohorts
        self._executions = executions
        self._clock = clock

    def rule(self, definition: Definition, step: StepInput, until: datetime) -> Ruling:
        """What a step may do now that its time has come; if it acts in time, its cohort is there `until` then.

        A wait that pauses have made much longer goes on in another execution: Step Functions ends one after a year.
        """
        running, now = self._running(definition), self._clock.now()
        due = _due(running, step.since or step.due, step.due, now)
        stopped = running.status == STOPPED
        if stopped or held(running, now) or due - now > SHORT:
            self._live.park(step.cohort, _carried(step), due + (until - step.due))
            self.release(definition, step.cohort)
            return Ruling(due, halted=True)
        if due > now:
            self._live.postpone(step.cohort, now, due)
        return Ruling(due, muted=drops(running, now))

    def release(self, definition: Definition, key: str) -> bool:
        """Let a parked cohort go on, unless it is held still, or its time is far; again is the same. Whoever parks one
        asks this afterwards, and whoever ends a pause before: one of them sees both."""
        live, running, now = self._live.live(key), self._running(definition), self._clock.now()
        if live is None or not live.parks or live.cohort.open or live.leaving:
            return False
        if live.cohort.state == "parked":
            due = _due(running, *_wait(live), now)
            if running.status == STOPPED or held(running, now) or due - now > NEAR:
                return False
            if not self._live.unpark(key, live.parks):
                return False
        elif live.cohort.started:
            return False
        self._start(definition, live, running)
        return True

    def _running(self, definition: Definition) -> Running:
        return self._runnings.of(definition.journey, definition.document.objective)

    def _start(self, definition: Definition, live: Live, running: Running) -> None:
        """What is left of a wait begins now: pauses of before are reckoned, those to come are not."""
        now = self._clock.now()
        due = _due(running, *_wait(live), now)
        since = min(now, due)
        self._live.postpone(live.key, since, due)
        data = {
            **live.carried,
            "since": to_iso(since),
            "due": to_iso(due),
            "wait_seconds": seconds_until(due, now),
        }
        self._executions.start(definition.state_machine_arn, _name(live.key, live.parks), data)
        self._cohorts.mark_started(live.key)


def _due(running: Running, since: datetime, due: datetime, now: datetime) -> datetime:
    return due_after_pauses(due, since, running.pauses, now)


def _wait(live: Live) -> tuple[datetime, datetime]:
    due = from_iso(live.carried["due"])
    since = live.carried.get("since")
    return (from_iso(since) if since else due), due


def _carried(step: StepInput) -> Mapping[str, Any]:
    return step.model_dump(mode="json", include=set(StepInput.model_fields))


def _name(key: str, parks: int) -> str:
    name = f"{key}-r{parks}"
    return name if len(name) <= LONGEST_NAME else stable_id("cohort", key, str(parks))
