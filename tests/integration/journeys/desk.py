"""Whoever runs journeys: their requests, and the workers behind them."""

from __future__ import annotations

import json
from typing import Any

from services.journeys.handlers import api, on_chores, operations, sweep
from services.shared.aws.clients import client
from tests.integration.journeys.world import Context, World

WITHIN = 120_000
"""Milliseconds that a request or chore has."""


class Desk:
    """Requests to run journeys, in a world."""

    def __init__(self, world: World, queue_url: str) -> None:
        self.world = world
        self._queue = queue_url

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        milliseconds: int = WITHIN,
    ) -> tuple[int, dict[str, Any]]:
        """The answer of whichever function has the route."""
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
            "headers": headers or {},
            "queryStringParameters": query or {},
            "body": json.dumps(body) if body is not None else None,
            "isBase64Encoded": False,
        }
        response = operations.handler(event, Context(milliseconds))
        if response["statusCode"] == 404 and json.loads(response["body"])["code"] == "not_found":
            response = api.handler(event, Context(milliseconds))
        self.tag = (response.get("headers") or {}).get("ETag", "")
        return response["statusCode"], json.loads(response["body"])

    def done(self, method: str, path: str, body: Any = None, **how: Any) -> dict[str, Any]:
        """As `ask`, of what must succeed, with the chores that follow."""
        status, answer = self.ask(method, path, body, **how)
        assert status in (200, 202), answer
        self.do_chores()
        return answer

    def do_chores(self, *, milliseconds: int = WITHIN, at_most: int = 100) -> list[str]:
        """Work the queue off; the ids of messages that failed."""
        sqs, failed = client("sqs"), []
        for _ in range(at_most):
            found = sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=1).get("Messages", [])
            if not found:
                break
            records = [{"messageId": m["MessageId"], "body": m["Body"]} for m in found]
            answer = on_chores.handler({"Records": records}, Context(milliseconds))
            failed += [one["itemIdentifier"] for one in answer["batchItemFailures"]]
            sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=found[0]["ReceiptHandle"])
        return failed

    def sweep(self) -> None:
        """The hourly run, with its chores."""
        sweep.handler({}, Context())
        assert self.do_chores() == []

    def waiting_chores(self) -> int:
        """Messages in the queue."""
        sqs = client("sqs")
        asked = sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["ApproximateNumberOfMessages"])
        return int(asked["Attributes"]["ApproximateNumberOfMessages"])
