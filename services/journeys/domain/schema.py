"""The JSON Schema of journey documents, made of the models: docs/journeys.schema.json.

It says what shapes there are. What only the whole can tell (nodes that are not there, loops, what a walk has kept) is
told by `validation.judge`.
"""

from __future__ import annotations

from typing import Any

from services.journeys.domain.document import Document
from services.journeys.domain.parts import CONDITION, LANGUAGE

CONDITIONS = "conditions.schema.json"
"""Published beside this schema."""

Schema = dict[str, Any]


def schema() -> Schema:
    """The schema of a journey document (draft 2020-12)."""
    found: Schema = _tidied(Document.model_json_schema(by_alias=True))
    fields = found["properties"]
    fields["brief"] = {"$ref": "#/$defs/Brief"}  # only old versions have none
    fields["nodes"]["additionalProperties"] = False
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **found,
        "title": "Journey",
        "required": [name for name in fields if name in {*found["required"], "brief"}],
    }


def _tidied(part: Any) -> Any:
    """Conditions by reference, descriptions on one line, and no titles that only repeat a field's name."""
    if isinstance(part, list):
        return [_tidied(one) for one in part]
    if not isinstance(part, dict):
        return part
    kept = {
        key: _tidied(value) for key, value in part.items() if not (key == "title" and isinstance(value, str))
    }
    language = kept.pop(LANGUAGE, None)
    if language is not None:
        kept["$ref"] = CONDITIONS if language == CONDITION else f"{CONDITIONS}#/$defs/{language}"
    if isinstance(kept.get("description"), str):
        kept["description"] = " ".join(kept["description"].split())
    return kept
