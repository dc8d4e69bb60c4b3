"""Exports of people with long histories: a job in rounds, whose parts are complete together whatever happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.ingest.adapters.lake_function import AskedLake
from services.ingest.adapters.s3_exports import S3Exports
from services.ingest.bootstrap import people as bootstrap
from services.ingest.handlers import on_exports
from services.ingest.people.ports import LakeBusy
from services.shared.aws.clients import client
from services.shared.clock import to_iso
from tests.integration.ingest.conftest import ENV, REGION, World
from tests.support.traces import bucket_texts

BEGIN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=40)
EVENTS = 23


def call(number: int, user: str = "ann", **fields: Any) -> dict[str, Any]:
    at = to_iso(BEGIN + timedelta(hours=number))
    return {
        "type": "page",
        "name": "Home",
        "userId": user,
        "messageId": f"{user}-{number}",
        "timestamp": at,
    } | fields


def send(world: World, *events: dict[str, Any]) -> None:
    assert world.post("/v1/batch", {"batch": list(events)})[0] == 200
    assert world.consume() == set()
    world.publish()


@pytest.fixture
def large(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Ann, who has more than an answer holds, and Bob."""
    order = call(0, type="track", event="Order Completed", properties={"order_id": "o-1", "revenue": 9})
    send(world, call(1, type="identify", traits={"email": "ann@example.com"}), order, call(0, "bob"))
    for start in range(2, EVENTS, 7):
        send(world, *(call(n) for n in range(start, min(start + 7, EVENTS))))
    monkeypatch.setattr("services.ingest.people.export.WHOLE_EVENTS", 10)
    monkeypatch.setattr("services.ingest.people.export_rounds.PART_EVENTS", 5)
    return world


def ask(world: World, who: str = "ann") -> tuple[int, dict[str, Any]]:
    return world.admin("GET", f"/profiles/{who}/export")


def queued() -> list[dict[str, str]]:
    """The messages of the queue of exports, which are gone from it then."""
    url = bootstrap.ProfilesSettings.from_env().exports_queue_url
    found = []
    while messages := client("sqs").receive_message(QueueUrl=url).get("Messages"):
        for message in messages:
            found.append({"messageId": message["MessageId"], "body": message["Body"]})
            client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def work_off() -> None:
    while records := queued():
        assert on_exports.handler({"Records": records}, None) == {"batchItemFailures": []}


def fetched(body: dict[str, Any]) -> dict[str, Any]:
    """The export that the parts of a finished job make together."""
    together: dict[str, Any] = {"timeline": [], "received": []}
    for number, part in enumerate(body["parts"], 1):
        key = f"exports/{body['profile_id']}/{body['export_id']}/{part['name']}"
        assert key in part["url"]
        content = client("s3").get_object(Bucket=ENV["LAKE_BUCKET"], Key=key)["Body"].read()
        assert len(content) == part["bytes"]
        said = json.loads(content)
        assert (said.pop("part"), said.pop("export_id")) == (number, body["export_id"])
        ((what, held),) = said.items()
        assert len(held) <= 5 or what == "about"
        if what == "about":
            together |= held
        else:
            together[what] += held
    return together


def files() -> list[str]:
    return [key for key in bucket_texts(REGION) if key.startswith(f"{ENV['LAKE_BUCKET']}/exports/")]


def check_complete(world: World, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts hold just what an answer would have held."""
    parts = fetched(body)
    job = f"exports/{body['profile_id']}/job.json"
    client("s3").delete_object(Bucket=ENV["LAKE_BUCKET"], Key=job)
    with monkeypatch.context() as patch:
        patch.setattr("services.ingest.people.export.WHOLE_EVENTS", 1_000)
        whole = ask(world)[1]
    assert parts["timeline"] == whole["timeline"]
    assert len(parts["timeline"]) == EVENTS
    by_receipt = {line["receipt"]: line for line in parts["received"]}
    assert len(by_receipt) == len(parts["received"])
    assert by_receipt == {line["receipt"]: line for line in whole["received"]}
    assert parts["records"] == whole["records"] != []
    moving = ("exported_at", "reliability")
    assert {n: v for n, v in parts["profile"].items() if n not in ("domains", *moving)} == {
        n: v for n, v in whole["profile"].items() if n not in ("domains", *moving)
    }
    assert "bob" not in json.dumps(parts)


def test_a_large_export_is_a_job_whose_parts_are_complete_together(
    large: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, begun = ask(large)
    again = ask(large)
    assert (status, begun["status"], "parts" in begun) == (202, "running", False)
    assert again == (status, begun)
    records = queued()
    assert len(records) == 1  # asking twice is one job

    on_exports.handler({"Records": records}, None)

    status, body = ask(large)
    assert (status, body["status"], body["unavailable"]) == (200, "done", [])
    assert body["expires_in"] == 900
    check_complete(large, body, monkeypatch)


def test_somebody_with_a_short_history_is_answered_at_once(large: World) -> None:
    status, body = ask(large, "bob")
    assert (status, [one["message_id"] for one in body["timeline"]]) == (200, ["bob-0"])
    assert queued() == []


@pytest.mark.parametrize("after", [False, True], ids=["before it is kept", "after it is kept"])
@pytest.mark.parametrize("step", [1, 3, 5, 6, 7])
def test_a_crash_at_any_step_leaves_a_whole_export(
    large: World, monkeypatch: pytest.MonkeyPatch, step: int, after: bool
) -> None:
    """F5: the worker dies at a step; the message comes again."""
    ask(large)
    (record,) = queued()
    keep, steps = S3Exports.keep, iter(range(1, 100))

    def dying(self: S3Exports, *args: Any) -> str:
        now = next(steps) == step
        if now and not after:
            raise MemoryError
        version = keep(self, *args)
        if now:
            raise MemoryError
        return version

    monkeypatch.setattr(S3Exports, "keep", dying)

    assert on_exports.handler({"Records": [record]}, None)["batchItemFailures"] != []
    assert on_exports.handler({"Records": [record]}, None)["batchItemFailures"] == []

    status, body = ask(large)
    assert status == 200
    check_complete(large, body, monkeypatch)


def test_two_workers_at_once_make_one_export(large: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """F1: the second overtakes the first between two steps; the first notices and leaves it to the second."""
    ask(large)
    (record,) = queued()
    keep, calls = S3Exports.keep, iter(range(100))

    def overtaken(self: S3Exports, *args: Any) -> str:
        if next(calls) == 2:
            on_exports.handler({"Records": [record]}, None)
        return keep(self, *args)

    monkeypatch.setattr(S3Exports, "keep", overtaken)

    assert on_exports.handler({"Records": [record]}, None) == {"batchItemFailures": []}

    assert queued() == []
    check_complete(large, ask(large)[1], monkeypatch)


def test_a_round_that_takes_long_leaves_the_rest_to_the_next(
    large: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ingest.people.export_rounds.ROUND_SECONDS", -1.0)
    ask(large)
    rounds = 0
    while records := queued():
        rounds += 1
        on_exports.handler({"Records": records}, None)

    body = ask(large)[1]
    assert rounds == 7  # five pages of the timeline, the lake's days, the person
    check_complete(large, body, monkeypatch)


def test_a_merge_on_the_way_begins_the_export_anew(large: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """F30: otherwise the events of the other profile would be missing."""
    monkeypatch.setattr("services.ingest.people.export_rounds.ROUND_SECONDS", -1.0)
    send(large, call(50, "", userId=None, anonymousId="phone-1"))
    ask(large)
    for _ in range(3):
        on_exports.handler({"Records": queued()}, None)
    send(large, call(51, anonymousId="phone-1"))

    work_off()

    told = [one["message_id"] for one in fetched(ask(large)[1])["timeline"]]
    assert len(told) == len(set(told)) == EVENTS + 2
    assert {"-50", "ann-51"} < set(told)


def test_nothing_is_left_of_an_export_whose_person_is_erased_meanwhile(
    large: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark of the erasure is seen at the next round, and at the next step its files are gone."""
    monkeypatch.setattr("services.ingest.people.export_rounds.ROUND_SECONDS", -1.0)
    ask(large)
    on_exports.handler({"Records": queued()}, None)
    late = queued()
    assert len(files()) == 2

    erasure = large.admin("POST", "/profiles/ann/erasure")[1]["erasure_id"]
    for _ in range(5):
        bootstrap.eraser().work(erasure)
    assert files() == []
    assert on_exports.handler({"Records": late}, None) == {"batchItemFailures": []}

    assert (files(), queued()) == ([], [])


def test_a_worker_that_an_erasure_overtakes_keeps_no_job(
    large: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(large)
    records = queued()
    profile_id = json.loads(records[0]["body"])["profile_id"]
    put = S3Exports.put

    def erased(self: S3Exports, *args: Any) -> None:
        S3Exports.forget(self, (profile_id,))
        put(self, *args)

    monkeypatch.setattr(S3Exports, "put", erased)

    assert on_exports.handler({"Records": records}, None) == {"batchItemFailures": []}

    assert len(files()) == 1  # the part that was on its way, which the erasure's second reading removes
    assert queued() == []


def test_a_lake_that_stays_busy_is_missing_by_name(large: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: Any) -> Iterator[Any]:
        raise LakeBusy("being changed")

    monkeypatch.setattr(AskedLake, "lines", busy)
    ask(large)
    asked = json.loads(queued()[0]["body"])

    rounds = 1
    while not bootstrap.export_worker().work(asked["profile_id"], asked["export_id"]):
        rounds += 1

    body = ask(large)[1]
    assert (body["status"], body["unavailable"], rounds) == ("done", ["lake"], 9)
    assert len(fetched(body)["timeline"]) == EVENTS
    assert fetched(body)["received"] == []


def test_a_finished_export_is_made_anew_after_an_hour_and_a_lost_message_is_sent_again(
    large: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(large)[1]
    assert len(queued()) == 1  # and lost
    later = datetime.now(UTC) + timedelta(minutes=16)
    monkeypatch.setattr("services.shared.clock.SystemClock.now", lambda _: later)
    assert ask(large)[1]["export_id"] == first["export_id"]
    work_off()
    assert ask(large)[1]["status"] == "done"

    after_an_hour = later + timedelta(minutes=61)
    monkeypatch.setattr("services.shared.clock.SystemClock.now", lambda _: after_an_hour)
    status, second = ask(large)

    assert (status, second["export_id"] != first["export_id"]) == (202, True)
