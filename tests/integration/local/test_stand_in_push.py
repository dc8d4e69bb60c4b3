"""The stand-in's push, asked by the real senders over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.stand_in import StandIn
from services.delivery.adapters.senders import push
from services.delivery.domain.protocol import Refused, Retry, Sent, Unknown
from services.delivery.domain.templates.rendered import Rendered
from services.delivery.ports.messages import Outgoing

ENDPOINT = "arn:aws:sns:us-east-1:123456789012:endpoint/GCM/shop/1-2"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    server = StandIn()
    server.start()

    def client(service: str) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=server.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )

    monkeypatch.setattr(push, "single_attempt_client", client)
    yield server
    server.stop()


def outgoing(to: str, text: str = "Hello") -> Outgoing:
    said = Rendered(text=text, subject="Hi", details={"url": "https://shop.example"})
    return Outgoing("snd_1", to, said, False, "", datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize("to", ["gcm:abcdefgh", "apns_sandbox:abcdefgh", ENDPOINT])
def test_a_notification_is_kept_with_its_tag(provider: StandIn, to: str) -> None:
    answer = push.PushSender("local").send(outgoing(to))

    (kept,) = provider.accepted
    assert answer == Sent(kept.message_id)
    assert (kept.channel, kept.to, kept.text) == ("push", to, "Hello")
    assert kept.tags == {"send_id": "snd_1"}


def test_devices_that_are_gone_are_refused_as_the_services_do(provider: StandIn) -> None:
    sender = push.PushSender("local")

    assert sender.send(outgoing("gcm:gone-abcdefgh")) == Refused("PERMANENT_FAILURE", dead=True)
    assert sender.send(outgoing(f"{ENDPOINT}-disabled")) == Refused("EndpointDisabled", dead=True)
    assert provider.accepted == []


@pytest.mark.parametrize("to", ["gcm:abcdefgh", ENDPOINT])
def test_faults_are_those_of_the_protocol(provider: StandIn, to: str) -> None:
    """F8, F14."""
    provider.faults.refuse = 1.0
    assert isinstance(push.PushSender("local").send(outgoing(to)), Retry)
    assert provider.accepted == []
    provider.faults.refuse, provider.faults.lose_answer = 0.0, 1.0
    assert isinstance(push.PushSender("local").send(outgoing(to)), Unknown)
    assert len(provider.accepted) == 1


def test_what_the_model_forbids_is_refused(provider: StandIn) -> None:
    answer = push.PushSender("local").send(outgoing("baidu:abcdefgh"))
    assert isinstance(answer, Sent)
    client = push.single_attempt_client("pinpoint")
    with pytest.raises(client.exceptions.BadRequestException):
        client.send_messages(
            ApplicationId="local", MessageRequest={"Addresses": {}, "MessageConfiguration": {}}
        )
    assert provider.refused
