"""Push notifications on the wire: one request each, and the fate of the address inside a 200."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from services.delivery.adapters.senders.push import PushSender
from services.delivery.bootstrap.content import serving_templates
from services.delivery.domain.protocol import Answer, Refused, Retry, Sent, Unknown
from services.delivery.domain.templates.rendered import Rendered
from services.shared.aws.clients import single_attempt_client
from tests.integration.delivery.steps import ask, given_contact, request
from tests.integration.delivery.test_senders import answer, outgoing
from tests.integration.delivery.world import World, key_of

TOKEN = "dQw4w9WgXcQ:APA91bH"
ENDPOINT = "arn:aws:sns:us-east-1:123456789012:endpoint/GCM/shop/1-2"
SAID = Rendered(text="Your order is on its way", subject="Coming", details={"url": "https://shop.example/o"})


def result(**fields: Any) -> dict[str, Any]:
    """An answer of `SendMessages` about the one address."""
    return {"ApplicationId": "app-1", "RequestId": "req-1", "Result": {TOKEN: fields}}


def heard(service: str, operation: str, wire: Any) -> list[Any]:
    """The requests of an operation, which `wire` answers."""
    seen: list[Any] = []

    def hook(asked: Any, **_: Any) -> Any:
        seen.append(asked)
        return wire(asked)

    events = single_attempt_client(service).meta.events
    events.register_first(f"before-send.{service}.{operation}", lambda request, **_: hook(request))
    return seen


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"DeliveryStatus": "SUCCESSFUL", "StatusCode": 200, "MessageId": "m-1"}, Sent("m-1")),
        ({"DeliveryStatus": "SUCCESSFUL", "StatusCode": 200}, Sent("req-1")),
        ({"DeliveryStatus": "THROTTLED", "StatusCode": 429}, Retry("THROTTLED")),
        ({"DeliveryStatus": "TEMPORARY_FAILURE", "StatusCode": 503}, Retry("TEMPORARY_FAILURE")),
        ({"DeliveryStatus": "PERMANENT_FAILURE", "StatusCode": 400}, Refused("PERMANENT_FAILURE")),
        ({"DeliveryStatus": "PERMANENT_FAILURE", "StatusCode": 410}, Refused("PERMANENT_FAILURE", dead=True)),
        ({"DeliveryStatus": "OPT_OUT", "StatusCode": 200}, Refused("OPT_OUT", dead=True)),
        ({"DeliveryStatus": "UNKNOWN_FAILURE", "StatusCode": 500}, Unknown("UNKNOWN_FAILURE")),
        ({"DeliveryStatus": "SOMETHING_NEW", "StatusCode": 200}, Unknown("SOMETHING_NEW")),
    ],
)
@pytest.mark.usefixtures("world")
def test_a_200_is_read_for_the_address_in_it(fields: dict[str, Any], expected: Answer) -> None:
    """F13: success of the request says nothing of the message."""
    seen = heard("pinpoint", "SendMessages", answer(200, result(**fields)))

    assert PushSender("app-1").send(outgoing(to=f"gcm:{TOKEN}", content=SAID)) == expected

    (asked,) = seen
    assert asked.url.endswith("/v1/apps/app-1/messages")
    assert json.loads(asked.body) == {
        "Addresses": {TOKEN: {"ChannelType": "GCM"}},
        "Context": {"send_id": "snd_1"},
        "TraceId": "snd_1",
        "MessageConfiguration": {
            "GCMMessage": {
                "Title": "Coming",
                "Body": "Your order is on its way",
                "Data": {"send_id": "snd_1"},
                "Action": "URL",
                "Url": "https://shop.example/o",
            }
        },
    }


@pytest.mark.usefixtures("world")
def test_an_answer_about_other_addresses_leaves_it_open() -> None:
    heard("pinpoint", "SendMessages", answer(200, {"ApplicationId": "app-1", "Result": {}}))

    assert PushSender("app-1").send(outgoing(to=f"gcm:{TOKEN}", content=SAID)) == Unknown("KeyError")


@pytest.mark.usefixtures("world")
def test_apple_gets_its_own_message_and_no_application_sends_nothing() -> None:
    seen = heard("pinpoint", "SendMessages", answer(400, {"Message": "no"}, "BadRequestException"))

    sandbox = outgoing(to=f"apns_sandbox:{TOKEN}", content=Rendered(text="Hi", subject="T"))
    assert PushSender("app-1").send(sandbox) == Refused("BadRequestException")
    assert PushSender("").send(sandbox) == Refused("no_push_application")

    (asked,) = seen
    body = json.loads(asked.body)
    assert body["Addresses"] == {TOKEN: {"ChannelType": "APNS_SANDBOX"}}
    assert body["MessageConfiguration"]["APNSMessage"]["Action"] == "OPEN_APP"


def sns(status: int, inner: str) -> Any:
    """An answer of SNS, which speaks XML."""
    wire = answer(status, {})

    def respond(asked: Any) -> Any:
        given = wire(asked)
        given._content = inner.encode()
        return given

    return respond


PUBLISHED = "<PublishResponse><PublishResult><MessageId>sns-1</MessageId></PublishResult></PublishResponse>"
DISABLED = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>EndpointDisabled</Code><Message>off</Message></Error>"
    "</ErrorResponse>"
)


@pytest.mark.usefixtures("world")
def test_an_endpoint_of_sns_gets_one_message_for_each_kind_of_device() -> None:
    seen = heard("sns", "Publish", sns(200, PUBLISHED))

    assert PushSender("").send(outgoing(to=ENDPOINT, content=SAID)) == Sent("sns-1")

    (asked,) = seen
    form = {name: values[0] for name, values in parse_qs(asked.body).items()}
    assert (form["TargetArn"], form["MessageStructure"]) == (ENDPOINT, "json")
    message = json.loads(form["Message"])
    assert message["default"] == SAID.text
    assert json.loads(message["APNS"])["aps"]["alert"] == {"title": "Coming", "body": SAID.text}
    assert json.loads(message["GCM"])["data"] == {"send_id": "snd_1", "url": "https://shop.example/o"}


def test_a_device_that_is_gone_is_not_tried_again(world: World) -> None:
    """F17: one dead token is refused and suppressed; the person's other channels go on."""
    seen = heard("sns", "Publish", sns(400, DISABLED))
    serving_templates().put(
        "shipped",
        {
            "class": "service",
            "channels": {
                "push": {"subject": "Coming", "text": "On its way"},
                "email": {"subject": "Coming", "text": "On its way"},
            },
        },
    )
    given_contact(pushToken=ENDPOINT, email="ann@example.com")
    ask(request("snd_1", template="shipped", channels=["push", "email"]))
    ask(request("snd_2", template="shipped", channels=["push", "email"]))

    first, second = world.item("snd_1"), world.item("snd_2")
    assert (first["status"], first["reason"]) == ("failed", "EndpointDisabled")
    assert (second["status"], second["channel"]) == ("sent", "email")
    assert len(seen) == 1
    held = {row["sk"]["S"] for row in world.raw("gates") if key_of(ENDPOINT, "push") in row["pk"]["S"]}
    assert held == {"suppressed#push"}
