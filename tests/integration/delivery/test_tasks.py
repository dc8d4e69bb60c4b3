"""Calls and other tasks for people: told on the bus, listed, closed, and heard of by the message that asked."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from services.delivery.bootstrap.content import serving_templates
from services.delivery.handlers import on_work, on_work_stream, person
from services.delivery.use_cases import desk
from services.shared.clock import to_iso
from services.shared.contracts.journeys import JourneyTask, JourneyTaskRequested
from services.shared.contracts.scoring import Task as Asked
from services.shared.contracts.scoring import TaskRequested
from tests.integration.delivery.steps import ask, given_contact, request
from tests.integration.delivery.test_letters import call
from tests.integration.delivery.world import NOW, Context, World, key_of, sqs

PHONE = "+31612345678"
CALL = {
    "class": "service",
    "kind": "appointment",
    "channels": {"call": {"subject": "Move the visit", "text": "Hello {{ first_name }}, may we come later?"}},
}
STRATEGY = Asked(
    task_id="tsk_1", profile_id="prf_1", title="Call", owner="sales", reason="strategy:x:y", at=NOW
)
NODE = JourneyTask(
    task_id="tsk_2",
    profile_id="prf_1",
    title="Send a sample",
    owner="desk",
    reason="journey",
    at=NOW + timedelta(seconds=1),
    kind="print",
    journey="welcome",
    version=1,
    node="sample",
    enrolment_id="enr_1",
)


@pytest.fixture
def ready(world: World) -> World:
    serving_templates().put("visit", CALL)
    given_contact(firstName="Ann", phone=PHONE)
    return world


def told(world: World) -> list[dict[str, Any]]:
    """What the outbox of tasks publishes of what is new."""
    begin = len(world.published)
    on_work_stream.handler(world.stream("work"), Context())
    return [{"type": e["DetailType"], **json.loads(e["Detail"])} for e in world.published[begin:]]


def test_a_call_is_a_task_that_the_bus_tells_and_its_end_comes_back(ready: World) -> None:
    ask(request("snd_1", template="visit", channels=["call"]))
    task_id = "call-snd_1"
    (fact,) = told(ready)
    assert fact["type"] == "CallRequested.v1"
    assert fact["calls"] == [
        {
            "task_id": task_id,
            "profile_id": "prf_1",
            "phone": PHONE,
            "title": "Move the visit",
            "script": "Hello Ann, may we come later?",
            "at": to_iso(NOW),
            "send_id": "snd_1",
            "journey": "welcome",
        }
    ]
    assert [one["task_id"] for one in call("GET", "/tasks")[1]["tasks"]] == [task_id]

    for _ in range(2):
        status, closed = call("POST", f"/tasks/{task_id}/done", {"outcome": "moved", "note": "To Friday."})
        assert (status, closed["status"]) == (200, "done")

    assert call("GET", "/tasks")[1] == {"tasks": [], "next": None}
    assert ready.item("snd_1")["first_delivered_at"]
    (fact,) = told(ready)
    assert fact["type"] == "OutcomesObserved.v1"
    (event,) = fact["events"]
    assert (event["event"], event["messageId"]) == ("Task Done", f"{task_id}-done")
    assert event["properties"]["outcome"] == "moved"
    assert call("POST", f"/tasks/{task_id}/failed", {})[1]["code"] == "task_closed"


def test_a_wrong_number_is_not_phoned_again(ready: World) -> None:
    ask(request("snd_1", template="visit", channels=["call"]))
    assert call("POST", "/tasks/call-snd_1/failed", {"outcome": "no_answer"})[0] == 200
    assert call("POST", "/tasks/call-snd_1/failed", {"outcome": "wrong_number"})[0] == 409
    ask(request("snd_2", template="visit", channels=["call"]))
    assert call("POST", "/tasks/call-snd_2/failed", {"outcome": "wrong_number"})[0] == 200
    ask(request("snd_3", template="visit", channels=["call"]))

    assert ready.item("snd_1")["first_soft_bounced_at"]
    assert ready.item("snd_2")["first_bounced_at"]
    assert (ready.item("snd_3")["status"], ready.item("snd_3")["reason"]) == ("skipped", "suppressed")
    held = {row["sk"]["S"] for row in ready.raw("gates") if key_of(PHONE, "call") in row["pk"]["S"]}
    assert held == {"suppressed#call"}


def test_tasks_of_strategies_and_journeys_come_once(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """F1: told again, and again after they were closed."""
    monkeypatch.setattr(desk, "PAGE", 1)
    batch = sqs(TaskRequested(tasks=[STRATEGY]), JourneyTaskRequested(tasks=[NODE]))
    for _ in range(2):
        assert on_work.handler(batch, Context()) == {"batchItemFailures": []}

    first = call("GET", "/tasks")[1]
    second = call("GET", "/tasks", query={"cursor": first["next"]})[1]

    assert [one["task_id"] for one in (*first["tasks"], *second["tasks"])] == ["tsk_1", "tsk_2"]
    assert second["tasks"][0]["kind"] == "print"
    assert call("POST", "/tasks/tsk_1/done", {})[0] == 200
    assert on_work.handler(batch, Context()) == {"batchItemFailures": []}
    assert call("GET", "/tasks/tsk_1")[1]["status"] == "done"
    assert call("GET", "/tasks", query={"cursor": "???"})[1]["code"] == "bad_cursor"
    assert call("GET", "/tasks/tsk_9")[0] == 404
    assert call("POST", "/tasks/tsk_2/done", {"outcome": "No!"})[0] == 400
    assert not [fact for fact in told(ready) if fact["type"] == "CallRequested.v1"]


def test_a_person_s_tasks_are_exported_and_erased_and_stay_so(ready: World) -> None:
    """F25: a task that is told again after the erasure finds the tombstone."""
    on_work.handler(sqs(TaskRequested(tasks=[STRATEGY])), Context())
    ask(request("snd_1", template="visit", channels=["call"]))

    def question(kind: str) -> dict[str, Any]:
        about = {"ask": kind, "profile_ids": ["prf_1"], "addresses": [], "at": to_iso(NOW)}
        return person.handler(about, Context())["stores"]

    assert {one["task_id"] for one in question("export")["work"]} == {"tsk_1", "call-snd_1"}
    assert question("erase")["work"] == 2
    on_work.handler(sqs(TaskRequested(tasks=[STRATEGY])), Context())
    assert ready.raw("work") == []
