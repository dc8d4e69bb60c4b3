"""What AWS as moto plays it holds, and a way back to it; and a handler's life, in which it may die."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from services.shared.aws.clients import client
from tests.faults.wire import Crash, Wire

REGION = "us-east-1"


@dataclass
class Memory:
    """Tables, and a bucket's objects."""

    tables: dict[str, Any]
    objects: dict[str, bytes]


def remember(bucket: str = "") -> Memory:
    """What there is now."""
    return Memory(copy.deepcopy(_backend().tables), _objects(bucket) if bucket else {})


def go_back(to: Memory, bucket: str = "") -> None:
    """Make it what it was then."""
    _backend().tables = copy.deepcopy(to.tables)
    if bucket:
        now = _objects(bucket)
        for key in now.keys() - to.objects.keys():
            client("s3").delete_object(Bucket=bucket, Key=key)
        for key, body in to.objects.items():
            if now.get(key) != body:
                client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def survived(wire: Wire, run: Callable[[], Any]) -> Any:
    """What a handler answers; `None` when it raised or died of what was done to it."""
    try:
        with wire.life():
            return run()
    except Crash:
        return None
    except Exception:
        if not wire.struck:
            raise
        return None


def _backend() -> Any:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION]


def _objects(bucket: str) -> dict[str, bytes]:
    listed = client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
    return {
        one["Key"]: client("s3").get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in listed
    }
