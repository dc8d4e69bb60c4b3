"""Secrets, read once a process: a rotation reaches a function with its next cold start or after `TTL_SECONDS`."""

from __future__ import annotations

import time

from services.shared.aws.clients import client

TTL_SECONDS = 300
RENEW_SECONDS = 10
"""How young a secret is not read again, whatever is asked: a flood of forgeries must not be one of calls."""

_kept: dict[tuple[str, str], tuple[float, str]] = {}


def secret_text(arn: str, version_stage: str = "AWSCURRENT") -> str:
    """The text of a Secrets Manager secret.

    Raises:
        botocore.exceptions.ClientError: there is no such secret or version, or it may not be read.
    """
    kept = _kept.get((arn, version_stage))
    if kept and time.monotonic() - kept[0] < TTL_SECONDS:
        return kept[1]
    text = str(
        client("secretsmanager").get_secret_value(SecretId=arn, VersionStage=version_stage)["SecretString"]
    )
    _kept[(arn, version_stage)] = (time.monotonic(), text)
    return text


def renewed(arn: str) -> bool:
    """Forget a secret that may have been rotated since it was read; `False`: it was read a moment ago."""
    old = [key for key, (at, _) in _kept.items() if key[0] == arn and time.monotonic() - at >= RENEW_SECONDS]
    for key in old:
        _kept.pop(key, None)
    return bool(old)
