"""What Lambda hands a reactor: SQS records with an EventBridge envelope, and DynamoDB stream records."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.shared.aws.attributes import decode
from services.shared.aws.dynamo import Item


@dataclass(frozen=True)
class Envelope:
    """The event inside one message from a queue that a bus rule fills."""

    event_id: str
    source: str
    detail_type: str
    detail: Mapping[str, Any]


class Unreadable(ValueError):
    """A queue message is not an EventBridge event."""


def envelope(record: Mapping[str, Any]) -> Envelope:
    """The EventBridge event in an SQS record.

    Raises:
        Unreadable: the body is not one; the message belongs in the dead-letter queue.
    """
    try:
        body = json.loads(record["body"])
        return Envelope(
            event_id=str(body.get("id", "")),
            source=body["source"],
            detail_type=body["detail-type"],
            detail=body["detail"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"message {record.get('messageId')} is not an event") from error


@dataclass(frozen=True)
class Change:
    """One change of an item as its table's stream tells it; `old` is `None` for an insert, `new` for a removal."""

    event_id: str
    old: Item | None
    new: Item | None


def changes(event: Mapping[str, Any]) -> list[Change]:
    """The changes of a DynamoDB stream batch, in order."""
    return [
        Change(
            event_id=record.get("eventID", ""),
            old=_image(record["dynamodb"].get("OldImage")),
            new=_image(record["dynamodb"].get("NewImage")),
        )
        for record in event["Records"]
    ]


def _image(image: Mapping[str, Any] | None) -> Item | None:
    return decode({name: _with_bytes(value) for name, value in image.items()}) if image else None


def _with_bytes(value: Any) -> Any:
    """Lambda hands binary values over as base64 text; the SDK's own deserializer wants bytes."""
    kind, content = next(iter(value.items()))
    if kind == "B" and isinstance(content, str):
        return {kind: base64.b64decode(content)}
    if kind == "L":
        return {kind: [_with_bytes(one) for one in content]}
    if kind == "M":
        return {kind: {name: _with_bytes(one) for name, one in content.items()}}
    return value


def each_record(
    event: Mapping[str, Any],
    handle: Callable[[Mapping[str, Any]], None],
    on_failure: Callable[[Exception, str], None],
) -> dict[str, Any]:
    """Handle SQS records one by one and answer Lambda with those that failed, so that neighbours are not repeated.

    `on_failure` is told of every exception (with the SQS message id); the message is retried and, in the end,
    dead-lettered.
    """
    failures = []
    for record in event["Records"]:
        try:
            handle(record)
        except Exception as error:  # the boundary: any failure must become a retry of just this message
            on_failure(error, record["messageId"])
            failures.append(record["messageId"])
    return batch_failures(failures)


def batch_failures(message_ids: Iterable[str]) -> dict[str, Any]:
    """Lambda's partial-batch answer."""
    return {"batchItemFailures": [{"itemIdentifier": i} for i in message_ids]}
