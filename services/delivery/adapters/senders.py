"""Providers: one attempt each, every outcome as a value.

What went wrong on our side of the wire (throttling, a pause, a missing right) certainly sent nothing and is tried
again; a refusal of this very message is final; anything that may have happened after the request left is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.delivery.domain.mime import NotAnEmail, build_mime
from services.delivery.domain.protocol import Answer, Refused, Retry, Sent, Unknown
from services.delivery.ports import Outgoing
from services.shared.aws.clients import single_attempt_client

_REFUSALS = frozenset(
    {
        "MessageRejected",
        "BadRequestException",
        "ValidationException",
        "InvalidParameterValue",
        "ConflictException",
    }
)
"""Errors that this message would meet again; every other definite error is about us and passes."""


class SesSender:
    """SES v2, raw MIME, with the send id as a tag that comes back in feedback."""

    def __init__(self, from_address: str, configuration_set: str) -> None:
        self._from = from_address
        self._configuration_set = configuration_set
        self._client = single_attempt_client("sesv2")

    def send(self, outgoing: Outgoing) -> Answer:
        try:
            raw = build_mime(
                sender=self._from,
                to=outgoing.to,
                content=outgoing.content,
                at=outgoing.at,
                unsubscribe_url=outgoing.unsubscribe_url if outgoing.commercial else "",
            )
        except NotAnEmail:
            return Refused("invalid_message")
        request = {
            "FromEmailAddress": self._from,
            "Destination": {"ToAddresses": [outgoing.to]},
            "Content": {"Raw": {"Data": raw}},
            "ConfigurationSetName": self._configuration_set,
            "EmailTags": [{"Name": "send_id", "Value": outgoing.send_id}],
        }
        return _attempt(lambda: self._client.send_email(**request))


class SmsSender:
    """AWS End User Messaging, with the send id as context that comes back in feedback."""

    def __init__(self, origination: str, configuration_set: str) -> None:
        self._origination = origination
        self._configuration_set = configuration_set
        self._client = single_attempt_client("pinpoint-sms-voice-v2")

    def send(self, outgoing: Outgoing) -> Answer:
        request = {
            "DestinationPhoneNumber": outgoing.to,
            "OriginationIdentity": self._origination,
            "MessageBody": outgoing.content.text,
            "MessageType": "PROMOTIONAL" if outgoing.commercial else "TRANSACTIONAL",
            "ConfigurationSetName": self._configuration_set,
            "Context": {"send_id": outgoing.send_id},
        }
        return _attempt(lambda: self._client.send_text_message(**request))


def _attempt(call: Callable[[], Any]) -> Answer:
    from botocore import exceptions

    try:
        return Sent(str(call()["MessageId"]))
    except exceptions.ClientError as error:
        return _answer(error.response)
    except exceptions.ParamValidationError:
        return Refused("invalid_message")
    except (
        exceptions.ConnectTimeoutError,
        exceptions.EndpointConnectionError,
        exceptions.NoCredentialsError,
    ):
        return Retry("unreachable")
    except Exception as error:  # after the request may have left, nothing we do not know is a definite no
        return Unknown(type(error).__name__)


def _answer(response: Any) -> Answer:
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if not 400 <= status < 500:
        return Unknown(code or "server_error")
    return Refused(code) if code in _REFUSALS else Retry(code)
