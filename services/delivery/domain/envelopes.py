"""The wrappings in which a provider's reports arrive: SNS, EventBridge, Firehose, or none."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from services.delivery.domain.feedback import UnknownFeedback

SES_GREETING = "Successfully validated SNS topic for Amazon SES event publishing."
"""What SES writes to a topic when it becomes an event destination: no report, in no JSON."""

MOST = 500
"""Records one delivery of Firehose to a function may hold."""

_EVENT_TYPES = {
    "Email Bounced": "Bounce",
    "Email Clicked": "Click",
    "Email Complaint Received": "Complaint",
    "Email Delivered": "Delivery",
    "Email Delivery Delayed": "DeliveryDelay",
    "Email Opened": "Open",
    "Email Rejected": "Reject",
    "Email Rendering Failed": "Rendering Failure",
    "Email Sent": "Send",
    "Email Subscribed": "Subscription",
}
"""EventBridge's `detail-type` where the report within does not say itself what it is."""


def reports_in(text: str) -> list[Mapping[str, Any]]:
    """The reports in one message of a queue: an SNS notification, an EventBridge event, what Firehose hands on (JSON
    after JSON, or its records in base64), or a bare report. None in a greeting.

    Raises:
        UnknownFeedback: it is none of them.
    """
    try:
        return list(_unwrapped(text))
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise UnknownFeedback("not a notification") from error


def reports_in_file(text: str) -> Iterator[Mapping[str, Any]]:
    """The reports in an object that Firehose wrote: any number of them, JSON after JSON.

    Raises:
        UnknownFeedback: there is something else in it; after what could be read.
    """
    try:
        for report in _documents(text):
            if not isinstance(report, dict):
                raise UnknownFeedback("no report")
            yield report
    except ValueError as error:
        raise UnknownFeedback("no file of reports") from error


def _unwrapped(text: str) -> Iterator[Mapping[str, Any]]:
    number = 0
    for body in _documents(text):
        for report in _reports(body):
            number += 1
            if number > MOST or not isinstance(report, dict):
                raise UnknownFeedback(f"no report, or more than {MOST} in one message")
            yield report
    if not number and SES_GREETING not in text:
        raise UnknownFeedback("nothing in it")


def _reports(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if body.get("Type") == "Notification":
        if body["Message"] != SES_GREETING:
            yield json.loads(body["Message"])
    elif "detail-type" in body:
        named = {"eventType": _EVENT_TYPES[body["detail-type"]]} if body.get("source") == "aws.ses" else {}
        yield {**named, **body["detail"]}
    elif "records" in body:
        for record in body["records"]:
            yield from _documents(base64.b64decode(record["data"], validate=True).decode())
    else:
        yield body


def _documents(text: str) -> Iterator[Any]:
    """JSON after JSON, with or without white space between: Firehose adds none."""
    decoder, at = json.JSONDecoder(), 0
    while (at := _next(text, at)) < len(text):
        document, at = decoder.raw_decode(text, at)
        yield document


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
