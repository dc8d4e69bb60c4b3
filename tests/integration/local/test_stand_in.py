"""The provider stand-in, spoken to by the real SDK."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from local.stand_in import Accepted, StandIn


@pytest.fixture
def heard() -> list[Accepted]:
    return []


@pytest.fixture
def stand_in(heard: list[Accepted]) -> Iterator[StandIn]:
    server = StandIn(heard.append)
    server.start()
    yield server
    server.stop()


def _client(service: str, stand_in: StandIn) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=stand_in.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=5),
    )


@pytest.fixture
def ses(stand_in: StandIn) -> Iterator[Any]:
    client = _client("sesv2", stand_in)
    yield client
    client.close()


@pytest.fixture
def sms(stand_in: StandIn) -> Iterator[Any]:
    client = _client("pinpoint-sms-voice-v2", stand_in)
    yield client
    client.close()


def _mime() -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = "hello@example.com", "a@example.com", "Grüße"
    mail["List-Unsubscribe"] = "<https://example.com/u>"
    mail.set_content("text\n")
    return mail.as_bytes()


def _email(raw: bytes) -> dict[str, Any]:
    return {
        "FromEmailAddress": "hello@example.com",
        "Destination": {"ToAddresses": ["a@example.com"]},
        "Content": {"Raw": {"Data": raw}},
        "EmailTags": [{"Name": "send_id", "Value": "snd_1"}],
        "ConfigurationSetName": "halte",
    }


def test_takes_an_email_and_keeps_every_byte(stand_in: StandIn, ses: Any, heard: list[Accepted]) -> None:
    answer = ses.send_email(**_email(_mime()))
    (message,) = stand_in.accepted
    assert answer["MessageId"] == message.message_id
    assert message.mime == _mime()
    assert (message.to, message.tags, message.configuration_set) == (
        "a@example.com",
        {"send_id": "snd_1"},
        "halte",
    )
    assert heard == [message]


def test_takes_a_text_message_with_its_context(stand_in: StandIn, sms: Any) -> None:
    sms.send_text_message(
        DestinationPhoneNumber="+12025550123",
        OriginationIdentity="+12025550100",
        MessageBody="hello",
        MessageType="PROMOTIONAL",
        Context={"send_id": "snd_2"},
    )
    (message,) = stand_in.accepted
    assert (message.channel, message.to, message.text) == ("sms", "+12025550123", "hello")
    assert message.tags == {"send_id": "snd_2"}
    assert message.mime is None


def test_message_ids_differ(stand_in: StandIn, ses: Any) -> None:
    ids = {ses.send_email(**_email(_mime()))["MessageId"] for _ in range(5)}
    assert len(ids) == 5


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"{}", "Content"),
        (b"{", "can't be read"),
        (b'{"Content": {}, "Colour": 1}', "Colour"),
        (b'{"Content": {"Raw": {"Data": "***"}}}', "can't be read"),
        (b'{"Content": {"Raw": {"Data": "aGk="}}, "EmailTags": "no"}', "EmailTags"),
        (b'{"Content": {"Raw": {"Data": "aGk="}}}', "one recipient"),
    ],
)
def test_refuses_what_the_service_model_does_not_allow(
    stand_in: StandIn, body: bytes, complaint: str
) -> None:
    from local.stand_in import Refused

    with pytest.raises(Refused, match=complaint):
        stand_in.take("sesv2", "SendEmail", body)
    assert not stand_in.accepted


def test_a_refusal_reaches_the_client_as_the_service_says_it(stand_in: StandIn, ses: Any) -> None:
    request = _email(_mime())
    request["Destination"] = {"ToAddresses": ["a@example.com", "b@example.com"]}
    with pytest.raises(ses.exceptions.BadRequestException):
        ses.send_email(**request)
    assert stand_in.refused


def test_can_be_throttled(stand_in: StandIn, ses: Any, sms: Any) -> None:
    stand_in.faults.refuse = 1.0
    with pytest.raises(ses.exceptions.TooManyRequestsException):
        ses.send_email(**_email(_mime()))
    with pytest.raises(sms.exceptions.ThrottlingException):
        sms.send_text_message(DestinationPhoneNumber="+12025550123", MessageBody="x")
    assert not stand_in.accepted


def test_can_accept_and_lose_the_answer(stand_in: StandIn, ses: Any) -> None:
    from botocore.exceptions import ConnectionClosedError

    stand_in.faults.lose_answer = 1.0
    with pytest.raises(ConnectionClosedError):
        ses.send_email(**_email(_mime()))
    assert len(stand_in.accepted) == 1


def test_knows_no_other_operation(stand_in: StandIn, sms: Any) -> None:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError, match="UnknownOperation"):
        sms.describe_pools()


def test_keeps_an_opt_out_list(stand_in: StandIn, sms: Any) -> None:
    numbers = [f"+3161234567{n}" for n in range(3)]
    for number in (*numbers, numbers[0]):
        sms.put_opted_out_number(OptOutListName="Default", OptedOutNumber=number)
    sms.delete_opted_out_number(OptOutListName="Default", OptedOutNumber=numbers[1])
    with pytest.raises(sms.exceptions.ResourceNotFoundException):
        sms.delete_opted_out_number(OptOutListName="Default", OptedOutNumber=numbers[1])
    first = sms.describe_opted_out_numbers(OptOutListName="Default", MaxResults=1)
    rest = sms.describe_opted_out_numbers(
        OptOutListName="Default", MaxResults=1, NextToken=first["NextToken"]
    )
    assert [one["OptedOutNumber"] for one in (*first["OptedOutNumbers"], *rest["OptedOutNumbers"])] == [
        numbers[0],
        numbers[2],
    ]
    assert "NextToken" not in rest
    assert not first["OptedOutNumbers"][0]["EndUserOptedOut"]
