"""What the documents say is what real handlers take, answer and refuse, on the routes of the real templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from services.journeys.domain.yaml_text import read_yaml
from tests.contracts.openapi.documents import SERVICES, document, operations, recorded
from tests.contracts.openapi.operations import YAML
from tests.contracts.openapi.record import everywhere, recording
from tests.contracts.openapi.tour import START, Visit
from tests.contracts.openapi.tour_journeys import JOURNEY
from tests.support.road import Road
from tests.support.stage import Stage
from tests.support.templates import Templates, synthesise


@pytest.fixture(scope="session")
def templates() -> Templates:
    return Templates(synthesise())


@cache
def whole(service: str) -> dict[str, Any]:
    return document(service, {})


def said(visit: Visit) -> dict[str, Any]:
    method, path = visit.key.split(" ")
    found: dict[str, Any] = whole(visit.service)["paths"][path][method.lower()]
    return found


def broken(service: str, value: Any, schema: Mapping[str, Any]) -> list[str]:
    """Where a value is not what its schema says."""
    rooted = {**schema, "components": whole(service)["components"]}
    found = Draft202012Validator(rooted, format_checker=Draft202012Validator.FORMAT_CHECKER).iter_errors(
        value
    )
    return [f"{error.json_path}: {error.message[:300]}" for error in found]


def test_documents_and_templates_have_the_same_routes_and_callers(templates: Templates) -> None:
    stage = Stage.of(templates, clock_factory="tests.support.road:clock")
    behind = {route.key: route.authorizer is not None for route in stage.routes}
    described = {
        key: one.who == "marketer" for service in SERVICES for key, one in operations(service).items()
    }
    assert described == behind


def test_all_that_is_said_of_routes_holds_on_a_tour(templates: Templates) -> None:
    """One tour, because it takes half a minute: nothing is left out, each answer and request is as described, and the
    examples on file are what is seen (`python -m tests.contracts.openapi` records them anew)."""
    with Road(templates, START) as road:
        visits = everywhere(road)
        assert road.dead_letters() == []
    assert unseen(visits) == FAR_OFF
    assert {f"{v.key} {v.status}": found for v in visits if (found := wrong_answer(v))} == {}
    assert {v.key: found for v in visits if (found := wrong_request(v))} == {}
    assert recording(visits, recorded()) == recorded()


FAR_OFF = {
    ("PUT /segments/{name}/members", 202),
    ("GET /profiles/{identifier}/export", 202),
    ("POST /pressure/pauses/{name}/resume", 200),
    *((f"GET /reports/{kind}", 202) for kind in ("nps", "service", "loyal")),
}
"""Only a large file, a person with a large history, a thousand mails that come back, or a lake that takes a while to
be counted lead there."""


def unseen(visits: list[Visit]) -> set[tuple[str, int]]:
    """Answers that no visit got, refusals apart."""
    described = {
        (key, status)
        for service in SERVICES
        for key, one in operations(service).items()
        for status in one.answers
        if status < 400
    }
    return described - {(visit.key, visit.status) for visit in visits}


def wrong_answer(visit: Visit) -> list[str]:
    response = said(visit)["responses"].get(str(visit.status))
    if response is None:
        return [f"status {visit.status} is not described: {visit.answer}"]
    if visit.key.startswith("HEAD "):  # the API leaves the body out
        return []
    if "content" not in response:
        return [f"has a body: {visit.answer}"] if visit.answer else []
    content = response["content"]
    if missing := {name.lower() for name in response.get("headers", {})} - visit.headers:
        return [f"headers are missing: {missing}"]
    if visit.answer_type not in content:
        return [f"{visit.answer_type} is not described"]
    return broken(visit.service, visit.answer, content[visit.answer_type]["schema"])


def wrong_request(visit: Visit) -> list[str]:
    """Of what was taken whole."""
    if visit.status >= 400 or not visit.taken_type or "rejected" in visit.answer:
        return []
    content = said(visit)["requestBody"]["content"]
    taken = read_yaml(visit.taken) if visit.taken_type == YAML else visit.taken
    return broken(visit.service, taken, content[visit.taken_type]["schema"])


def test_what_is_not_as_described_is_found() -> None:
    """The checks above can fail."""
    visit = Visit("journeys", "GET /journeys", "", None, 200, "application/json", {"journeys": []})
    assert wrong_answer(visit) == []
    for answer in ({}, {"journeys": [{}]}, {"journeys": [], "more": 1}):
        assert wrong_answer(replace(visit, answer=answer))
    assert wrong_answer(replace(visit, status=409))
    assert wrong_answer(replace(visit, answer_type="text/html"))
    asked = replace(visit, key="PUT /journeys/{name}", taken_type="application/json", answer={})
    assert wrong_request(replace(asked, taken=JOURNEY)) == []
    branch = {"type": "branch", "branches": [{"when": {"fact": "orders"}, "next": "x"}], "default": "x"}
    assert wrong_request(replace(asked, taken={**JOURNEY, "nodes": {"x": branch}}))
