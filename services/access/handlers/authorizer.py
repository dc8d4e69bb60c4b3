"""The HTTP API's authorizer: answers in API Gateway's simple form."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from services.access.domain import bearer_key, is_known
from services.access.settings import AuthorizerSettings
from services.shared.aws.secrets import TTL_SECONDS, secret_text
from services.shared.observability import service_logger

logger = service_logger("access")
_never_rotated_until: dict[str, float] = {}


@cache
def settings() -> AuthorizerSettings:
    """Read once per process."""
    return AuthorizerSettings.from_env()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Let the request in if it carries the API key: the current one, or the one before its last rotation."""
    key = bearer_key(event.get("headers", {}).get("authorization", ""))
    allowed = bool(key) and is_known(key, _known_keys())
    logger.info("authorized" if allowed else "refused", extra={"route": event.get("routeKey", "")})
    return {"isAuthorized": allowed}


def _known_keys() -> list[str]:
    arn = settings().admin_key_secret_arn
    keys = [secret_text(arn)]
    previous = _previous(arn)
    return [*keys, previous] if previous else keys


def _previous(arn: str) -> str:
    """The key before the last rotation; that there is none is remembered too, or each forged key would ask again."""
    if _never_rotated_until.get(arn, 0.0) > time.monotonic():
        return ""
    from botocore.exceptions import ClientError

    try:
        return secret_text(arn, "AWSPREVIOUS")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        _never_rotated_until[arn] = time.monotonic() + TTL_SECONDS
        return ""
