"""The documents, put together of operations, shapes and recorded answers."""

from __future__ import annotations

import importlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.contracts.openapi import codes
from tests.contracts.openapi.operations import JSON, Operation
from tests.contracts.openapi.shapes import TEXT, Schema, obj, ref

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "openapi"
RECORDED = Path(__file__).with_name("recorded.json")
SERVICES: Mapping[str, str] = {
    "ingest": "Doors for events, people, sources, forms, imports and sinks.",
    "scoring": "Segments, scores, stages, strategies, and what forums sound like.",
    "journeys": "Journeys and who is where in them.",
    "delivery": "Templates, decision records and reports.",
    "consent": "Purposes, permissions and their proof, the preference centre.",
    "console": "The marketers' web app, which reads all of the above.",
}
SECURITY: Mapping[str, list[dict[str, list[str]]]] = {
    "marketer": [{"apiKey": []}],
    "source": [{"writeKey": []}, {"jitsuKey": []}, {}],
    "anyone": [],
}
SCHEMES: Mapping[str, Any] = {
    "apiKey": {"type": "http", "scheme": "bearer", "description": "The marketers' API key."},
    "writeKey": {
        "type": "http",
        "scheme": "basic",
        "description": "A source's key as user name, no password; or `writeKey` in the body instead.",
    },
    "jitsuKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Write-Key",
        "description": "`<source>:<key>`, as Jitsu sends it.",
    },
}
ERROR = obj({"code": TEXT, "message": TEXT}, description="`code` for programs, `message` for people.")
GATEWAY = obj({"message": TEXT}, description="What the API itself answers, for no service.")


def operations(service: str) -> Mapping[str, Operation]:
    """What is said of a service's routes, by route key."""
    found: Mapping[str, Operation] = importlib.import_module(f"tests.contracts.openapi.{service}").OPERATIONS
    return found


def schemas(service: str) -> Mapping[str, Schema]:
    """The components of a service's document, apart from those that all have."""
    found: Mapping[str, Schema] = importlib.import_module(f"tests.contracts.openapi.{service}").SCHEMAS
    return found


@cache
def answered(service: str) -> Mapping[str, str]:
    """The route keys that a service's resolvers answer, each with the module of its handler."""
    found = {}
    for file in sorted((ROOT / "services" / service / "handlers").glob("*.py")):
        if "app = resolver()" in file.read_text():
            module = f"services.{service}.handlers.{file.stem}"
            app = importlib.import_module(module).app
            for rule in [*app._static_routes, *app._dynamic_routes]:
                found[f"{rule.method} " + re.sub(r"<(\w+)>", r"{\1}", rule.path)] = module
    return found


def document(service: str, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """The whole document of a service, with the examples of `recorded`."""
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for key, one in sorted(operations(service).items()):
        method, path = key.split(" ")
        paths[path][method.lower()] = {
            "operationId": "_".join([method.lower(), *re.findall(r"\w+", path)]),
            "summary": one.summary,
            "security": SECURITY[one.who],
            **_parameters(path, one),
            **_taken(one, recorded.get(key, {}).get("request")),
            "responses": dict(_responses(service, one, recorded.get(key, {}).get("responses", {}))),
        }
    schemes = {name for one in operations(service).values() for way in SECURITY[one.who] for name in way}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Halte {service}",
            "version": "1",
            "summary": SERVICES[service],
            "license": {"name": "Apache-2.0"},
        },
        "paths": dict(paths),
        "components": {
            "schemas": {"Error": ERROR, "GatewayError": GATEWAY, **schemas(service)},
            "securitySchemes": {name: SCHEMES[name] for name in sorted(schemes)},
        },
    }


def _parameters(path: str, one: Operation) -> dict[str, Any]:
    found = [
        *(
            {"name": n, "in": "path", "required": True, "schema": TEXT}
            for n in re.findall(r"\{(\w+)\}", path)
        ),
        *(
            {"name": n, "in": "query", "schema": schema, **({"required": True} if n in one.needed else {})}
            for n, schema in one.query.items()
        ),
        *(
            {"name": n, "in": "header", "schema": TEXT, "description": meaning}
            for n, meaning in one.headers.items()
        ),
    ]
    return {"parameters": found} if found else {}


def _taken(one: Operation, example: Any) -> dict[str, Any]:
    if not one.takes:
        return {}
    content = {
        kind: {
            "schema": schema,
            **({"example": example["body"]} if example and example["type"] == kind else {}),
        }
        for kind, schema in one.takes.items()
    }
    return {"requestBody": {"required": one.required, "content": content}}


def _responses(
    service: str, one: Operation, examples: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for status, bodies in sorted(one.answers.items()):
        content = {
            kind: {
                "schema": schema,
                **({"example": examples[str(status)]} if kind == JSON and str(status) in examples else {}),
            }
            for kind, schema in bodies.items()
        }
        meaning = MEANINGS.get(status, "refused")
        yield (
            str(status),
            {
                "description": meaning,
                **_headers(one.gives.get(status, {})),
                **({"content": content} if content else {}),
            },
        )
    for status, refused in sorted(refusals(service, one).items()):
        named = {"allOf": [ref("Error")], "properties": {"code": {"enum": refused}}}
        example = {"example": examples[str(status)]} if str(status) in examples else {}
        yield (
            str(status),
            {
                "description": ", ".join(f"`{code}`" for code in refused),
                **_headers({"Retry-After": "seconds"} if status == 429 else {}),
                "content": {JSON: {"schema": named, **example}},
            },
        )
    yield from _gateways(one)


def _gateways(one: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the API says before any service is asked, and where one fails."""
    content = {"content": {JSON: {"schema": ref("GatewayError")}}}
    if one.who == "marketer":
        yield "401", {"description": "no API key", **content}
        yield "403", {"description": "not the API key", **content}
    yield "default", {"description": "too many requests at once, or a fault of ours: ask again", **content}


def _headers(given: Mapping[str, str]) -> dict[str, Any]:
    made = {name: {"schema": TEXT, "description": meaning} for name, meaning in given.items()}
    return {"headers": made} if made else {}


MEANINGS: Mapping[int, str] = {200: "done", 201: "created", 202: "taken; more is to be done"}


def refusals(service: str, one: Operation) -> dict[int, list[str]]:
    """The codes of a route by status; one that has several in the service is named with its own: `404 unknown`.

    Raises:
        LookupError: nobody raises such a code.
    """
    raised = codes.raised(service)
    found: dict[int, set[str]] = defaultdict(set)
    for text in one.refuses:
        status, _, code = text.rpartition(" ")
        statuses = raised.get(code, frozenset()) & (
            {int(status)} if status else raised.get(code, frozenset())
        )
        if len(statuses) != 1:
            raise LookupError(f"{service} raises {code!r} with statuses {sorted(raised.get(code, ()))}")
        found[next(iter(statuses))].add(code)
    return {status: sorted(named) for status, named in found.items()}


def recorded() -> dict[str, Any]:
    """Requests and answers of the last tour, by service and route key."""
    found: dict[str, Any] = json.loads(RECORDED.read_text())
    return found


def written(value: Any) -> str:
    """JSON as it stands in a file."""
    return json.dumps(value, indent=2, sort_keys=True) + "\n"
