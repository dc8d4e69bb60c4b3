"""The real quotas and senders, asked over real HTTP, of accounts that have limits and of accounts that are stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from local.stand_in import StandIn
from services.delivery.adapters import quotas
from services.delivery.adapters.quotas import note_unread, ses_quota, sms_quota
from services.delivery.adapters.senders import email, sms
from services.delivery.domain.pressure.pace import Quota
from services.delivery.domain.pressure.pauses import PAUSING
from services.delivery.domain.protocol import Retry, Sent
from services.delivery.domain.templates.rendered import Rendered
from services.delivery.ports.messages import Outgoing

NUMBER = "+12025550100"
SAID = Rendered(text="Hello", subject="Hi")
OUTGOING = Outgoing("snd_1", "ann@example.com", SAID, False, "", datetime(2026, 3, 1, tzinfo=UTC))


def client(service: str, url: str | None = None) -> Any:
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    server = StandIn()
    server.start()
    for module in (quotas, email, sms):
        monkeypatch.setattr(
            module, "single_attempt_client", lambda service, seconds=10: client(service, server.url)
        )
    yield server
    server.stop()


def test_the_account_s_own_limits_are_read(provider: StandIn) -> None:
    assert ses_quota(5.0) == Quota(per_second=1_000, read_at=5.0)
    provider.account.per_second, provider.account.per_day = 14, 50_000
    assert isinstance(email.SesSender("hello@example.com", "mail", "marketing").send(OUTGOING), Sent)
    assert ses_quota(6.0) == Quota(per_second=14, per_day=50_000, sent=1, read_at=6.0)
    provider.account.parts_per_second = 20
    for origination in (NUMBER, "phone-1", "arn:aws:sms-voice:us-east-1:000000000000:phone-number/phone-1"):
        assert sms_quota(origination, 7.0) == Quota(per_second=20, read_at=7.0)
    with pytest.raises(LookupError):
        sms_quota("SHOP", 7.0)


def test_an_account_that_may_send_nothing_says_so_when_asked_and_when_sent_to(provider: StandIn) -> None:
    """F16."""
    provider.account.is_sending, provider.account.text_spending = False, 0
    assert (ses_quota(5.0).paused, sms_quota(NUMBER, 5.0).paused) == ("account_paused", "no_spending")
    answers = [
        email.SesSender("hello@example.com", "mail", "marketing").send(OUTGOING),
        sms.SmsSender(NUMBER, "halte").send(OUTGOING),
    ]
    assert answers == [Retry("SendingPausedException"), Retry("MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT")]
    assert {answer.reason for answer in answers if isinstance(answer, Retry)} <= PAUSING
    assert provider.accepted == []


def number(kind: str, country: str = "US", **more: Any) -> dict[str, Any]:
    common = {
        "PhoneNumberArn": "arn",
        "MessageType": "PROMOTIONAL",
        "NumberCapabilities": ["SMS"],
        "MonthlyLeasingPrice": "1",
        "TwoWayEnabled": False,
        "SelfManagedOptOutsEnabled": False,
        "OptOutListName": "Default",
        "DeletionProtectionEnabled": False,
        "CreatedTimestamp": 0,
    }
    said = {"PhoneNumber": "+1", "Status": "ACTIVE", "IsoCountryCode": country, "NumberType": kind}
    return {**common, **said, "PoolId": "pool-1", **more}


@pytest.mark.parametrize(
    ("numbers", "quota"),
    [
        ([number("SHORT_CODE")], Quota(100)),
        ([number("TEN_DLC"), number("TEN_DLC", Status="PENDING"), number("TOLL_FREE")], Quota(4)),
        (
            [number("LONG_CODE", "NL"), number("LONG_CODE", "CA"), number("LONG_CODE", PoolId="other")],
            Quota(11),
        ),
        ([number("TOLL_FREE", Status="DELETED")], Quota(0, paused="number_not_active")),
    ],
)
def test_an_sdk_that_tells_no_limits_is_helped_by_what_is_usual(
    monkeypatch: pytest.MonkeyPatch, numbers: list[dict[str, Any]], quota: Quota
) -> None:
    """A pool's numbers send together."""
    stubbed = client(quotas.SMS_SERVICE)
    monkeypatch.setattr(quotas, "single_attempt_client", lambda service, seconds: stubbed)
    with Stubber(stubbed) as stub:
        stub.add_response("describe_spend_limits", {"SpendLimits": []})
        stub.add_response("describe_phone_numbers", {"PhoneNumbers": numbers})
        assert sms_quota("pool-1", 0.0) == quota


def test_what_cannot_be_read_is_counted_without_saying_whose(capsys: pytest.CaptureFixture[str]) -> None:
    note_unread("sms", LookupError(NUMBER))
    said = capsys.readouterr()
    assert '"QuotaUnread"' in said.out
    assert NUMBER not in said.out + said.err
