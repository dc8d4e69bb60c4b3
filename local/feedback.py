"""What the providers tell about a message: SES event publishing, and End User Messaging's SMS events."""

from __future__ import annotations

import email.policy
from datetime import datetime, timedelta
from email.parser import BytesParser
from typing import Any

from local.stand_in import Accepted

_ACCOUNT = "000000000000"
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def email_event(
    kind: str, message: Accepted, sent_at: datetime, at: datetime, **detail: Any
) -> dict[str, Any]:
    """The SES event `kind` (`Send`, `Delivery`, `Bounce`, `Open`, `Click`, `Complaint`) of an e-mail."""
    bodies: dict[str, dict[str, Any]] = {
        "Send": {},
        "Delivery": {
            "timestamp": stamp(at),
            "processingTimeMillis": int((at - sent_at) / timedelta(milliseconds=1)),
            "recipients": [message.to],
            "smtpResponse": "250 2.6.0 Message received",
            "reportingMTA": "mta.example.com",
        },
        "Bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": message.to,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                }
            ],
            "timestamp": stamp(at),
            "feedbackId": f"{message.message_id}-bounce",
            "reportingMTA": "dsn; mta.example.com",
        },
        "Open": {"ipAddress": "192.0.2.1", "timestamp": stamp(at), "userAgent": _AGENT},
        "Click": {"ipAddress": "192.0.2.1", "timestamp": stamp(at), "userAgent": _AGENT, "linkTags": None},
        "Complaint": {
            "complainedRecipients": [{"emailAddress": message.to}],
            "timestamp": stamp(at),
            "feedbackId": f"{message.message_id}-complaint",
            "complaintFeedbackType": "abuse",
        },
    }
    return {"eventType": kind, "mail": _mail(message, sent_at), kind.lower(): {**bodies[kind], **detail}}


def _mail(message: Accepted, sent_at: datetime) -> dict[str, Any]:
    headers = BytesParser(policy=email.policy.default).parsebytes(message.mime or b"", headersonly=True)
    return {
        "timestamp": stamp(sent_at),
        "source": message.sender,
        "sendingAccountId": _ACCOUNT,
        "messageId": message.message_id,
        "destination": [message.to],
        "headersTruncated": False,
        "headers": [{"name": name, "value": str(value)} for name, value in headers.items()],
        "commonHeaders": {
            "from": [str(headers.get("From", message.sender))],
            "to": [message.to],
            "messageId": message.message_id,
            "subject": str(headers.get("Subject", "")),
        },
        "tags": {
            "ses:configuration-set": [message.configuration_set],
            **{name: [value] for name, value in message.tags.items()},
        },
    }


def sms_event(kind: str, message: Accepted, sent_at: datetime, at: datetime) -> dict[str, Any]:
    """The SMS event `kind` (`TEXT_DELIVERED`, `TEXT_UNREACHABLE`); its times are in milliseconds."""
    return {
        "eventType": kind,
        "eventVersion": "1.0",
        "eventTimestamp": int(at.timestamp() * 1000),
        "isFinal": True,
        "originationPhoneNumber": message.sender,
        "destinationPhoneNumber": message.to,
        "isoCountryCode": "US",
        "messageId": message.message_id,
        "messageRequestTimestamp": int(sent_at.timestamp() * 1000),
        "messageEncoding": "GSM",
        "messageType": message.message_type,
        "messageStatus": kind.removeprefix("TEXT_"),
        "messageStatusDescription": "Message has been accepted by phone",
        "context": dict(message.tags),
        "totalMessageParts": 1,
    }


def text_back(text: str, message: Accepted) -> dict[str, Any]:
    """What two-way SMS publishes of an answer to a text message."""
    return {
        "originationNumber": message.to,
        "destinationNumber": message.sender,
        "messageKeyword": "KEYWORD_000000000000",
        "messageBody": text,
        "inboundMessageId": f"{message.message_id}-answer",
        "previousPublishedMessageId": message.message_id,
    }


def stamp(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and a Z, as SES writes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
