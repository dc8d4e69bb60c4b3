"""The OpenAPI documents and the page of routes: on file as generated, whole, valid, and true of the sources."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.journeys.domain.schema import CONDITIONS
from tests.contracts.openapi import codes
from tests.contracts.openapi.documents import (
    FOLDER,
    SERVICES,
    answered,
    document,
    operations,
    recorded,
    refusals,
    written,
)
from tests.contracts.openapi.journeys_documents import JOURNEY, journey
from tests.contracts.openapi.operations import does
from tests.contracts.openapi.overview import PAGE, overview
from tests.contracts.openapi.shapes import COMPONENTS, CONDITION, component, condition

AGAIN = "run `python -m tests.contracts.openapi`"

NEVER_ANSWERED: Mapping[str, Mapping[str, str]] = {
    "ingest": {
        **dict.fromkeys(
            ("broken_csv", "broken_gzip", "bad_header", "empty_file", "line_too_long", "wrong_encoding"),
            "of an import's file: stands in `failures` or `broken`",
        ),
        **dict.fromkeys(
            ("bad_value", "missing_value", "no_rule"), "of a row: stands in `results` or `failures`"
        ),
    },
    "scoring": dict.fromkeys(
        ("in_future", "too_old", "no_identity", "unknown_forum"), "of a mention: stands in `refused`"
    ),
    "consent": dict.fromkeys(("token_invalid", "form_invalid", "link_used"), "answered with a page"),
    "delivery": {"token_expired": "answered with a page"},
}
"""Codes that no route refuses a request with, and why."""


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_on_file_is_what_is_generated(service: str) -> None:
    made = written(document(service, recorded()[service]))
    assert (FOLDER / f"{service}.json").read_text() == made, AGAIN


def test_the_page_of_routes_is_what_is_generated() -> None:
    assert PAGE.read_text() == overview(), AGAIN


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_is_described_and_no_other(service: str) -> None:
    described = operations(service).keys()
    missing = {key: module for key, module in answered(service).items() if key not in described}
    assert not missing, (
        f"{missing}: say of each what it takes, answers and refuses in tests/contracts/openapi/{service}.py, ask "
        f"for it in tests/contracts/openapi/tour_*.py, and {AGAIN}"
    )
    gone = described - answered(service).keys()
    assert not gone, f"{gone}: no handler answers these; take them out of tests/contracts/openapi and {AGAIN}"


@pytest.mark.parametrize("service", SERVICES)
def test_each_document_is_valid(service: str) -> None:
    """By the specification, examples and defaults included."""
    OpenAPIV31SpecValidator(document(service, recorded()[service])).validate()


def references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for child in value.values():
            yield from references(child)
    elif isinstance(value, list):
        for child in value:
            yield from references(child)


@pytest.mark.parametrize("service", SERVICES)
def test_references_stay_inside_and_every_component_is_used(service: str) -> None:
    whole = document(service, {})
    found = set(references(whole))
    assert all(one.startswith(COMPONENTS) for one in found)
    schemas = whole["components"]["schemas"]
    assert {one.removeprefix(COMPONENTS).partition("/")[0] for one in found} == set(schemas)


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_has_an_id_of_its_own_and_declares_its_path(service: str) -> None:
    ids = []
    for path, methods in document(service, {})["paths"].items():
        for one in methods.values():
            ids.append(one["operationId"])
            declared = [p["name"] for p in one.get("parameters", []) if p["in"] == "path"]
            assert declared == re.findall(r"\{(\w+)\}", path)
    assert len(set(ids)) == len(ids) == len(operations(service))


@pytest.mark.parametrize("service", SERVICES)
def test_every_code_that_a_service_raises_is_said_of_a_route(service: str) -> None:
    said = {text.rpartition(" ")[2] for one in operations(service).values() for text in one.refuses}
    unanswered = set(NEVER_ANSWERED.get(service, {}))
    assert codes.own(service) - said == unanswered, "name the code among what a route `refuses`, and " + AGAIN
    assert not said & unanswered


def test_only_codes_that_are_raised_can_be_described() -> None:
    assert codes.raised("journeys")["invalid_journey"] == {400}
    for refuses in ("unheard_of", "unknown_source"):  # that has two statuses, and none is named
        with pytest.raises(LookupError, match=refuses):
            refusals("ingest", does("", {}, refuses))
    assert refusals("ingest", does("", {}, "404 unknown_source")) == {404: ["unknown_source"]}


def test_the_language_of_conditions_is_the_published_one() -> None:
    published = json.loads((FOLDER.parent / "conditions.schema.json").read_text())
    inside = json.dumps(condition()[CONDITION]).replace(component(""), "#/$defs/")
    assert {"$schema": published["$schema"], **json.loads(inside)} == published


def test_the_language_of_journeys_is_the_published_one() -> None:
    published = json.loads((FOLDER.parent / "journeys.schema.json").read_text())
    inside = json.dumps(journey()[JOURNEY]).replace(f"{COMPONENTS}{JOURNEY}/", "#/")
    for reference, file in (
        (f"{COMPONENTS}{CONDITION}/", f"{CONDITIONS}#/"),
        (COMPONENTS + CONDITION, CONDITIONS),
    ):
        inside = inside.replace(reference, file)
    assert {"$schema": published["$schema"], **json.loads(inside)} == published
