"""JSON Schemas in few words, and those of pydantic models and of the condition language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from services.shared.conditions.schema import schema as condition_schema

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
AMOUNT: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
DAY: Schema = {"type": "string", "format": "date"}
ANYTHING: Schema = {"type": "object"}
COMPONENTS = "#/components/schemas/"
CONDITION = "Condition"


def obj(
    properties: Mapping[str, Schema], *optional: str, description: str = "", more: bool = False
) -> dict[str, Any]:
    """An object with just these properties, or with these and `more`."""
    required = [name for name in properties if name not in optional]
    return {
        "type": "object",
        **({"description": description} if description else {}),
        "properties": dict(properties),
        **({"required": required} if required else {}),
        **({} if more else {"additionalProperties": False}),
    }


def many(items: Schema, **more: Any) -> dict[str, Any]:
    """An array."""
    return {"type": "array", "items": items, **more}


def by_name(values: Schema) -> dict[str, Any]:
    """An object of any keys."""
    return {"type": "object", "additionalProperties": values}


def or_null(schema: Schema) -> dict[str, Any]:
    """It, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def one_of(*values: Any) -> dict[str, Any]:
    """One of some values."""
    return {"enum": list(values)}


def ref(name: str) -> dict[str, Any]:
    """A component of the document."""
    return {"$ref": COMPONENTS + name}


def named(name: str) -> dict[str, Any]:
    """A component whose `name` may be left to the path in a request, and is in every answer."""
    return {"allOf": [ref(name)], "required": ["name"]}


def both(*parts: Schema) -> dict[str, Any]:
    """An object with the properties of all, none of which may be a reference."""
    return {
        "type": "object",
        "properties": {name: one for part in parts for name, one in part["properties"].items()},
        "required": [name for part in parts for name in part.get("required", ())],
        "additionalProperties": False,
    }


def component(name: str) -> str:
    """A definition of the condition language."""
    return f"{COMPONENTS}{CONDITION}/$defs/{name}"


CONDITION_OF: Mapping[str, Schema] = {
    "condition": ref(CONDITION),
    "where": {"$ref": component("where")},
    "duration": {"$ref": component("duration")},
}
"""What a field that a model leaves to the condition language may be."""


def condition() -> dict[str, Schema]:
    """docs/conditions.schema.json as a component."""
    return {CONDITION: published(condition_schema(), {"#/$defs/": component("")})}


def published(schema: Schema, targets: Mapping[str, str]) -> dict[str, Any]:
    """A schema of docs as a component: each reference that begins like one of `targets` (the first that fits) leads
    there."""
    whole = _repointed(schema, targets)
    return {key: value for key, value in whole.items() if key != "$schema"}


def model(
    name: str, type_: Any, *, in_path: Sequence[str] = (), shown: bool = False, **language: str
) -> dict[str, Schema]:
    """The components of a pydantic model: itself as `name`, its parts as `name.Part`.

    Fields of `in_path` may be left out, of each if it is a union; `shown`: as answers hold it. `language` names the
    fields that are a condition, a `where` or a duration, whatever Python type they have in the model.
    """
    made = TypeAdapter(type_).json_schema(
        by_alias=True,
        ref_template=f"{COMPONENTS}{name}.{{model}}",
        mode="serialization" if shown else "validation",
    )
    parts = made.pop("$defs", {})
    schemas = {name: made, **{f"{name}.{part}": one for part, one in parts.items()}}
    whole = [made, *(schemas[way["$ref"].removeprefix(COMPONENTS)] for way in made.get("anyOf", ()))]
    for one in whole:
        if "required" in one:
            one["required"] = [field for field in one["required"] if field not in in_path]
    return {key: _spoken(one, language) for key, one in schemas.items()}


def _spoken(schema: Any, language: Mapping[str, str]) -> Any:
    """Without the titles that pydantic makes of names, and with the condition language where it belongs."""
    if isinstance(schema, list):
        return [_spoken(one, language) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _spoken(one, language) for key, one in schema.items() if not _is_title(key, one)}
    properties = found.get("properties")
    if isinstance(properties, dict):
        for field in language.keys() & properties.keys():
            properties[field] = _replaced(properties[field], CONDITION_OF[language[field]])
    return found


def _is_title(key: str, value: Any) -> bool:
    return key == "title" and isinstance(value, str)


def _replaced(field: Any, wanted: Schema) -> Any:
    is_optional = {"type": "null"} in field.get("anyOf", ()) if isinstance(field, dict) else False
    default = {"default": field["default"]} if isinstance(field, dict) and "default" in field else {}
    return {**(or_null(wanted) if is_optional else wanted), **default}


def _repointed(value: Any, targets: Mapping[str, str]) -> Any:
    if isinstance(value, list | tuple):
        return [_repointed(one, targets) for one in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: _target(one, targets) if key == "$ref" and isinstance(one, str) else _repointed(one, targets)
        for key, one in value.items()
    }


def _target(reference: str, targets: Mapping[str, str]) -> str:
    start = next(one for one in targets if reference.startswith(one))
    return targets[start] + reference.removeprefix(start)
