"""Working a simulation out: once, however often its message comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Literal

from pydantic import ValidationError

from services.journeys.domain.simulating import Asked, Question, Told
from services.shared.clock import Clock
from services.shared.errors import HalteError, explain
from services.simulations.ports.answers import Answers

Ended = Literal["done", "failed", "is_kept", "under_way", "forgotten"]
BROKEN = {"code": "broken", "message": "the simulation broke off; the stage's logs and alarms say why"}
OUT_OF_TIME = {
    "code": "out_of_time",
    "message": "people, days, runs: it took longer than a quarter of an hour; ask for fewer",
}


class OutOfTime(Exception):
    """There is no time left."""


Simulate = Callable[[Asked, Callable[[], None]], Mapping[str, Any]]
"""The report for a question. Calls its second argument every now and then, which may raise `OutOfTime`."""


class WorkingOut:
    """The use case of the queue's messages."""

    def __init__(self, answers: Answers, simulate: Simulate, clock: Clock) -> None:
        self._answers = answers
        self._simulate = simulate
        self._clock = clock

    def work_out(self, id: str, remaining: Callable[[], timedelta]) -> Ended:
        """Find an answer and keep it, while time is `remaining`; or say why there is none.

        Raises:
            Exception: what nobody expected; it is told as `broken`.
        """
        question = self._answers.question(id)
        if question is None:
            return "forgotten"
        if seen := _seen(question, self._clock):
            return seen
        until = self._clock.now() + remaining()
        if not self._answers.tell(id, Told("running", question.asked_at, until), question.state):
            return "under_way"
        return self._end(id, question, remaining)

    def _end(self, id: str, question: Question, remaining: Callable[[], timedelta]) -> Ended:
        def go_on() -> None:
            if remaining() <= timedelta(0):
                raise OutOfTime

        try:
            report = self._simulate(question.asked, go_on)
        except OutOfTime:
            return self._fail(id, question, OUT_OF_TIME)
        except HalteError as error:
            return self._fail(id, question, {"code": error.code, "message": error.message})
        except ValidationError as error:
            return self._fail(id, question, {"code": "invalid", "message": explain(error)})
        except Exception:
            self._fail(id, question, BROKEN)
            raise
        self._answers.tell(id, Told("done", question.asked_at, self._clock.now(), report))
        return "done"

    def _fail(self, id: str, question: Question, why: Mapping[str, str]) -> Ended:
        self._answers.tell(id, Told("failed", question.asked_at, self._clock.now(), why))
        return "failed"


def _seen(question: Question, clock: Clock) -> Ended | None:
    """What became of a question already; what broke, or ended without an answer, is tried again when it comes again."""
    told = question.by(clock.now())
    if told is None:
        return None
    if told.state == "running":
        return "under_way"
    broke = told.state == "failed" and told.said.get("code") in ("broken", "lost")
    return None if broke else "is_kept"
