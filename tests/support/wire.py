"""What Lambda hands to functions, HTTP API requests, SQS records and DynamoDB stream records; and a route's answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from tests.support.fabric import Message
from tests.support.templates import ACCOUNT, REGION


@dataclass(frozen=True)
class Response:
    """The answer of a route."""

    status: int
    body: str
    headers: Mapping[str, str]

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def stream_record(record: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """One change, from moto's record of it."""
    at = now.timestamp()
    return {**record, "dynamodb": {**record["dynamodb"], "ApproximateCreationDateTime": at}}


def base64_text(value: Any) -> str:
    """How Lambda writes a binary attribute of a stream record."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} in an event")


def sqs_record(message: Message, queue: str) -> dict[str, Any]:
    """One message of the queue of a name."""
    return {
        "messageId": message.id,
        "receiptHandle": message.id,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.receives + 1),
            "SentTimestamp": str(round(message.sent_at * 1000)),
        },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
        "awsRegion": REGION,
    }


def http_request(
    method: str,
    path: str,
    route_key: str,
    parameters: Mapping[str, str],
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> dict[str, Any]:
    """The payload, format 2.0, in which an HTTP API hands a request to Lambda."""
    content = headers.get("content-type", "")
    is_text = (
        content.startswith(("text/", "application/json", "application/x-www-form-urlencoded")) or not body
    )
    try:
        text, encoded = (body.decode(), False) if is_text else (base64.b64encode(body).decode(), True)
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode(), True
    return {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": urlencode(query),
        "headers": dict(headers),
        "queryStringParameters": dict(query),
        "pathParameters": dict(parameters),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "road",
            "domainName": "api.example",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "road",
            },
            "requestId": "road",
            "routeKey": route_key,
            "stage": "$default",
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "body": text or None,
        "isBase64Encoded": encoded,
    }
