"""One call of a provider, and what its answer means.

What went wrong on our side of the wire (throttling, a pause, a missing right) certainly sent nothing and is tried
again; a refusal of this very message is final; anything that may have happened after the request left is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.delivery.domain.pressure.pauses import PAUSING
from services.delivery.domain.protocol import Answer, Refused, Retry, Sent, Unknown

_REFUSALS = frozenset(
    {
        "MessageRejected",
        "BadRequestException",
        "ValidationException",
        "InvalidParameter",
        "InvalidParameterValue",
        "ConflictException",
    }
)
"""Errors that this message would meet again; every other definite error is about us and passes."""

_DEAD = frozenset({"EndpointDisabled", "EndpointDisabledException", "NotFound"})
"""Errors of SNS by which a device's endpoint is gone."""


def attempt(call: Callable[[], Any], read: Callable[[Any], Answer]) -> Answer:
    """What came of `call`, an operation of botocore's; `read` says what an answer of 200 means."""
    from botocore import exceptions

    try:
        response = call()
    except exceptions.ClientError as error:
        return _refusal(error.response)
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
    try:
        return read(response)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return Unknown(type(error).__name__)


def message_id(response: Mapping[str, Any]) -> Answer:
    """That of an answer that only names the message."""
    return Sent(str(response["MessageId"]))


def _refusal(response: Any) -> Answer:
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if not 400 <= status < 500:
        return Unknown(code or "server_error")
    if response.get("Reason") in PAUSING:
        return Retry(str(response["Reason"]))
    if code in _DEAD:
        return Refused(code, dead=True)
    return Refused(code) if code in _REFUSALS else Retry(code)
