"""Reports of SES by the file: noted once, and gone afterwards."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from services.delivery.bootstrap.feedback import noting_files
from services.delivery.bootstrap.sending import sending
from services.delivery.handlers import on_report_files
from services.delivery.use_cases import note_files
from services.shared.aws.clients import client
from tests.integration.delivery.steps import ask, consent, given_contact, given_templates, request
from tests.integration.delivery.test_feedback import ses_event
from tests.integration.delivery.world import Context, World

BUCKET = "mail-reports"
KEY = "2026/03/01/12/reports-1.gz"


@pytest.fixture
def queue(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    client("s3").create_bucket(Bucket=BUCKET)
    url = str(client("sqs").create_queue(QueueName="reports")["QueueUrl"])
    monkeypatch.setenv("REPORTS_BUCKET", BUCKET)
    monkeypatch.setenv("FEEDBACK_QUEUE_URL", url)
    given_templates()
    given_contact()
    consent("granted")
    ask(request())
    yield url
    noting_files.cache_clear()


def file_of(*reports: Any, text: str = "") -> None:
    body = "".join(json.dumps(one) for one in reports) + text
    client("s3").put_object(Bucket=BUCKET, Key=KEY, Body=gzip.compress(body.encode()))


def told() -> list[str]:
    detail = {"bucket": {"name": BUCKET}, "object": {"key": KEY}}
    body = {"id": "1", "source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    answer = on_report_files.handler({"Records": [{"messageId": "m", "body": json.dumps(body)}]}, Context())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def marks() -> set[str]:
    found = sending()._messages.get("snd_1")
    assert found
    return set(found.marks)


def files() -> int:
    return int(client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"])


def test_all_of_a_file_is_noted_and_the_file_is_gone(world: World, queue: str) -> None:
    """F1: S3 tells of it twice."""
    file_of(ses_event("Delivery", "snd_1"), ses_event("Open", "snd_1"), ses_event("Delivery", "of_another"))
    assert (told(), told()) == ([], [])
    assert "delivered" in marks()
    assert files() == 0


def test_a_file_is_noted_a_portion_at_a_time_and_many_at_once(
    world: World, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F1: of one message too, in any order."""
    monkeypatch.setattr(note_files, "PORTION", 4)
    file_of(*(ses_event(kind, "snd_1") for kind in ("Delivery", "Open", "Click", "Delivery", "Bounce") * 2))
    assert (told(), files()) == ([], 0)
    assert {"delivered", "soft_bounced"} <= marks()
    assert "Messages" not in client("sqs").receive_message(QueueUrl=queue)


def test_what_could_be_read_of_a_broken_file_is_noted(world: World, queue: str) -> None:
    file_of(ses_event("Delivery", "snd_1"), text="{broken")
    assert (told(), files(), "delivered" in marks()) == (["m"], 1, True)


def test_a_file_stays_until_the_queue_has_what_could_not_be_noted(
    world: World, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F3."""
    monkeypatch.setenv("FEEDBACK_QUEUE_URL", f"{queue}-that-is-not-there")
    file_of({"eventType": "Pigeon", "mail": {"tags": {"send_id": ["snd_1"]}}}, ses_event("Delivery", "snd_1"))
    assert (told(), files(), "delivered" in marks()) == (["m"], 1, True)


def test_what_can_not_be_noted_is_left_to_the_queue_and_holds_up_nothing(world: World, queue: str) -> None:
    """F3, F21."""
    nobody_knows = {"eventType": "Pigeon", "mail": {"tags": {"send_id": ["snd_1"]}}}
    file_of(nobody_knows, ses_event("Delivery", "snd_1"))
    assert told() == []
    (message,) = client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"]) == nobody_knows
    assert ("delivered" in marks(), files()) == (True, 0)


def test_a_file_of_something_else_stays_for_people_to_look_at(world: World, queue: str) -> None:
    """F20."""
    file_of(ses_event("Delivery", "snd_1"), text="{broken")
    assert (told(), files()) == (["m"], 1)
    file_of(text="[1]")
    assert (told(), files()) == (["m"], 1)
