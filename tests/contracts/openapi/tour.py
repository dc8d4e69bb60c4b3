"""A tour of every route: real handlers behind the real templates' routes, asked for what a client would ask for."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from tests.contracts.openapi.documents import SERVICES, operations
from tests.contracts.openapi.operations import FORM, JSON, Operation
from tests.support.road import Road
from tests.support.wire import Response

START = datetime(2026, 1, 10, 12, tzinfo=UTC)
MAIL = "ana@example.com"


@dataclass(frozen=True)
class Visit:
    """A request and its answer; `taken` and `answer` are parsed where they are JSON, names of headers lower-case."""

    service: str
    key: str
    taken_type: str
    taken: Any
    status: int
    answer_type: str
    answer: Any
    headers: frozenset[str] = frozenset()


@dataclass
class Tour:
    """Asks, and keeps what was asked and answered."""

    road: Road
    visits: list[Visit] = field(default_factory=list)
    write_key: str = ""

    def ask(
        self,
        key: str,
        *names: str,
        expect: int = 200,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        sent_as: str = JSON,
    ) -> Response:
        """One request to the route of a key, whose parameters are `names` in turn.

        Raises:
            AssertionError: the status is another.
        """
        service, operation = self._described[key]
        method, path = key.split(" ")
        given = iter(names)
        sent = {"content-type": sent_as, **self._key_of(operation), **(headers or {})}
        answer = self.road.http(
            method,
            re.sub(r"\{\w+\}", lambda _: next(given), path),
            body=body,
            form=form,
            query=query,
            headers=sent,
            admin=operation.who == "marketer",
        )
        assert answer.status == expect, f"{key}: {answer.status} {answer.body[:500]}"
        kind = _media_type(answer)
        self.visits.append(
            Visit(
                service=service,
                key=key,
                taken_type=FORM if form is not None else sent_as if body is not None else "",
                taken=dict(form) if form is not None else body.decode() if isinstance(body, bytes) else body,
                status=answer.status,
                answer_type=kind,
                answer=json.loads(answer.body) if kind == JSON and answer.body else answer.body,
                headers=frozenset(name.lower() for name in answer.headers),
            )
        )
        return answer

    @cached_property
    def _described(self) -> Mapping[str, tuple[str, Operation]]:
        return {key: (service, one) for service in SERVICES for key, one in operations(service).items()}

    def _key_of(self, operation: Operation) -> dict[str, str]:
        if operation.who != "source":
            return {}
        return {"authorization": "Basic " + base64.b64encode(f"{self.write_key}:".encode()).decode()}


def _media_type(answer: Response) -> str:
    headers = {name.lower(): str(value) for name, value in answer.headers.items()}
    return headers.get("content-type", "").partition(";")[0].strip()
