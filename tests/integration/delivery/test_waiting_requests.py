"""A request whose contact is still on its way: it comes again soon, and not when a worker would be given up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from infra.receives import RECEIVES
from services.delivery.handlers import come_again, on_requests
from services.delivery.handlers.come_again import PAUSES
from services.delivery.use_cases.send_messages import CONTACT_DUE
from services.shared.aws.clients import client
from services.shared.contracts.journeys import MessageRequested
from tests.integration.delivery.steps import request
from tests.integration.delivery.world import Context, World, sqs


def received(body: str) -> tuple[str, dict[str, Any]]:
    """The queue's URL, and a record of it as Lambda hands it over for the first time."""
    url = client("sqs").create_queue(QueueName="requests", Attributes={"VisibilityTimeout": "360"})[
        "QueueUrl"
    ]
    client("sqs").send_message(QueueUrl=url, MessageBody=body)
    (message,) = client("sqs").receive_message(QueueUrl=url)["Messages"]
    return url, {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:requests",
    }


def test_it_comes_again_soon(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(come_again, "PAUSES", (0,))
    (asked,) = sqs(MessageRequested(requests=[request("snd_late", profile_id="prf_2")]))["Records"]
    url, record = received(asked["body"])
    answer = on_requests.handler({"Records": [record]}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    (again,) = client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert again["Body"] == asked["body"]


def test_without_leave_to_say_so_it_comes_when_the_queue_thinks_fit(ready: World) -> None:
    (asked,) = sqs(MessageRequested(requests=[request("snd_late", profile_id="prf_2")]))["Records"]
    _, record = received(asked["body"])
    gone = {**record, "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:gone"}
    answer = on_requests.handler({"Records": [gone]}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}


def test_the_last_time_it_has_waited_for_as_long_as_a_contact_may_take() -> None:
    """Otherwise it would be a dead letter before it is known that there is no contact."""
    assert len(PAUSES) < RECEIVES
    assert timedelta(seconds=sum(PAUSES)) > CONTACT_DUE
