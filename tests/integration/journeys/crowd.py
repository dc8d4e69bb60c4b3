"""A crowd in segments, as scoring, ingest and delivery would tell of it, and the queue of runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.journeys.adapters import asking
from services.journeys.handlers import occasions, on_runs
from services.shared.aws.clients import client
from services.shared.contracts.audience import MOST, PARTS, AudienceAnswer, AudienceQuestion, Present
from services.shared.contracts.base import Model
from services.shared.contracts.outcomes import OutcomesAnswer, OutcomesQuestion
from services.shared.contracts.scoring import Standing
from services.shared.contracts.who import WhoAnswer, WhoQuestion
from services.shared.ids import stable_id
from tests.integration.journeys.world import NOON, Context, World
from tests.support.moto_store import drained, waiting

BRIEF = {
    "who": "Customers",
    "why": "They buy again",
    "channels": ["email"],
    "needed_data": ["email"],
    "step": "Orientation",
    "hypothesis": "Spring makes people buy",
}


class Crash(Exception):
    """A worker dies."""


@dataclass
class Crowd:
    """People by id, with their segments since when; `outcomes` is delivery's word. Each worker dies at its write
    number `dies_at`."""

    world: World
    people: dict[str, dict[str, datetime]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    outcomes: OutcomesAnswer = field(default_factory=OutcomesAnswer)
    page: int = MOST
    dies_at: int = 0
    writes: int = 0

    def join(self, segment: str, *profiles: str, at: datetime = NOON - timedelta(days=1)) -> None:
        for profile in profiles:
            self.people.setdefault(profile, {})[segment] = at
            self.versions[profile] = self.versions.get(profile, 0) + 1

    def ask(self, function: str, question: Model) -> Any:
        if isinstance(question, AudienceQuestion):
            return self._audience(question).model_dump(mode="json")
        if isinstance(question, OutcomesQuestion):
            return self.outcomes.model_dump(mode="json")
        assert isinstance(question, WhoQuestion)
        assert function == "who"
        known = question.identifier if question.identifier in self.people else ""
        return WhoAnswer(profile_id=known).model_dump(mode="json")

    def _audience(self, question: AudienceQuestion) -> AudienceAnswer:
        if not question.segment:
            return AudienceAnswer(
                people=[Present(standing=self._standing(p)) for p in question.profile_ids if p in self.people]
            )
        members = sorted(
            p for p, held in self.people.items() if question.segment in held and part_of(p) == question.part
        )
        left = [p for p in members if p > question.after][: self.page]
        more = left and left[-1] != members[-1]
        return AudienceAnswer(
            known=any(question.segment in held for held in self.people.values()),
            people=[
                Present(standing=self._standing(p), since=self.people[p][question.segment]) for p in left
            ],
            after=left[-1] if more else "",
        )

    def _standing(self, profile: str) -> Standing:
        return Standing(
            profile_id=profile,
            version=self.versions[profile],
            at=NOON,
            segments=sorted(self.people[profile]),
        )

    # Moving on

    def sweep(self) -> dict[str, Any]:
        return occasions.handler({}, Context())

    def work(self, *, milliseconds: int = 300_000) -> int:
        """Work off what is queued once, each message in an invocation of its own; how many failed and come again."""
        failed = 0
        for body in drained(self.queue):
            self.writes = 0
            event = {"Records": [{"messageId": "m", "body": body}]}
            answer = on_runs.handler(event, Context(milliseconds))
            if answer["batchItemFailures"]:
                failed += 1
                client("sqs").send_message(QueueUrl=self.queue, MessageBody=body)
        return failed

    def run(self, minutes: int = 3) -> None:
        """Sweep and work as a stage does, until nothing is queued, for some minutes."""
        for _ in range(minutes):
            self.sweep()
            while self.work() or self.waiting():
                pass
            self.world.run_until(self.world.clock.now() + timedelta(minutes=1))

    def waiting(self) -> bool:
        return waiting(self.queue)

    # What came of it

    def entered(self, journey: str) -> list[str]:
        """Whoever has a walk in a journey, once for each."""
        return [
            str(row["pk"]).removeprefix("P#")
            for (_, sk), row in self.world.items().items()
            if sk.startswith(f"E#{journey}")
        ]

    def sent(self) -> list[str]:
        """The profile of each message that was asked for."""
        return [
            str(row["profile_id"])
            for entry in self.world.published()
            if entry["detail-type"] == "MessageRequested.v1"
            for row in entry["detail"]["requests"]
        ]

    def count(self, model: Any, **_: Any) -> None:
        """Die at a write."""
        if model.name in ("PutItem", "UpdateItem", "TransactWriteItems", "DeleteItem"):
            self.writes += 1
            if self.writes == self.dies_at:
                raise Crash(model.name)

    def __post_init__(self) -> None:
        self.queue = client("sqs").create_queue(QueueName="runs")["QueueUrl"]


def part_of(profile: str) -> int:
    return int(stable_id("x", profile)[-6:], 36) % PARTS


def campaign(name: str = "spring", **changes: Any) -> dict[str, Any]:
    document = {
        "name": name,
        "title": "Spring",
        "objective": "cross_sell",
        "angle": "world",
        "brief": BRIEF,
        "segment": "customers",
        "template": "spring",
        "channels": ["email"],
        "schedule": {"start": "1997-01-01T12:05", "zone": "UTC"},
        "goal": {"event": "Order Completed", "within": "P2D"},
    }
    return {**document, **changes}


@pytest.fixture
def crowd(world: World, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    crowd = Crowd(world)
    monkeypatch.setattr(asking, "_ask", crowd.ask)
    monkeypatch.setenv("RUNS_QUEUE_URL", crowd.queue)
    client("dynamodb").meta.events.register("before-call.dynamodb", crowd.count)
    return crowd
