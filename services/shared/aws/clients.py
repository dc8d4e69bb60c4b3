"""boto3 clients, made once per process and only when first used, so that importing a handler stays cheap."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def client(service: str) -> Any:
    """The client of an AWS service, with the SDK's standard retries."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        config=Config(
            retries={"mode": "standard", "total_max_attempts": 4},
            connect_timeout=3,
            read_timeout=20,
            max_pool_connections=32,
        ),
    )


@cache
def single_attempt_client(service: str, read_seconds: int = 10) -> Any:
    """A client that never repeats a request, and waits `read_seconds` for an answer.

    For sends: no send API has an idempotency token, and the SDK's own retry delivers a message twice when only the
    answer was lost. Repeating a send is the decision of delivery's send protocol.
    """
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=3, read_timeout=read_seconds),
    )
