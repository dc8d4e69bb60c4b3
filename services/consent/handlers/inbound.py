"""Reading what providers tell of messages that came in: End User Messaging's two-way SMS, and SES's received mail."""

from __future__ import annotations

import base64
import email.policy
from collections.abc import Mapping
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr
from typing import Any

from services.consent.domain.replies import Reply

MAX_CHARACTERS = 2_000
"""Of a reply's text; a word that counts stands at its beginning."""

_VERDICTS = ("spamVerdict", "virusVerdict", "dmarcVerdict")


class UnknownInbound(ValueError):
    """A notification of a shape nobody told us about; it belongs in the dead-letter queue."""


def read_reply(notice: Mapping[str, Any]) -> Reply | None:
    """The reply in a notification; `None`: not from whom it says, or written by a machine.

    Raises:
        UnknownInbound: it is neither a text message nor mail.
    """
    try:
        if "originationNumber" in notice:
            return Reply(
                "sms",
                str(notice["originationNumber"]),
                str(notice["messageBody"])[:MAX_CHARACTERS],
                str(notice["inboundMessageId"]),
            )
        if notice.get("notificationType") == "Received":
            return _mail(notice)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, LookupError) as error:
        raise UnknownInbound("a malformed message that came in") from error
    raise UnknownInbound("neither a text message nor mail")


def _mail(notice: Mapping[str, Any]) -> Reply | None:
    receipt = notice["receipt"]
    if any((receipt.get(name) or {}).get("status") == "FAIL" for name in _VERDICTS):
        return None
    content = str(notice.get("content") or "")
    encoding = (receipt.get("action") or {}).get("encoding", "")
    raw = base64.b64decode(content) if encoding == "BASE64" else content.encode()
    message = BytesParser(policy=email.policy.default).parsebytes(raw)
    if str(message.get("Auto-Submitted", "no")).strip().lower() != "no":
        return None
    headers = notice["mail"]["commonHeaders"]
    return Reply(
        "email",
        parseaddr(str(headers["from"][0]))[1],
        _text(message)[:MAX_CHARACTERS],
        str(notice["mail"]["messageId"]),
        subject=str(headers.get("subject") or "")[:MAX_CHARACTERS],
    )


def _text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    return str(part.get_content()) if part is not None else ""
