"""Tasks for people: taken in, listed, and closed by whoever did them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from services.delivery.domain.contact import Gone
from services.delivery.domain.feedback import Feedback
from services.delivery.domain.work import WRONG_NUMBER, Fate, Task, closed
from services.delivery.ports.people import Gates
from services.delivery.ports.work import Work
from services.delivery.use_cases.note_feedback import NoteFeedback
from services.shared.clock import Clock, to_iso
from services.shared.contracts import journeys, scoring
from services.shared.cursors import cursor_of, read_cursor
from services.shared.errors import Conflict, NotFound

PAGE = 100


class Closing(BaseModel):
    """How a task went: `outcome` in a word (`sold`, `no_answer`, `wrong_number` …), `note` in a sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcome: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,39})?$")] = ""
    note: Annotated[str, Field(max_length=500)] = ""


class TakeTasks:
    """What strategies, triggers and journeys ask for."""

    def __init__(self, *, work: Work, gates: Gates) -> None:
        self._work = work
        self._gates = gates

    def take(self, tasks: Sequence[scoring.Task]) -> int:
        """Keep the tasks, of whoever was not erased; how many were new."""
        known = self._gates.reach(one.profile_id for one in tasks)
        return sum(
            self._work.add_task(_task(one))
            for one in tasks
            if not isinstance(known.get(one.profile_id), Gone)
        )


class Desk:
    """The use cases of `/tasks`; answers are JSON-ready."""

    def __init__(self, *, work: Work, noting: NoteFeedback, clock: Clock) -> None:
        self._work = work
        self._noting = noting
        self._clock = clock

    def open(self, cursor: str) -> dict[str, Any]:
        """`{tasks, next}`: the tasks that nobody closed, oldest first.

        Raises:
            Invalid: `bad_cursor`.
        """
        start = read_cursor(cursor, _place) if cursor else None
        tasks, more = self._work.open_tasks(PAGE, start)
        return {"tasks": [_shown(task) for task in tasks], "next": cursor_of(dict(more)) if more else None}

    def one(self, task_id: str) -> dict[str, Any]:
        """The task.

        Raises:
            NotFound: there is none.
        """
        return _shown(self._task(task_id))

    def close(self, task_id: str, status: Fate, body: Mapping[str, Any]) -> dict[str, Any]:
        """Close a task; closed alike again is the same. What a message asked for is fed back to it first, so that a
        repetition makes up for what broke off.

        Raises:
            NotFound: there is none.
            Conflict: `task_closed`, it was closed otherwise.
            pydantic.ValidationError: the body breaks a rule.
        """
        said = Closing.model_validate(dict(body))
        task = self._task(task_id)
        now = self._clock.now()
        after = closed(task, status, said.outcome, said.note, now)
        if task.send_id:
            kind = "delivered" if status == "done" else "soft_bounced"
            kind = "bounced" if said.outcome == WRONG_NUMBER else kind
            self._noting.note(Feedback(kind, task.send_id, task_id, now))
        if after is None:
            return _shown(task)
        if not self._work.close_task(after):
            raise Conflict("task_closed", f"task {task_id} was closed meanwhile")
        return _shown(after)

    def _task(self, task_id: str) -> Task:
        task = self._work.task(task_id)
        if task is None:
            raise NotFound("not_found", f"no task {task_id}")
        return task


def _task(asked: scoring.Task) -> Task:
    node = asked if isinstance(asked, journeys.JourneyTask) else None
    return Task(
        task_id=asked.task_id,
        kind=node.kind if node else "task",
        profile_id=asked.profile_id,
        title=asked.title,
        at=to_iso(asked.at),
        owner=asked.owner,
        reason=asked.reason,
        journey=node.journey if node else "",
    )


def _place(said: Any) -> dict[str, str]:
    return {name: str(said[name]) for name in ("pk", "sk", "open_partition", "at")}


def _shown(task: Task) -> dict[str, Any]:
    return {name: value for name, value in asdict(task).items() if value != ""}
