"""Simulations by the public API: asked for once, worked out by the real worker, answered as the command answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from benchmarks.tariff import metered
from services.journeys.adapters import asking
from services.journeys.adapters.library_files import shelf
from services.journeys.domain.simulating import LOST, Told, told_key
from services.journeys.handlers import simulations
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.given import Worded, WordingsAnswer
from services.shared.contracts.past import PastAnswer, PastLine, PastQuestion
from services.simulations.adapters import asked_past
from services.simulations.handlers import on_simulations
from services.simulations.service import simulate
from services.simulations.service.simulate import Simulator
from tests.integration.journeys.world import Context, World
from tests.support.moto_store import drained
from tests.unit.halte.journeys.test_command import run
from tests.unit.journeys.documents import journey

FEW: dict[str, Any] = {"people": 12, "days": 10, "seed": 5}
CART = "/journeys/abandoned_cart/simulations"


class Stage(World):
    """Journeys, and the worker of simulations."""

    given: Given

    def __init__(self, queue: str) -> None:
        super().__init__()
        self._queue = queue

    def ask(self, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        return self.http("POST", path, body, handler=simulations.handler)

    def look(self, path: str) -> tuple[int, dict[str, Any]]:
        return self.http("GET", path, handler=simulations.handler)

    def handed_out(self) -> list[dict[str, Any]]:
        return [{"messageId": "m", "body": body} for body in drained(self._queue)]

    def work(self, records: list[dict[str, Any]] | None = None, *, milliseconds: int = 900_000) -> list[str]:
        """Work off what is handed out; the ids of failed messages."""
        event = {"Records": self.handed_out() if records is None else records}
        answer = on_simulations.handler(event, Context(milliseconds))
        return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


@pytest.fixture
def stage(world: World, monkeypatch: pytest.MonkeyPatch) -> Stage:
    boto3.client("s3").create_bucket(Bucket="lake")
    url = boto3.client("sqs").create_queue(QueueName="simulations")["QueueUrl"]
    prices = metered()
    for name, value in {
        "LAKE_BUCKET": "lake",
        "LAKE_FUNCTION": "lake",
        "DEFINITIONS_FUNCTION": "definitions",
        "WORDINGS_FUNCTION": "wordings",
        "SIMULATORS_URL": url,
        "USD_PER_MILLION_ENTRIES": f"{prices.entry * 1_000_000:.6g}",
        "USD_PER_MILLION_MAILS": f"{prices.mail * 1_000_000:.6g}",
    }.items():
        monkeypatch.setenv(name, value)
    stage = Stage.__new__(Stage)
    stage.__dict__ = {**vars(world), "_queue": url}
    stage.given = Given()
    monkeypatch.setattr(asking, "_ask", stage.given)
    stage.publish(dict(shelf()["abandoned_cart"].journey))
    return stage


class Given:
    """What scoring and delivery answer: the words of the library, and what a test defines."""

    def __init__(self) -> None:
        self.define: dict[str, Any] = {}
        self.pressure: dict[str, Any] = {"caps": [{"count": 3, "within": "P1D"}]}
        self.named: list[tuple[str, str]] = []

    def __call__(self, function: str, question: Any) -> Any:
        if function == "definitions":
            self.named = [(one.kind, one.name) for one in question.named]
            return {"define": self.define}
        messages = shelf()["abandoned_cart"].messages
        worded = {
            name: Worded(message_class=one.kind, purpose=one.purpose or "")
            for name, one in messages.items()
            if name in question.templates
        }
        return WordingsAnswer(messages=worded, pressure=self.pressure).model_dump(mode="json")


def test_a_route_answers_what_the_command_says(stage: Stage, tmp_path: Path) -> None:
    body = {**FEW, "runs": 2}
    status, asked = stage.ask(CART, body)
    assert (status, asked["state"], asked["version"]) == (202, "waiting", 1)
    assert stage.look(f"{CART}/{asked['id']}")[1]["state"] == "waiting"
    assert stage.work() == []
    status, told = stage.look(f"{CART}/{asked['id']}")
    assert (status, told["state"]) == (200, "done")
    file = tmp_path / "cart.json"
    asked_for = ("--customers", "12", "--days", "10", "--seed", "5", "--runs", "2")
    run("simulate", "abandoned_cart", *asked_for, "--json", file)
    assert told["report"] == json.loads(file.read_text())
    assert told["report"]["entered"] > 0
    assert told["report"]["cost_usd"]["walking"] > 0


def test_the_same_question_is_worked_out_once_however_often_it_is_asked_and_told(stage: Stage) -> None:
    """F1: asked, and delivered, more than once."""
    _, asked = stage.ask(CART, FEW)
    status, again = stage.ask(CART, dict(reversed(FEW.items())))
    assert (status, again["id"]) == (202, asked["id"])
    (message,) = stage.handed_out()
    stage.work([message])
    before = boto3.client("s3").head_object(Bucket="lake", Key=told_key(asked["id"]))["LastModified"]
    kept = stage.ask(CART, FEW)
    stage.work([message, message])
    assert (kept[0], kept[1]["state"]) == (200, "done")
    assert stage.look(f"{CART}/{asked['id']}")[1] == kept[1]
    assert boto3.client("s3").head_object(Bucket="lake", Key=told_key(asked["id"]))["LastModified"] == before
    assert stage.handed_out() == []
    assert stage.ask(CART, {**FEW, "seed": 6})[1]["id"] != asked["id"]


def test_a_draft_is_simulated_as_it_is_written(stage: Stage) -> None:
    draft = {**shelf()["abandoned_cart"].journey, "admission": "PT0S"}
    assert stage.http("PUT", "/journeys/abandoned_cart/draft", draft)[0] == 200
    _, asked = stage.ask(CART, {**FEW, "version": "draft"})
    stage.work()
    told = stage.look(f"{CART}/{asked['id']}")[1]
    assert (told["version"], told["state"]) == ("draft", "done")
    assert told["report"]["entered"] > 0


def test_what_is_not_worked_out_is_refused_by_its_field(stage: Stage) -> None:
    for name, body, status, code, field in (
        ("abandoned_cart", {"people": 20_001}, 400, "invalid", "people"),
        ("abandoned_cart", {"days": 0}, 400, "invalid", "days"),
        ("abandoned_cart", {"humans": 5}, 400, "invalid", "humans"),
        ("abandoned_cart", {"people": 20_000, "days": 300}, 400, "too_much", "people"),
        ("abandoned_cart", {"version": 2}, 404, "unknown_version", "version"),
        ("abandoned_cart", {"version": "draft"}, 404, "unknown_draft", "draft"),
        ("nowhere", {}, 404, "unknown_journey", "nowhere"),
    ):
        answered, said = stage.ask(f"/journeys/{name}/simulations", body)
        assert (answered, said["code"]) == (status, code), body
        assert field in said["message"]
    assert stage.handed_out() == []


def test_a_draft_that_nobody_could_walk_is_refused(stage: Stage) -> None:
    stage.http("PUT", "/journeys/trial/draft", journey(start="gone"))
    status, said = stage.ask("/journeys/trial/simulations", {"version": "draft"})
    assert (status, said["code"]) == (400, "invalid_journey")


def test_an_id_is_of_its_journey(stage: Stage) -> None:
    _, asked = stage.ask(CART, FEW)
    for path in (f"/journeys/other/simulations/{asked['id']}", f"{CART}/{'0' * 32}", f"{CART}/..%2f"):
        status, said = stage.look(path)
        assert (status, said["code"]) == (404, "unknown_simulation")


def test_what_it_cannot_make_sense_of_is_said(stage: Stage) -> None:
    for more, code, says in (
        ({"define": {"colours": {"red": {}}}}, "unknown_kind", "define.colours"),
        ({"messages": {"reminder": {"class": "commercial"}}}, "invalid", "reminder"),
        ({"pressure": {"caps": [{"count": -1}]}}, "invalid", "caps.0.count"),
    ):
        _, asked = stage.ask(CART, {**FEW, **more})
        assert stage.work() == []
        told = stage.look(f"{CART}/{asked['id']}")[1]
        assert (told["state"], told["code"]) == ("failed", code)
        assert says in told["message"]


def test_what_a_journey_refers_to_is_what_the_stage_has_unless_it_is_said(stage: Stage) -> None:
    stage.publish(journey())
    path, define = "/journeys/trial/simulations", {"trying": {"condition": {"fact": "orders", "gte": 1}}}
    _, asked = stage.ask(path, FEW)
    assert stage.given.named == [("fact", "orders"), ("segment", "trying")]
    stage.work()
    assert "segment 'trying'" in stage.look(f"{path}/{asked['id']}")[1]["message"]
    stage.given.define = {"segments": define}
    _, again = stage.ask(path, FEW)
    stage.work()
    told = stage.look(f"{path}/{again['id']}")[1]
    assert (again["id"] == asked["id"], told["report"]["entered"] > 0) == (False, True)
    _, said = stage.ask(path, {**FEW, "define": {"segments": define}})
    assert (said["state"], said["id"]) == ("done", again["id"])


def test_contact_pressure_is_the_stage_s_unless_it_is_said(stage: Stage) -> None:
    stage.given.pressure = {"caps": [{"count": 1, "within": "P30D"}]}
    pressed, free = (
        stage.ask(CART, {**FEW, "granted": 1, **more})[1]["id"] for more in ({}, {"pressure": {}})
    )
    stage.work()
    reports = [stage.look(f"{CART}/{id}")[1]["report"]["pressure"]["dropped"] for id in (pressed, free)]
    assert reports[1] == [] != reports[0]
    assert reports[0][0][:2] == ["frequency_cap", "1 in P30D"]


def test_a_simulation_for_which_there_is_no_time_says_so_and_may_be_asked_again(stage: Stage) -> None:
    _, asked = stage.ask(CART, {"people": 20, "days": 30})
    assert stage.work(milliseconds=60_000) == []
    _, told = stage.look(f"{CART}/{asked['id']}")
    assert (told["state"], told["code"]) == ("failed", "out_of_time")
    assert stage.ask(CART, {"people": 20, "days": 30})[1]["state"] == "waiting"
    stage.work()
    assert stage.look(f"{CART}/{asked['id']}")[1]["state"] == "done"


def test_what_broke_is_told_and_comes_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    _, asked = stage.ask(CART, FEW)
    (message,) = stage.handed_out()
    with monkeypatch.context() as broken:
        broken.setattr(Simulator, "_lived", lambda *_: {}["gone"])
        assert stage.work([message]) == ["m"]
    assert stage.look(f"{CART}/{asked['id']}")[1]["code"] == "broken"
    assert stage.work([message]) == []
    assert stage.look(f"{CART}/{asked['id']}")[1]["state"] == "done"


def test_what_a_worker_died_over_is_told_so_when_its_time_is_up(stage: Stage) -> None:
    """F5: the worker is gone in the middle, and its message comes again when others may have it."""
    _, asked = stage.ask(CART, FEW)
    (message,) = stage.handed_out()

    def dies(until: str) -> dict[str, Any]:
        body = Told("running", from_iso(asked["asked_at"]), from_iso(until)).to_json()
        boto3.client("s3").put_object(Bucket="lake", Key=told_key(asked["id"]), Body=body)
        return stage.look(f"{CART}/{asked['id']}")[1]

    assert dies("2999-01-01T00:00:00.000Z")["state"] == "running"
    stage.work([message])
    assert stage.look(f"{CART}/{asked['id']}")[1]["state"] == "running"
    assert dies(asked["asked_at"])["code"] == LOST["code"]
    stage.work([message])
    assert stage.look(f"{CART}/{asked['id']}")[1]["state"] == "done"


def test_a_message_of_a_question_that_is_kept_no_longer_is_forgotten(stage: Stage) -> None:
    assert stage.work([{"messageId": "m", "body": json.dumps({"id": "0" * 32})}]) == []


# By what once happened

PERIOD = {"since": "2026-02-01T00:00:00Z", "until": "2026-03-01T00:00:00Z"}


def carts(people: int) -> list[PastLine]:
    """So many people leave a cart; each has told of an address long before."""
    found = []
    for number in range(people):
        who, cart = f"p{number}", {"cart_id": f"c{number}"}
        address = {"email": f"{who}@example.com"}
        found.append(line(who, "2020-05-01T09:00:00Z", "identify", "identify", address))
        found.append(line(who, "2026-02-03T10:00:00Z", "track", "Product Added", cart))
    return found


def line(who: str, at: str, kind: str, event: str, said: dict[str, Any]) -> PastLine:
    return PastLine.model_validate(
        {"person": who, "at": at, "type": kind, "event": event, "properties": said}
    )


@pytest.fixture
def asked_of_lake(monkeypatch: pytest.MonkeyPatch) -> list[PastQuestion]:
    """The lake answers in two pages, and is busy at first."""
    asked: list[PastQuestion] = []

    def answers(_client: object, function: str, question: bytes) -> Any:
        assert function == "lake"
        asked.append(PastQuestion.model_validate(json.loads(question)["past"]))
        if len(asked) == 1:
            return PastAnswer(busy=True).model_dump(mode="json")
        lines, after = carts(30), asked[-1].after
        page = lines[40:] if after else lines[:40]
        return PastAnswer(lines=page, after="" if after else "40").model_dump(mode="json")

    monkeypatch.setattr(asked_past, "ask", answers)
    monkeypatch.setattr(asked_past, "WAIT_SECONDS", 0.0)
    return asked


@pytest.mark.capability("002-13")
def test_a_draft_on_the_lakes_history_says_audience_sends_and_responses_with_an_interval(
    stage: Stage, asked_of_lake: list[PastQuestion]
) -> None:
    """The same question gets the same answer, to whomever asks it."""
    answering = {"opens": 0.5, "unsubscribes": 0}
    body = {"version": "draft", "history": PERIOD, "days": 7, "granted": 1, "runs": 5, "answering": answering}
    stage.http("PUT", "/journeys/abandoned_cart/draft", dict(shelf()["abandoned_cart"].journey))
    _, asked = stage.ask(CART, body)
    stage.work()
    told = stage.look(f"{CART}/{asked['id']}")[1]
    assert told["state"] == "done", told
    assert [(one.after, to_iso(one.since)) for one in asked_of_lake] == [
        ("", "2026-02-01T00:00:00.000Z"),
        ("", "2026-02-01T00:00:00.000Z"),
        ("40", "2026-02-01T00:00:00.000Z"),
    ]
    figures = {one["name"]: one for one in told["report"]["expected"]}
    audience, opened = figures["people who enter"], figures["does Email Opened"]
    assert (audience["mean"], audience["low"], audience["high"]) == (30, 30, 30)
    assert (figures["sent by email"]["mean"], told["report"]["sent_by_day"][0][:2]) == (
        60,
        ["2026-02-03", "email"],
    )
    assert 15 < opened["low"] < opened["mean"] < opened["high"] < 45
    stage.work([{"messageId": "m", "body": json.dumps({"id": asked["id"]})}])
    assert len(asked_of_lake) == 3
    boto3.client("s3").delete_object(Bucket="lake", Key=told_key(asked["id"]))
    stage.work([{"messageId": "m", "body": json.dumps({"id": asked["id"]})}])
    assert stage.look(f"{CART}/{asked['id']}")[1]["report"] == told["report"]


def test_more_history_than_there_is_time_for_is_refused(
    stage: Stage, asked_of_lake: list[PastQuestion], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulate, "MOST_TOLD", 100)
    _, asked = stage.ask(CART, {"history": PERIOD, "runs": 2})
    stage.work()
    told = stage.look(f"{CART}/{asked['id']}")[1]
    assert (told["code"], told["message"].split(",")[0]) == (
        "too_much",
        "history: more than 50 things happened",
    )
    backwards = {"since": PERIOD["until"], "until": PERIOD["since"]}
    status, said = stage.ask(CART, {"history": backwards})
    assert (status, "history: " in said["message"]) == (400, True)
