"""The accounts that the stand-in plays: what may be sent by SES and End User Messaging, and whether anything may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GET_ACCOUNT = "/v2/email/account"
DESCRIBED = ("DescribePhoneNumbers", "DescribeSenderIds", "DescribeSpendLimits")


@dataclass
class Account:
    """For tests to change: messages a second and in 24 hours (-1: no limit), parts of text messages a second from
    `number`, and the money that a month's text messages may cost; zero: nothing leaves."""

    per_second: float = 1_000
    per_day: float = -1
    is_sending: bool = True
    number: str = "+12025550100"
    parts_per_second: int = 1_000
    text_spending: int = 1_000


def ses_account(account: Account, sent: int) -> dict[str, Any]:
    """What `GetAccount` answers."""
    return {
        "DedicatedIpAutoWarmupEnabled": False,
        "EnforcementStatus": "HEALTHY",
        "ProductionAccessEnabled": True,
        "SendQuota": {
            "Max24HourSend": account.per_day,
            "MaxSendRate": account.per_second,
            "SentLast24Hours": sent,
        },
        "SendingEnabled": account.is_sending,
    }


def described(account: Account, operation: str) -> dict[str, Any]:
    """What End User Messaging answers to an operation of `DESCRIBED`."""
    if operation == "DescribeSenderIds":
        return {"SenderIds": []}
    if operation == "DescribeSpendLimits":
        limit = {"EnforcedLimit": account.text_spending, "MaxLimit": 1_000, "Overridden": False}
        return {"SpendLimits": [{"Name": "TEXT_MESSAGE_MONTHLY_SPEND_LIMIT", **limit}]}
    number = {
        "PhoneNumberArn": "arn:aws:sms-voice:us-east-1:000000000000:phone-number/phone-1",
        "PhoneNumberId": "phone-1",
        "PhoneNumber": account.number,
        "Status": "ACTIVE",
        "IsoCountryCode": "US",
        "MessageType": "PROMOTIONAL",
        "NumberCapabilities": ["SMS"],
        "NumberType": "SHORT_CODE",
        "MonthlyLeasingPrice": "0",
        "TwoWayEnabled": False,
        "SelfManagedOptOutsEnabled": False,
        "OptOutListName": "Default",
        "DeletionProtectionEnabled": False,
        "CreatedTimestamp": 0,
        "MessagingLimits": {"RateLimits": {"SMS": account.parts_per_second}},
    }
    return {"PhoneNumbers": [number]}


def refused(account: Account, service: str) -> tuple[str, dict[str, str]] | None:
    """The error, with what it says besides, by which an account that may send nothing refuses; `None`: it may."""
    if service == "sesv2" and not account.is_sending:
        return "SendingPausedException", {}
    if service != "sesv2" and not account.text_spending:
        return "ServiceQuotaExceededException", {"Reason": "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"}
    return None
