"""The shapes of the OpenAPI document: what the routes of scoring take and answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.scoring.domain.analysis.reactivation import ReactivationModel
from services.scoring.domain.analysis.response import ResponseModel
from services.scoring.domain.definitions import MarginTable, ScoreModel
from services.scoring.domain.definitions.lifecycles import Document
from services.scoring.domain.definitions.models import WeightedScore
from services.scoring.domain.definitions.segments import LONGEST
from services.scoring.domain.library import Parameter
from services.scoring.list_desk import MOST

Schema = Mapping[str, Any]

CONDITION = "../conditions.schema.json"
"""The language of conditions has a schema of its own."""

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
FRACTION: Schema = {"type": "number"}
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
    "score-model": lambda: {
        "anyOf": [
            _plain(model.model_json_schema())
            for model in (ScoreModel, WeightedScore, ResponseModel, ReactivationModel)
        ]
    },
    "margin-table": lambda: _plain(MarginTable.model_json_schema()),
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
            "fits": by_name(TEXT),
            "cells": by_name(TEXT),
            "values": by_name(
                obj(
                    {
                        "value": FRACTION,
                        "held": many(obj({"product": TEXT, "pieces": FRACTION, "margin": FRACTION})),
                        "unpriced": many(TEXT),
                    }
                )
            ),
            "waiting": many(TEXT),
        },
        description="What is known of a person, and why they are where they are.",
    ),
    "Offers": obj(
        {
            "profile_id": TEXT,
            "offers": many(
                obj({"product": TEXT, **dict.fromkeys(("propensity", "margin", "expected"), FRACTION)})
            ),
        },
        description="Products that are not held yet, the best first.",
    ),
    "Move": obj({"to": TEXT, "product": TEXT}, "product"),
    "Place": obj({"stage": TEXT, "since": INSTANT}),
}
