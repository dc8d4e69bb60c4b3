"""What accounts may send, as their providers say, and the alarm where they don't."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from services.delivery.domain.pressure.pace import Quota
from services.shared.aws.clients import single_attempt_client
from services.shared.freshness import NAMESPACE
from services.shared.observability import service_logger

UNREAD = "QuotaUnread"
"""The metric on which the stack alarms."""

SMS_SERVICE = "pinpoint-sms-voice-v2"
TEXT_SPENDING = "TEXT_MESSAGE_MONTHLY_SPEND_LIMIT"

READ_SECONDS = 3
"""How long messages may wait for the answer: what can't be read holds nobody up."""

_USUAL = {"SHORT_CODE": 100, "LONG_CODE": 10, "TOLL_FREE": 3, "TEN_DLC": 1, "SIMULATOR": 1}
_USUAL_LONG_CODE = {"US": 1, "CA": 1}
"""Parts a second by the kind of number, where the SDK is too old to tell the number's own limit: AWS End User
Messaging SMS user guide, "What are the Message Parts per Second (MPS) limits"."""

_USUAL_SENDER_ID = 10


def ses_quota(now: float) -> Quota:
    """What the account may send by e-mail; a limit of -1 is none."""
    account = single_attempt_client("sesv2", READ_SECONDS).get_account()
    quota = account.get("SendQuota", {})
    stopped = account.get("EnforcementStatus") == "SHUTDOWN" or not account.get("SendingEnabled", True)
    return Quota(
        per_second=max(0.0, float(quota.get("MaxSendRate", 0))),
        per_day=max(0.0, float(quota.get("Max24HourSend", 0))),
        sent=float(quota.get("SentLast24Hours", 0)),
        read_at=now,
        paused="account_paused" if stopped else "",
    )


def sms_quota(origination: str, now: float) -> Quota:
    """How many parts of text messages a second `origination` (a number, its id, a pool's, or a sender id) may send: of
    a pool all its numbers together, of a sender id the least of its countries. Nothing where no money may be spent.

    Raises:
        LookupError: the account has no such origination.
    """
    sms = single_attempt_client(SMS_SERVICE, READ_SECONDS)
    limits = _pages(sms, "describe_spend_limits", "SpendLimits")
    no_money = any(one["Name"] == TEXT_SPENDING and not one["EnforcedLimit"] for one in limits)
    numbers = [one for one in _pages(sms, "describe_phone_numbers", "PhoneNumbers") if _is(one, origination)]
    if numbers:
        active = [one for one in numbers if one["Status"] == "ACTIVE"]
        rate, paused = float(sum(map(_of_number, active))), "" if active else "number_not_active"
    else:
        rate, paused = min(_of_sender_ids(sms, origination)), ""
    return Quota(per_second=rate, read_at=now, paused="no_spending" if no_money else paused)


def note_unread(channel: str, error: Exception) -> None:
    """Say that a quota could not be read: what is sent meanwhile goes by the last one, or by none."""
    service_logger("delivery").warning(
        "quota unread", extra={"channel": channel, "error": type(error).__name__}
    )
    with single_metric(name=UNREAD, unit=MetricUnit.Count, value=1, namespace=NAMESPACE) as metric:
        metric.add_dimension(name="service", value="delivery")


def _pages(sms: Any, operation: str, name: str, **asked: Any) -> Iterator[Mapping[str, Any]]:
    for page in sms.get_paginator(operation).paginate(**asked):
        yield from page.get(name, [])


def _is(number: Mapping[str, Any], origination: str) -> bool:
    last = origination.rpartition("/")[2]  # of an ARN the id
    return last in (number["PhoneNumber"], number.get("PhoneNumberId"), number.get("PoolId"))


def _of_number(number: Mapping[str, Any]) -> float:
    kind = number["NumberType"]
    usual = _USUAL.get(kind, 1)
    if kind == "LONG_CODE":
        usual = _USUAL_LONG_CODE.get(number["IsoCountryCode"], usual)
    return _own(number, usual)


def _of_sender_ids(sms: Any, origination: str) -> list[float]:
    named = [{"Name": "sender-id", "Values": [origination.rpartition("/")[2]]}]
    found = _pages(sms, "describe_sender_ids", "SenderIds", Filters=named)
    rates = [_own(one, _USUAL_SENDER_ID) for one in found]
    if not rates:
        raise LookupError("no such origination")
    return rates


def _own(identity: Mapping[str, Any], usual: float) -> float:
    rates: Mapping[str, Any] = (identity.get("MessagingLimits") or {}).get("RateLimits") or {}
    return float(rates.get("SMS") or usual)
