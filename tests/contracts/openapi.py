"""The OpenAPI document of scoring's routes, made of the resolver's routes, the kinds of definitions and their models:
`python -m tests.contracts.openapi` writes it to docs/openapi."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from services.scoring.definitions_service import MOST_LISTED
from services.scoring.domain.definitions import KINDS, Kind, ScoreModel
from services.scoring.domain.definitions.lifecycles import Document
from services.scoring.domain.definitions.segments import LONGEST
from services.scoring.domain.library import Parameter
from services.scoring.handlers.api import app
from services.scoring.list_desk import MOST

Schema = Mapping[str, Any]

FILE = Path(__file__).parents[2] / "docs" / "openapi" / "scoring.json"
CONDITION = "../conditions.schema.json"
"""The language of conditions has a schema of its own."""

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
ANYTHING: Schema = {"type": "object"}


def obj(properties: Mapping[str, Schema], *optional: str, description: str = "") -> dict[str, Any]:
    """An object with just these properties."""
    said = {"description": description} if description else {}
    required = [name for name in properties if name not in optional]
    return {
        "type": "object",
        **said,
        "properties": dict(properties),
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def many(items: Schema, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


def by_name(values: Schema) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": values}


def or_null(schema: Schema) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _segment() -> dict[str, Any]:
    condition = {"$ref": CONDITION}
    text = {"type": "string", "minLength": 1, "maxLength": LONGEST}
    properties = {
        "name": TEXT,
        "static": FLAG,
        **dict.fromkeys(("condition", "include", "exclude"), condition),
        "silent": FLAG,
        **dict.fromkeys(("description", "advice"), text),
    }
    return {
        **obj(properties, *properties, description="Whoever fits a condition, or a list (`static`)."),
        "oneOf": [
            {"required": ["condition"]},
            {"anyOf": [{"required": ["include"]}, {"required": ["exclude"]}]},
            {"required": ["static"], "properties": {"static": {"const": True}}},
        ],
    }


DOCUMENTS: Mapping[str, Any] = {
    "segment": _segment,
    "stage": lambda: _plain(Document.model_json_schema(by_alias=True)),
    "score-model": lambda: _plain(ScoreModel.model_json_schema()),
}
"""By kind, the schema of its documents."""


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Without `$defs` (each is written where it is used), and without the name, which the path gives."""
    definitions = schema.pop("$defs", {})
    schema["required"] = [name for name in schema["required"] if name != "name"]

    def resolved(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                return resolved(definitions[value["$ref"].rpartition("/")[2]])
            return {key: resolved(child) for key, child in value.items()}
        return [resolved(one) for one in value] if isinstance(value, list) else value

    whole: dict[str, Any] = resolved(schema)
    return whole


SCHEMAS: Mapping[str, Schema] = {
    "Error": obj({"code": TEXT, "message": TEXT}, description="`code` for programs, `message` for people."),
    "Revisions": obj(
        {
            "revisions": many(
                obj({"revision": NUMBER, "saved_at": or_null(INSTANT), "document": or_null(ANYTHING)})
            ),
            "cursor": or_null(TEXT),
        }
    ),
    "Members": obj({"members": many(obj({"profile_id": TEXT, "since": INSTANT})), "cursor": or_null(TEXT)}),
    "Counts": obj(
        {
            "counts": many(
                obj({"product": TEXT, "value": TEXT, "in": NUMBER, "entered": NUMBER, "left": NUMBER})
            )
        }
    ),
    "Moves": obj(
        {
            "from": {"type": "string", "format": "date"},
            "to": {"type": "string", "format": "date"},
            "moves": many(obj({"product": TEXT, "before": TEXT, "after": TEXT, "count": NUMBER})),
        }
    ),
    "ListChange": obj(
        {"add": many(TEXT, maxItems=MOST), "remove": many(TEXT, maxItems=MOST), "silent": FLAG},
        *("add", "remove", "silent"),
        description=f"Profiles that go on the list and off it, 1 to {MOST} together; `silent`: told to nobody.",
    ),
    "Listed": obj(
        {
            **dict.fromkeys(("added", "removed", "unchanged"), NUMBER),
            **dict.fromkeys(("unknown", "failed"), many(TEXT)),
        },
        description="`failed` ones have to be asked for again.",
    ),
    "Replaced": obj(
        {
            **dict.fromkeys(("added", "removed", "unchanged"), NUMBER),
            **dict.fromkeys(("unknown", "failed"), many(TEXT)),
            **{"members": NUMBER, "left": NUMBER, "complete": FLAG},
        },
        description="While `complete` is false, the same request again goes on.",
    ),
    "Preview": obj(
        {
            **{"count": NUMBER, "of": NUMBER, "exact": FLAG},
            "interval": many(NUMBER, minItems=2, maxItems=2),
            "sample": many(TEXT),
            **{"took_reads": NUMBER, "took_pasts": NUMBER},
        },
        description="How many it would hold, of how many; in 95 of 100 cases the interval holds the true number.",
    ),
    "Library": obj(
        {
            "library": many(
                obj(
                    {
                        **{"id": TEXT, "title": TEXT, "description": TEXT},
                        "parameters": by_name(_plain({**Parameter.model_json_schema(), "required": []})),
                    }
                )
            )
        }
    ),
    "Chosen": obj({"parameters": ANYTHING, "preview": FLAG}, "parameters", "preview"),
    "Made": obj(
        {
            "definitions": many(
                obj(
                    {"kind": TEXT, "name": TEXT, "revision": NUMBER, "document": ANYTHING},
                    "revision",
                    "document",
                )
            )
        },
        description="With `preview`, the documents; else the revisions that were saved.",
    ),
    "Standing": obj(
        {
            **{"profile_id": TEXT, "version": NUMBER, "at": INSTANT, "facts": ANYTHING},
            "scores": by_name(ANYTHING),
            "segments": by_name(INSTANT),
            "stages": by_name(by_name(TEXT)),
            "advice": by_name(TEXT),
            "explained": by_name(ANYTHING),
            "waiting": many(TEXT),
        },
        description="What is known of a person, and why they are where they are.",
    ),
    "Move": obj({"to": TEXT, "product": TEXT}, "product"),
    "Place": obj({"stage": TEXT, "since": INSTANT}),
}


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
