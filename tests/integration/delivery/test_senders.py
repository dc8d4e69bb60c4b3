"""The real senders on the wire: one request each, whatever comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from services.delivery.adapters.senders.email import SesSender
from services.delivery.adapters.senders.sms import SmsSender
from services.delivery.domain.protocol import Answer, Refused, Retry, Sent, Unknown
from services.delivery.domain.templates.rendered import Rendered
from services.delivery.ports.messages import Outgoing
from services.shared.aws.clients import single_attempt_client
from tests.integration.delivery.world import NOW, World


class _Body:
    def __init__(self, text: str) -> None:
        self._text = text.encode()

    def stream(self, **_: Any) -> list[bytes]:
        return [self._text]


def answer(status: int, body: Any, code: str = "") -> Callable[[Any], AWSResponse]:
    headers = {"x-amzn-errortype": code} if code else {}
    return lambda request: AWSResponse(request.url, status, headers, _Body(json.dumps(body)))


def broken(error: Exception) -> Callable[[Any], AWSResponse]:
    def fail(request: Any) -> AWSResponse:
        raise error

    return fail


def outgoing(**fields: Any) -> Outgoing:
    base: dict[str, Any] = {
        "send_id": "snd_1",
        "to": "ann@example.com",
        "content": Rendered(text="Hello", subject="Hi"),
        "commercial": False,
        "unsubscribe_url": "",
        "at": NOW,
    }
    return Outgoing(**{**base, **fields})


ENDPOINT = "https://email.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (answer(200, {"MessageId": "ses-1"}), Sent("ses-1")),
        (answer(400, {"message": "no"}, "MessageRejected"), Refused("MessageRejected")),
        (answer(400, {"message": "no"}, "BadRequestException"), Refused("BadRequestException")),
        (answer(429, {"message": "slow"}, "TooManyRequestsException"), Retry("TooManyRequestsException")),
        (answer(400, {"message": "paused"}, "SendingPausedException"), Retry("SendingPausedException")),
        (answer(403, {"message": "who"}, "AccessDeniedException"), Retry("AccessDeniedException")),
        (answer(500, {"message": "oops"}, "InternalFailure"), Unknown("InternalFailure")),
        (answer(503, {}), Unknown("503")),
        (broken(ReadTimeoutError(endpoint_url=ENDPOINT)), Unknown("ReadTimeoutError")),
        (broken(ConnectTimeoutError(endpoint_url=ENDPOINT)), Retry("unreachable")),
        (broken(EndpointConnectionError(endpoint_url=ENDPOINT)), Retry("unreachable")),
    ],
)
def test_one_request_and_an_answer_as_a_value(
    world: World, wire: Callable[[Any], AWSResponse], expected: Answer
) -> None:
    seen: list[Any] = []

    def hook(request: Any, **_: Any) -> AWSResponse:
        seen.append(request)
        return wire(request)

    single_attempt_client("sesv2").meta.events.register_first("before-send.sesv2.SendEmail", hook)

    assert SesSender("hello@example.com", "mail", "marketing").send(outgoing()) == expected
    assert len(seen) == 1
    body = json.loads(seen[0].body)
    assert body["EmailTags"] == [{"Name": "send_id", "Value": "snd_1"}]
    assert body["ConfigurationSetName"] == "mail"


def test_what_needs_permission_leaves_by_a_configuration_set_of_its_own(world: World) -> None:
    seen: list[Any] = []

    def hook(request: Any, **_: Any) -> AWSResponse:
        seen.append(json.loads(request.body)["ConfigurationSetName"])
        return answer(200, {"MessageId": "ses-1"})(request)

    single_attempt_client("sesv2").meta.events.register_first("before-send.sesv2.SendEmail", hook)
    sender = SesSender("hello@example.com", "mail", "marketing")

    assert sender.send(outgoing(commercial=True)) == Sent("ses-1")
    assert seen == ["marketing"]


def test_an_sms_carries_its_send_id(world: World) -> None:
    seen: list[Any] = []

    def hook(request: Any, **_: Any) -> AWSResponse:
        seen.append(json.loads(request.body))
        return answer(200, {"MessageId": "sms-1"})(request)

    events = single_attempt_client("pinpoint-sms-voice-v2").meta.events
    events.register_first("before-send.pinpoint-sms-voice-v2.SendTextMessage", hook)
    sender = SmsSender("+12025550100", "halte-test")

    assert sender.send(outgoing(to="+12025550123", commercial=True)) == Sent("sms-1")
    assert seen == [
        {
            "DestinationPhoneNumber": "+12025550123",
            "OriginationIdentity": "+12025550100",
            "MessageBody": "Hello",
            "MessageType": "PROMOTIONAL",
            "ConfigurationSetName": "halte-test",
            "Context": {"send_id": "snd_1"},
        }
    ]


def test_what_can_not_be_built_never_leaves(world: World) -> None:
    sender = SesSender("hello@example.com", "mail", "marketing")

    assert sender.send(outgoing(to="no-address")) == Refused("invalid_message")
    assert SmsSender("+1", "x").send(outgoing(content=Rendered(text=""))) == Refused("invalid_message")
