"""Secrets, read once a process: a rotation reaches a function with its next cold start or after `TTL_SECONDS`."""

from __future__ import annotations

import time

from services.shared.aws.clients import client

TTL_SECONDS = 300
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
