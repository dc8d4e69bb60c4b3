"""The JSON Schema of the condition language, made of the tables that parsing reads: docs/conditions.schema.json.

It says what shapes there are. Rules between keys (a window that `per` needs, a number that is too large to count) and
sizes of the whole are told by `parse`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from services.shared.conditions.events import AT, AT_OPERATORS
from services.shared.conditions.leaves import CONSENTS, SECTIONS, STAGE_OPERATORS
from services.shared.conditions.limits import MAX_NAME, MAX_PATH, MAX_STEPS
from services.shared.conditions.measures import MEASURES
from services.shared.conditions.operators import COUNTING, PLAIN
from services.shared.conditions.parsing import GROUPS
from services.shared.conditions.timed import DURATION_SCHEMA, TIMED
from services.shared.conditions.watching import DIRECTIONS, TYPES

Schema = dict[str, Any]

_NAME: Schema = {"$ref": "#/$defs/name"}
_PATH: Schema = {"$ref": "#/$defs/path"}
_DURATION: Schema = {"$ref": "#/$defs/duration"}
_INSTANT: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}"}
_PERCENT: Schema = {"type": "number", "minimum": 0, "maximum": 100}
_PLAIN: Schema = {name: {"$ref": f"#/$defs/value.{name}"} for name in PLAIN}
_TIMED: Schema = {name: {"$ref": f"#/$defs/time.{name}"} for name in TIMED}
_COUNTING: Schema = {name: {"$ref": f"#/$defs/number.{name}"} for name in COUNTING}


def schema() -> Schema:
    """The schema of a condition (draft 2020-12)."""
    leaves = [*_standing(), _relation(), _event(), _sequence()]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Condition",
        "$ref": "#/$defs/condition",
        "$defs": {
            "condition": {"oneOf": [*_groups("condition"), *leaves]},
            "where": _filter("where", "prop", _PLAIN),
            "row": _filter("row", "field", {**_PLAIN, **_TIMED}),
            "watched": _object({"event": _NAME}, _watched()),
            "number": _object({}, _COUNTING, _COUNTING),
            "amount": _object({"of": _PATH}, _COUNTING, _COUNTING),
            "value": _value_of_event(),
            **_words(),
        },
    }


def _words() -> Schema:
    name: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_NAME}
    nested = {"type": "array", "minItems": 1, "maxItems": MAX_PATH, "items": _NAME}
    return {
        "name": name,
        "path": {"anyOf": [_NAME, nested]},
        "duration": DURATION_SCHEMA,
        **{f"value.{name}": operator.schema for name, operator in PLAIN.items()},
        **{f"time.{name}": operator.schema for name, operator in TIMED.items()},
        **{f"number.{name}": operator.schema for name, operator in COUNTING.items()},
    }


def _object(required: Mapping[str, Any], optional: Mapping[str, Any], one_of: Iterable[str] = ()) -> Schema:
    """An object without further keys; of `one_of`, which are among `optional`, it has exactly one."""
    shape: Schema = {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional},
        "additionalProperties": False,
    }
    names = list(one_of)
    return {**shape, "oneOf": [{"required": [name]} for name in names]} if names else shape


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _groups(inner: str) -> list[Schema]:
    return [_object({name: {"type": "array", "minItems": 1, "items": _ref(inner)}}, {}) for name in GROUPS]


def _filter(name: str, head: str, operators: Mapping[str, Any]) -> Schema:
    zone = {"zone": _NAME} if "anniversary" in operators else {}
    leaf = _object({head: _PATH}, {**operators, **zone}, operators)
    return {"oneOf": [*_groups(name), leaf, _object({"line": _NAME, "where": _ref(name)}, {})]}


def _standing() -> list[Schema]:
    dated = {**_PLAIN, **_TIMED}
    values = [_object({kind: _NAME}, {**dated, "zone": _NAME}, dated) for kind in SECTIONS]
    stages = {name: _PLAIN[name] for name in STAGE_OPERATORS}
    return [
        *values,
        _object({"score": _NAME}, {**_PLAIN, "for": _NAME}, _PLAIN),
        *(_object({kind: _NAME}, stages, stages) for kind in ("fit", "cell")),
        _object({"segment": _NAME}, {}),
        _object({"stage": _NAME}, {**stages, "product": _NAME, "longer_than": _DURATION}, stages),
        _object({"consent": _NAME, "channel": _NAME, "eq": {"enum": list(CONSENTS)}}, {}),
        _object({"bucket": _NAME, "from": _PERCENT, "to": _PERCENT}, {}),
    ]


def _relation() -> Schema:
    measures = {"count": _ref("number"), "sum": _ref("amount")}
    return {
        **_object({"relation": _NAME}, {"where": _ref("row"), **measures}),
        "not": {"required": list(measures)},
    }


def _watched() -> Schema:
    return {"type": {"enum": list(TYPES)}, "where": _ref("where"), "direction": {"enum": list(DIRECTIONS)}}


def _measure(name: str) -> Schema:
    take = MEASURES[name].take
    return _ref("value" if take == "value" else "amount" if take else "number")


def _value_of_event() -> Schema:
    """What `first` and `last` are held against: any operator for a property, those of instants for its time."""
    of_property = {**_PLAIN, **_TIMED}
    of_time = {**{name: _PLAIN[name] for name in AT_OPERATORS}, **_TIMED}
    return {
        "anyOf": [
            _object({"of": _PATH}, {**of_property, "zone": _NAME}, of_property),
            _object({"of": {"const": AT}}, {**of_time, "zone": _NAME}, of_time),
        ]
    }


def _event() -> Schema:
    measures = {name: _measure(name) for name in MEASURES}
    window = {
        "within": _DURATION,
        "from": _INSTANT,
        "until": _INSTANT,
        "since": _ref("watched"),
        "per": _PATH,
    }
    names = list(MEASURES)
    pairs = [{"required": [a, b]} for i, a in enumerate(names) for b in names[i + 1 :]]
    return {**_object({"event": _NAME}, {**_watched(), **window, **measures}), "not": {"anyOf": pairs}}


def _sequence() -> Schema:
    step = _object({"event": _NAME}, {**_watched(), "within": _DURATION, "absent": {"const": True}})
    steps = {"type": "array", "minItems": 2, "maxItems": MAX_STEPS, "items": step}
    return _object({"sequence": steps}, {"per": _PATH, "within": _DURATION})
