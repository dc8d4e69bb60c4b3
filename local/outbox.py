"""The outbox as the console reads it: what the provider stand-ins took, as JSON under `/local/outbox` of the gateway.

Only there: the stage in an account has providers instead, and the console shows no outbox.
"""

from __future__ import annotations

import email.policy
import hmac
import json
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from local.stand_in import Accepted

PATH = "/local/outbox"
LATEST = 500
"""How many messages the list holds, the newest ones."""

Answer = tuple[int, str]
Own = Callable[[str, str, str], Answer | None]
"""Status and JSON body for (method, path, Authorization header); `None`: the path is the API's."""


def opened_with(key: str, taken: Callable[[], Sequence[Accepted]]) -> Own:
    """The outbox of what was `taken`, for whoever brings the marketers' `key`: messages hold addresses and links."""

    def answered(method: str, path: str, authorization: str) -> Answer | None:
        if path != PATH and not path.startswith(f"{PATH}/"):
            return None
        if not hmac.compare_digest(authorization.encode(), f"Bearer {key}".encode()):
            return 403, json.dumps({"message": "Forbidden"})
        messages = taken()
        number = path.removeprefix(PATH).strip("/")
        if method != "GET":
            return 405, _refused("not_allowed", "the outbox can only be read")
        if not number:
            return 200, json.dumps({"messages": [_listed(one) for one in messages[-LATEST:]]})
        if not (number.isascii() and number.isdecimal() and 1 <= int(number) <= len(messages)):
            return 404, _refused("no_message", "no message of this number has left")
        return 200, json.dumps(_shown(messages[int(number) - 1]))

    return answered


def _listed(message: Accepted) -> dict[str, Any]:
    subject = "" if message.mime is None else str(_parsed(message.mime).get("Subject", ""))
    return {
        "number": message.number,
        "channel": message.channel,
        "to": message.to,
        "subject": subject,
        "text": "" if message.mime else message.text,
    }


def _shown(message: Accepted) -> dict[str, Any]:
    headers = [("From", message.sender), ("To", message.to), ("Configuration set", message.configuration_set)]
    shown = {**_listed(message), "html": "", "tags": dict(message.tags)}
    if message.mime is not None:
        mail = _parsed(message.mime)
        headers = [*headers[2:], *((name, str(value)) for name, value in mail.items())]
        shown |= {"html": _part(mail, "html"), "text": _part(mail, "plain")}
    return {**shown, "headers": headers}


def _parsed(mime: bytes) -> EmailMessage:
    return BytesParser(policy=email.policy.default).parsebytes(mime)


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part else ""


def _refused(code: str, message: str) -> str:
    return json.dumps({"code": code, "message": message})
