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
    """A request and its answer; `taken` and `answer` are parsed where they are JSON."""

    service: str
    key: str
    taken_type: str
    taken: Any
    status: int
    answer_type: str
    answer: Any


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


def everywhere(road: Road) -> list[Visit]:
    """All visits of a tour of every route."""
    from tests.contracts.openapi import tour_ingest, tour_outward, tour_scoring

    tour = Tour(road)
    tour_ingest.sources_and_attributes(tour)
    tour_outward.permissions(tour)
    tour_scoring.definitions(tour)
    tour_outward.journeys_and_templates(tour)
    tour_ingest.doors(tour)
    tour_ingest.forms_imports_and_sinks(tour)
    road.deliver()
    tour_outward.pages(tour)
    tour_scoring.people_and_forums(tour)
    tour_outward.what_was_sent(tour)
    tour_ingest.people(tour)
    tour_scoring.letting_go(tour)
    tour_ingest.forgetting(tour)
    return tour.visits


def recording(visits: list[Visit], before: Mapping[str, Any]) -> dict[str, Any]:
    """Requests and answers by service and route key, the first of each status; what stood `before` stays where it has
    the same form, so that a new tour changes no ids and times."""
    found: dict[str, dict[str, Any]] = {service: {} for service in SERVICES}
    for visit in visits:
        one = found[visit.service].setdefault(visit.key, {"responses": {}})
        if visit.taken_type and visit.status < 400:
            one.setdefault("request", {"type": visit.taken_type, "body": visit.taken})
        if visit.answer_type == JSON and visit.answer != "":
            one["responses"].setdefault(str(visit.status), visit.answer)
    return {
        service: {
            key: stood if same_form(stood := before.get(service, {}).get(key), one) else one
            for key, one in rows.items()
        }
        for service, rows in found.items()
    }


def same_form(one: Any, other: Any) -> bool:
    """Have two JSON values the same keys, lengths and kinds of values?"""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_form(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_form, one, other))
    return type(one) is type(other)
