"""The OpenAPI document of scoring: on file as generated, whole, and true of what the routes answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from services.shared.clock import FixedClock
from tests.contracts import openapi
from tests.contracts.openapi_schemas import CONDITION
from tests.integration.scoring.conftest import aws as aws
from tests.integration.scoring.conftest import call, deliver, message, moment
from tests.integration.scoring.conftest import clock as clock
from tests.integration.scoring.conftest import no_past as no_past
from tests.integration.scoring.test_definition_routes import DOCUMENTS, REFERRED
from tests.unit.scoring.builders import change, order


def test_what_is_on_file_is_what_is_generated() -> None:
    """`python -m tests.contracts.openapi` writes it anew."""
    assert openapi.FILE.read_text() == openapi.written()


def test_every_route_is_described_and_no_other() -> None:
    assert set(openapi.described()) == openapi.routes()


def test_every_operation_has_an_id_of_its_own_and_declares_its_path() -> None:
    seen = []
    for path, methods in openapi.document()["paths"].items():
        for one in methods.values():
            seen.append(one["operationId"])
            declared = [p["name"] for p in one.get("parameters", []) if p["in"] == "path"]
            assert declared == re.findall(r"\{(\w+)\}", path)
    assert len(set(seen)) == len(seen) == len(openapi.routes())


def references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if "$ref" in value:
            yield value["$ref"]
        for child in value.values():
            yield from references(child)
    elif isinstance(value, list):
        for child in value:
            yield from references(child)


def test_references_lead_somewhere_and_everything_is_used() -> None:
    document = openapi.document()
    schemas = document["components"]["schemas"]
    found = set(references(document))

    assert found == {CONDITION} | {f"#/components/schemas/{name}" for name in schemas}


def broken(value: Any, schema: Mapping[str, Any], path: str = "") -> list[str]:
    """Where an answer is not what its schema says; as much of JSON Schema as the document uses of answers."""
    if "$ref" in schema:
        if schema["$ref"] == CONDITION:
            return []
        name = schema["$ref"].rpartition("/")[2]
        return broken(value, openapi.document()["components"]["schemas"][name], path)
    if "anyOf" in schema:
        tried = [broken(value, one, path) for one in schema["anyOf"]]
        return [] if [] in tried else tried[0]
    kinds = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "boolean": bool,
        "null": type(None),
    }
    kind = schema.get("type")
    if kind in kinds and not isinstance(value, kinds[kind]):
        return [f"{path}: {value!r} is no {kind}"]
    if isinstance(value, list) and "items" in schema:
        return [rule for i, one in enumerate(value) for rule in broken(one, schema["items"], f"{path}.{i}")]
    if isinstance(value, dict) and ("properties" in schema or "additionalProperties" in schema):
        return _broken_object(value, schema, path)
    return []


def _broken_object(value: dict[str, Any], schema: Mapping[str, Any], path: str) -> list[str]:
    properties, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    found = [f"{path}.{name}: is missing" for name in schema.get("required", ()) if name not in value]
    for name, child in value.items():
        if name in properties:
            found += broken(child, properties[name], f"{path}.{name}")
        elif more is False:
            found.append(f"{path}.{name}: is not described")
        elif isinstance(more, Mapping):
            found += broken(child, more, f"{path}.{name}")
    return found


BODIES: Mapping[str, tuple[str, str, Any]] = {
    "POST /segments/{name}/members": ("vip", "", {"add": ["prf_1"], "remove": ["prf_2"]}),
    "PUT /segments/{name}/members": ("vip", "", '"prf_1"\n'),
    "POST /segments/{name}/preview": ("new", "", DOCUMENTS["segment"][0]),
    "POST /segments/library/{name}": ("value", "", {}),
    "POST /profiles/{profile_id}/stages/{name}": ("first", "prf_1", {"to": "b"}),
}


@pytest.fixture
def known(clock: FixedClock) -> None:
    moment(clock, "1997-03-01")
    assert call("PUT", "/segments/vip", {"static": True})[0] == 200
    for path, name in (row for referred in REFERRED.values() for row in referred.items()):
        assert call("PUT", path, DOCUMENTS[name][0])[0] == 200
    for kind in openapi.KINDS.values():
        one = DOCUMENTS[kind.name][0]
        if kind.name == "stage":
            one = {**one, "transitions": [{**one["transitions"][0], "when": {"fact": "orders", "gte": 9}}]}
        assert call("PUT", f"/{kind.path}/first", one)[0] == 200
    assert deliver(message("a", change(1, order("1997-02-01")))) == []
    assert call("POST", "/segments/vip/members", {"add": ["prf_1"]})[1]["added"] == 1


def test_every_route_answers_what_it_says(known: None) -> None:
    """Deletions come last, because the others need what they delete."""
    document = openapi.document()
    for key in sorted(openapi.routes(), key=lambda key: (key.startswith("DELETE"), key)):
        method, path = key.split(" ")
        kind = next((k for k in openapi.KINDS.values() if path.startswith(f"/{k.path}/{{name}}")), None)
        own = DOCUMENTS[kind.name][1] if kind and method in ("PUT", "POST") else None
        name, profile_id, body = BODIES.get(key, ("first", "prf_1", own))
        address = path.replace("{name}", name).replace("{profile_id}", profile_id)
        address += "?margins=first" if path.endswith("/offers") else ""
        status, answer = call(method, address, body)

        assert status == 200, (key, answer)
        content = document["paths"][path][method.lower()]["responses"]["200"]["content"]
        assert broken(answer, content["application/json"]["schema"]) == [], key
        refused = call(method, address.replace(name, "Nobody"), "[")[1] if method != "GET" else None
        assert refused is None or broken(refused, openapi.ref("Error")) == [], key
