"""Rows of other systems (a CRM's contact, an ERP's order, a line of a CSV) into Segment events, as a document declares.

Values are JMESPath expressions over the row; a mapping has no other way to compute. Everything here is pure, so a
mapping can be tried on rows before it counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from services.shared.clock import to_iso
from services.shared.contracts.ingest import CallType
from services.shared.errors import Invalid

MAX_EXPRESSION = 300
MAX_RULES = 50
MAX_FIELDS = 200

ReadAs = Literal["text", "number", "integer", "boolean", "timestamp", "date", "epoch_seconds", "epoch_millis"]


class RowRefused(Invalid):
    """A row that its mapping can't read: `no_rule`, `bad_value` or `missing_value`, with the rule's name and the
    field of the event (`traits.email`)."""

    def __init__(self, code: str, message: str, *, rule: str = "", field: str = "") -> None:
        super().__init__(code, f"{rule}: {field}: {message}" if field else message)
        self.rule = rule
        self.field = field


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)


def _as_expression(text: str | None) -> str | None:
    if text is not None:
        if len(text) > MAX_EXPRESSION:
            raise ValueError(f"expression has over {MAX_EXPRESSION} characters")
        try:
            _compiled(text)
        except (ValueError, RecursionError) as error:  # jmespath's errors are ValueErrors
            raise ValueError(f"not a JMESPath expression: {text[:80]}") from error
    return text


class Value(_Part):
    """Where a value comes from: `path` (JMESPath over the row) or `value` (fixed), then how it is read.

    `default` stands in for what is absent, null or blank; without it a `required` value refuses the row and any other
    is left out. `format` (strptime) is for `timestamp` and `date`; without it they are ISO 8601.
    """

    path: str | None = None
    value: Any = None
    default: Any = None
    read_as: ReadAs | None = Field(default=None, alias="as")
    format: str | None = Field(default=None, max_length=60)
    required: bool = False

    _check_path = field_validator("path")(_as_expression)

    @model_validator(mode="after")
    def _one_origin(self) -> Value:
        if (self.path is None) == (self.value is None):
            raise ValueError("a value has either a path or a fixed value")
        return self


def _spelled_out(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


Spec = Annotated[Value, BeforeValidator(_spelled_out)]
"""A `Value`; a bare text is its path."""

Fields = Annotated[dict[str, Spec], Field(max_length=MAX_FIELDS)]


class Rule(_Part):
    """One event, made of each row for which `when` (JMESPath; absent: always) is true."""

    name: str = Field(min_length=1, max_length=100)
    when: str | None = None
    type: CallType
    event: Spec | None = None
    user_id: Spec | None = Field(default=None, alias="userId")
    anonymous_id: Spec | None = Field(default=None, alias="anonymousId")
    device_id: Spec | None = Field(default=None, alias="deviceId")
    previous_id: Spec | None = Field(default=None, alias="previousId")
    group_id: Spec | None = Field(default=None, alias="groupId")
    message_id: Spec | None = Field(default=None, alias="messageId")
    timestamp: Spec | None = None
    external_ids: Fields = Field(default={}, alias="externalIds")
    traits: Fields = {}
    properties: Fields = {}
    context: Fields = {}

    _check_when = field_validator("when")(_as_expression)


class SourceMapping(_Part):
    """A mapping document. `when` sees the whole row, values see what `root` (JMESPath) picks of it; times without a
    zone are read in `zone`; `decimal` is the comma of its numbers.

    The row of an event from the bus is `{"id", "source", "detail_type", "time", "detail"}`.
    """

    title: str = Field(default="", max_length=200)
    root: str | None = None
    zone: str = "UTC"
    decimal: Literal[".", ","] = "."
    rules: list[Rule] = Field(min_length=1, max_length=MAX_RULES)

    _check_root = field_validator("root")(_as_expression)

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ValueError, KeyError, OSError) as error:
            raise ValueError(f"unknown time zone {zone[:40]}") from error
        return zone


def events_of(mapping: SourceMapping, row: Any) -> list[dict[str, Any]]:
    """The Segment messages that `row` (any JSON value) stands for, in the order of the rules.

    Whether they are valid events is for `validate` to say.

    Raises:
        RowRefused: no rule takes it, or a value is missing or can't be read.
    """
    taking = [rule for rule in mapping.rules if _applies(rule, row)]
    if not taking:
        raise RowRefused("no_rule", "no rule of the mapping takes this row")
    root = row if mapping.root is None else _search(mapping.root, row, "root", "")
    return [_event(mapping, rule, root) for rule in taking]


def _applies(rule: Rule, row: Any) -> bool:
    return rule.when is None or bool(_search(rule.when, row, rule.name, "when"))


def _event(mapping: SourceMapping, rule: Rule, row: Any) -> dict[str, Any]:
    def read(field: str, spec: Value | None) -> Any:
        return None if spec is None else _read(mapping, rule, field, spec, row)

    def read_all(field: str, specs: Mapping[str, Value]) -> dict[str, Any]:
        found = {name: read(f"{field}.{name}", spec) for name, spec in specs.items()}
        return {name: value for name, value in found.items() if value is not None}

    context = read_all("context", rule.context)
    device = read("deviceId", rule.device_id)
    if device is not None:
        context["device"] = {"id": device}
    external = read_all("externalIds", rule.external_ids)
    if external:
        context["externalIds"] = [{"type": kind, "id": value} for kind, value in external.items()]
    event = {
        "event" if rule.type == "track" else "name": read("event", rule.event),
        "userId": read("userId", rule.user_id),
        "anonymousId": read("anonymousId", rule.anonymous_id),
        "previousId": read("previousId", rule.previous_id),
        "groupId": read("groupId", rule.group_id),
        "messageId": read("messageId", rule.message_id),
        "timestamp": read("timestamp", rule.timestamp),
        "traits": read_all("traits", rule.traits) or None,
        "properties": read_all("properties", rule.properties) or None,
        "context": context or None,
    }
    return {"type": rule.type, **{name: value for name, value in event.items() if value is not None}}


def _read(mapping: SourceMapping, rule: Rule, field: str, spec: Value, row: Any) -> Any:
    found = spec.value if spec.path is None else _search(spec.path, row, rule.name, field)
    if _is_blank(found):
        found = spec.default
    if found is None:
        if spec.required:
            raise RowRefused("missing_value", "there is no value", rule=rule.name, field=field)
        return None
    if spec.read_as is None:
        return found
    try:
        return _READERS[spec.read_as](found, spec, mapping)
    except (ValueError, TypeError, OverflowError) as error:
        raise RowRefused("bad_value", f"not a {spec.read_as}", rule=rule.name, field=field) from error


def _search(expression: str, row: Any, rule: str, field: str) -> Any:
    try:
        return _compiled(expression).search(row)
    except (ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise RowRefused("bad_value", "the expression fails on this row", rule=rule, field=field) from error


@lru_cache(maxsize=2048)
def _compiled(expression: str) -> Any:
    import jmespath  # only where a mapping is used: most processes have none

    return jmespath.compile(expression)


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _text(value: Any, spec: Value, mapping: SourceMapping) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise TypeError("no text")
    return str(value).strip()


def _number(value: Any, spec: Value, mapping: SourceMapping) -> int | float:
    if isinstance(value, bool):
        raise TypeError("no number")
    if isinstance(value, int | float):
        return value
    text = _text(value, spec, mapping)
    thousands = "." if mapping.decimal == "," else ","
    plain = text.replace("\u00a0", "").replace(" ", "").replace(thousands, "").replace(mapping.decimal, ".")
    if "_" in plain:
        raise ValueError("no number")
    number = float(plain)
    if not math.isfinite(number):
        raise ValueError("no finite number")
    return int(plain) if plain.lstrip("+-").isdigit() else number


def _integer(value: Any, spec: Value, mapping: SourceMapping) -> int:
    number = _number(value, spec, mapping)
    if number != int(number):
        raise ValueError("not whole")
    return int(number)


_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _boolean(value: Any, spec: Value, mapping: SourceMapping) -> bool:
    truth = _TRUTHS.get(_text(value, spec, mapping).lower())
    if truth is None:
        raise ValueError("neither true nor false")
    return truth


def _timestamp(value: Any, spec: Value, mapping: SourceMapping) -> str:
    text = _text(value, spec, mapping)
    # what has no zone gets the mapping's below
    at = datetime.strptime(text, spec.format) if spec.format else datetime.fromisoformat(text)  # noqa: DTZ007
    return to_iso(at if at.tzinfo else at.replace(tzinfo=ZoneInfo(mapping.zone)))


def _date(value: Any, spec: Value, mapping: SourceMapping) -> str:
    text = _text(value, spec, mapping)
    if spec.format is None:
        return datetime.fromisoformat(text).date().isoformat()
    return datetime.strptime(text, spec.format).date().isoformat()  # noqa: DTZ007


def _epoch(divisor: int) -> Callable[[Any, Value, SourceMapping], str]:
    def read(value: Any, spec: Value, mapping: SourceMapping) -> str:
        return to_iso(datetime.fromtimestamp(_number(value, spec, mapping) / divisor, UTC))

    return read


_READERS: dict[ReadAs, Callable[[Any, Value, SourceMapping], Any]] = {
    "text": _text,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "date": _date,
    "epoch_seconds": _epoch(1),
    "epoch_millis": _epoch(1000),
}
