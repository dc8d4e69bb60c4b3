"""The stand-in's push: End User Messaging's `SendMessages`, and SNS `Publish` to a device's endpoint.

A token that begins with `gone` belongs to no device any more, and an endpoint whose name ends in `disabled` is: both
are refused as the services refuse them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

PATH = re.compile(r"/v1/apps/([A-Za-z0-9_-]{1,64})/messages")


class Disabled(Exception):
    """The endpoint takes no messages."""


def pinpoint_params(application_id: str, body: bytes) -> dict[str, Any]:
    """The parameters of `SendMessages` on the wire.

    Raises:
        ValueError: the body is not JSON.
    """
    return {"ApplicationId": application_id, "MessageRequest": json.loads(body)}


def sns_params(body: bytes) -> dict[str, str]:
    """Those of `Publish`, without what the protocol adds; empty: it is another operation, or for no endpoint."""
    form = dict(parse_qsl(body.decode("utf-8", "replace")))
    if form.pop("Action", "") != "Publish" or ":endpoint/" not in form.get("TargetArn", ""):
        return {}
    form.pop("Version", None)
    return form


def said(service: str, params: Mapping[str, Any]) -> tuple[str, str, dict[str, str]]:
    """To whom, what, and the tags of a message.

    Raises:
        ValueError: it is for another number of devices than one, or says nothing to it.
        Disabled: the endpoint takes nothing.
    """
    if service == "sns":
        if params["TargetArn"].endswith("disabled"):
            raise Disabled
        message = json.loads(params["Message"])
        google = json.loads(message["GCM"])
        return params["TargetArn"], str(message["default"]), {"send_id": str(google["data"]["send_id"])}
    request = params["MessageRequest"]
    ((token, address),) = request.get("Addresses", {}).items()
    kind = str(address["ChannelType"])
    configuration = request["MessageConfiguration"]
    by_kind = {name.removesuffix("Message").upper(): said for name, said in configuration.items()}
    if kind.partition("_")[0] not in by_kind:
        raise ValueError(f"a {kind} address, and no message for it")
    text = str(by_kind[kind.partition("_")[0]]["Body"])
    return f"{kind.lower()}:{token}", text, dict(request.get("Context", {}))


def pinpoint_answer(params: Mapping[str, Any], message_id: str) -> dict[str, Any]:
    """What `SendMessages` answers: a result for the address, also where it is none any more."""
    (token,) = params["MessageRequest"]["Addresses"]
    gone = {"DeliveryStatus": "PERMANENT_FAILURE", "StatusCode": 410, "StatusMessage": "Unregistered"}
    taken = {"DeliveryStatus": "SUCCESSFUL", "StatusCode": 200, "MessageId": message_id}
    result = gone if token.startswith("gone") else taken
    return {"ApplicationId": params["ApplicationId"], "RequestId": message_id, "Result": {token: result}}


def is_gone(service: str, to: str) -> bool:
    """Does the message reach no device, though the request is answered well?"""
    return service == "pinpoint" and to.partition(":")[2].startswith("gone")


def sns_answer(message_id: str) -> bytes:
    """What `Publish` answers."""
    inner = f"<PublishResult><MessageId>{escape(message_id)}</MessageId></PublishResult>"
    return f'<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">{inner}</PublishResponse>'.encode()


def sns_error(code: str, message: str) -> bytes:
    """How SNS refuses."""
    inner = f"<Type>Sender</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    return f"<ErrorResponse><Error>{inner}</Error></ErrorResponse>".encode()
