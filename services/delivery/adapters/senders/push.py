"""Push notifications to one device: by End User Messaging's `SendMessages`, or by SNS where the address is an endpoint
of one of its platform applications."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from services.delivery.adapters.senders.attempt import attempt, message_id
from services.delivery.domain.protocol import Answer, Refused, Retry, Sent, Unknown
from services.delivery.ports.messages import Outgoing
from services.shared.aws.clients import single_attempt_client

GONE = 410
"""What Apple and Google answer of a token that no device has any more."""

_MESSAGES = {"apns": "APNSMessage", "gcm": "GCMMessage", "baidu": "BaiduMessage", "adm": "ADMMessage"}


class PushSender:
    """Picks the road by the address; `application_id` is End User Messaging's, empty: there is none."""

    def __init__(self, application_id: str) -> None:
        self._application_id = application_id

    def send(self, outgoing: Outgoing) -> Answer:
        if outgoing.to.startswith("arn:"):
            return _by_sns(outgoing)
        if not self._application_id:
            return Refused("no_push_application")
        kind, _, token = outgoing.to.partition(":")
        client = single_attempt_client("pinpoint")
        request = {
            "ApplicationId": self._application_id,
            "MessageRequest": {
                "Addresses": {token: {"ChannelType": kind.upper()}},
                "Context": {"send_id": outgoing.send_id},
                "TraceId": outgoing.send_id,
                "MessageConfiguration": {_MESSAGES[kind.partition("_")[0]]: _shown(outgoing)},
            },
        }
        return attempt(lambda: client.send_messages(**request), lambda response: _of_address(response, token))


def _shown(outgoing: Outgoing) -> dict[str, Any]:
    url = outgoing.content.details.get("url", "")
    action = {"Action": "URL", "Url": url} if url else {"Action": "OPEN_APP"}
    return {
        "Title": outgoing.content.subject,
        "Body": outgoing.content.text,
        "Data": {"send_id": outgoing.send_id},
        **action,
    }


def _of_address(response: Mapping[str, Any], token: str) -> Answer:
    """A 200 says nothing yet: each address has a fate of its own."""
    result = response["MessageResponse"]["Result"][token]
    status, code = str(result["DeliveryStatus"]), int(result["StatusCode"])
    if status == "SUCCESSFUL":
        return Sent(str(result.get("MessageId") or response["MessageResponse"]["RequestId"]))
    if status in ("THROTTLED", "TEMPORARY_FAILURE"):
        return Retry(status)
    if status in ("PERMANENT_FAILURE", "OPT_OUT", "DUPLICATE"):
        return Refused(status, dead=code == GONE or status == "OPT_OUT")
    return Unknown(status)


def _by_sns(outgoing: Outgoing) -> Answer:
    client = single_attempt_client("sns")
    title, text, url = (
        outgoing.content.subject,
        outgoing.content.text,
        outgoing.content.details.get("url", ""),
    )
    data = {"send_id": outgoing.send_id, **({"url": url} if url else {})}
    apple = json.dumps({"aps": {"alert": {"title": title, "body": text}}, **data})
    google = json.dumps({"notification": {"title": title, "body": text}, "data": data})
    message = {"default": text, "APNS": apple, "APNS_SANDBOX": apple, "GCM": google}
    return attempt(
        lambda: client.publish(
            TargetArn=outgoing.to, MessageStructure="json", Message=json.dumps(message, ensure_ascii=False)
        ),
        message_id,
    )
