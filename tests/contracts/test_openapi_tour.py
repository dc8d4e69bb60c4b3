"""What the documents say is what real handlers take, answer and refuse, on the routes of the real templates."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

from tests.contracts.openapi.documents import SERVICES, document, operations, recorded
from tests.contracts.openapi.operations import FORM, JSON
from tests.contracts.openapi.tour import START, Visit, everywhere, recording, same_form
from tests.support.road import Road
from tests.support.stage import Stage
from tests.support.templates import Templates, synthesise


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates(synthesise())


@pytest.fixture(scope="module")
def visits(templates: Templates) -> list[Visit]:
    with Road(templates, START) as road:
        found = everywhere(road)
        assert road.dead_letters() == []
    return found


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
    found = Draft202012Validator(rooted, format_checker=Draft202012Validator.FORMAT_CHECKER).iter_errors(value)
    return [f"{error.json_path}: {error.message[:300]}" for error in found]


def test_documents_and_templates_have_the_same_routes_and_callers(templates: Templates) -> None:
    stage = Stage.of(templates, clock_factory="tests.support.road:clock")
    behind = {route.key: route.authorizer is not None for route in stage.routes}
    described = {key: one.who == "marketer" for service in SERVICES for key, one in operations(service).items()}
    assert described == behind


def test_every_route_is_on_the_tour_with_every_success(visits: list[Visit]) -> None:
    """But those that only a large file or a large person leads to."""
    unseen = {
        (key, status)
        for service in SERVICES
        for key, one in operations(service).items()
        for status in one.answers
        if status < 400
    } - {(visit.key, visit.status) for visit in visits}
    assert unseen == {("PUT /segments/{name}/members", 202), ("GET /profiles/{identifier}/export", 202)}


def test_every_answer_is_what_is_said_of_it(visits: list[Visit]) -> None:
    wrong = {}
    for visit in visits:
        response = said(visit)["responses"].get(str(visit.status))
        assert response is not None, (visit.key, visit.status, visit.answer)
        content = response.get("content", {})
        if not content or visit.answer == "":
            assert visit.answer == "", visit.key
            continue
        assert visit.answer_type in content, (visit.key, visit.status, visit.answer_type)
        if found := broken(visit.service, visit.answer, content[visit.answer_type]["schema"]):
            wrong[f"{visit.key} {visit.status}"] = found
    assert wrong == {}


def test_every_request_that_is_taken_is_what_is_said_of_it(visits: list[Visit]) -> None:
    wrong = {}
    for visit in visits:
        if visit.status < 400 and visit.taken_type:
            content = said(visit)["requestBody"]["content"]
            if found := broken(visit.service, visit.taken, content[visit.taken_type]["schema"]):
                wrong[visit.key] = found
    assert wrong == {}


def test_the_examples_on_file_are_what_the_tour_sees(visits: list[Visit]) -> None:
    """`python -m tests.contracts.openapi` records them anew."""
    assert recording(visits, recorded()) == recorded()
