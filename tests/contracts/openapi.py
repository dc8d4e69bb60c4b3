"""The OpenAPI document of scoring's routes, made of the resolver's routes, the kinds of definitions and their models:
`python -m tests.contracts.openapi` writes it to docs/openapi."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.scoring.definitions_service import MOST_LISTED
from services.scoring.domain.definitions import KINDS, Kind
from services.scoring.handlers.api import app
from tests.contracts.openapi_schemas import ANYTHING, DOCUMENTS, FLAG, SCHEMAS, TEXT, Schema, many, obj, ref

FILE = Path(__file__).parents[2] / "docs" / "openapi" / "scoring.json"


def _query(**names: Schema) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": dict(schema)} for name, schema in names.items()]


PAGED = {"cursor": TEXT, "limit": {"type": "integer", "minimum": 1, "maximum": MOST_LISTED}}
DAY: Schema = {"type": "string", "format": "date"}


def operation(summary: str, answers: Schema, body: Schema | None = None, **query: Schema) -> dict[str, Any]:
    """One route: what it does, what it answers, what it takes."""
    taken = (
        {"requestBody": {"required": True, "content": {"application/json": {"schema": body}}}} if body else {}
    )
    return {
        "summary": summary,
        **({"parameters": _query(**query)} if query else {}),
        **taken,
        "responses": {
            "200": {"description": "done", "content": {"application/json": {"schema": answers}}},
            "default": {"description": "refused", "content": {"application/json": {"schema": ref("Error")}}},
        },
    }


def of_kind(kind: Kind) -> dict[str, dict[str, Any]]:
    """The routes that every kind of definition has, by route key."""
    one, what = f"/{kind.path}/{{name}}", kind.name.replace("-", " ")
    document = ref(title(kind))
    guard = [
        {"name": header, "in": "header", "schema": TEXT, "description": meaning}
        for header, meaning in (
            ("If-Match", "the ETag of the revision that is to be replaced"),
            ("If-None-Match", "`*`: there is none yet"),
        )
    ]
    put = operation(f"Define a {what}, or define it anew", document, document)
    put["parameters"] = guard
    delete = operation(f"Let go of a {what}", obj({"deleted": TEXT}))
    delete["parameters"] = guard[:1]
    routes = {
        f"GET /{kind.path}": operation(f"Every {what}", obj({kind.listed: many(document)})),
        f"GET {one}": operation(f"A {what}; its ETag is its revision", document),
        f"PUT {one}": put,
        f"DELETE {one}": delete,
        f"GET {one}/revisions": operation(f"All that a {what} was", ref("Revisions"), **PAGED),
        f"POST {one}/validate": operation("The document as it would be stored", document, document),
    }
    return {**routes, **(of_places(one) if kind.places else {})}


def of_places(one: str) -> dict[str, dict[str, Any]]:
    """The routes of kinds that place people."""
    members = operation(
        "Who is in it",
        ref("Members"),
        **{**PAGED, "value": TEXT, "product": TEXT, "format": {"type": "string", "enum": ["json", "csv"]}},
    )
    members["responses"]["200"]["content"]["text/csv"] = {"schema": TEXT}
    return {
        f"GET {one}/members": members,
        f"GET {one}/counts": operation("How many are where", ref("Counts")),
        f"GET {one}/moves": operation(
            "Who went from where to where, counted", ref("Moves"), **{"from": DAY, "to": DAY}
        ),
    }


def others() -> dict[str, dict[str, Any]]:
    """The routes that only one kind has."""
    segment = "/segments/{name}"
    replace = operation("Make a list what a file says", ref("Replaced"), silent=FLAG)
    replace["requestBody"] = {
        "required": True,
        "content": {kind: {"schema": TEXT} for kind in ("application/x-ndjson", "text/csv")},
    }
    more_to_do = replace["responses"]["200"]
    replace["responses"]["202"] = {**more_to_do, "description": "some is left: ask again"}
    return {
        f"POST {segment}/members": operation("Change a list", ref("Listed"), ref("ListChange")),
        f"PUT {segment}/members": replace,
        f"POST {segment}/preview": operation("How many it would hold", ref("Preview"), ref("Segment")),
        "GET /segments/library": operation("What is ready-made", ref("Library")),
        "POST /segments/library/{name}": operation("Define what is ready-made", ref("Made"), ref("Chosen")),
        "GET /profiles/{profile_id}/offers": operation(
            "What to offer one person, by margin times propensity", ref("Offers"), margins=TEXT
        ),
        "GET /profiles/{profile_id}/standing": operation("One person's standing", ref("Standing")),
        "POST /profiles/{profile_id}/stages/{name}": operation(
            "Put somebody in another stage", ref("Place"), ref("Move")
        ),
    }


def title(kind: Kind) -> str:
    """The name of a kind's documents."""
    return "".join(word.title() for word in kind.name.split("-"))


def routes() -> set[str]:
    """The route keys that the resolver answers."""
    rules = [*app._static_routes, *app._dynamic_routes]
    return {f"{rule.method} " + re.sub(r"<(\w+)>", r"{\1}", rule.path) for rule in rules}


def described() -> dict[str, dict[str, Any]]:
    """Every operation, by route key."""
    found = others()
    for kind in KINDS.values():
        found |= of_kind(kind)
    return found


def document() -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for key, one in sorted(described().items()):
        method, path = key.split(" ")
        in_path = [
            {"name": name, "in": "path", "required": True, "schema": TEXT} for name in _in_braces(path)
        ]
        paths.setdefault(path, {})[method.lower()] = {
            "operationId": _operation_id(method, path),
            **one,
            **(
                {"parameters": [*in_path, *one.get("parameters", [])]}
                if in_path or "parameters" in one
                else {}
            ),
        }
    kinds = {title(kind): DOCUMENTS.get(kind.name, lambda: ANYTHING)() for kind in KINDS.values()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Halte scoring", "version": "1", "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {"schemas": {**SCHEMAS, **kinds}},
    }


def _in_braces(path: str) -> Iterator[str]:
    yield from re.findall(r"\{(\w+)\}", path)


def _operation_id(method: str, path: str) -> str:
    return "_".join([method.lower(), *re.findall(r"\w+", path)])


def written() -> str:
    """The document as it stands in the file."""
    return json.dumps(document(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(written())
