"""What a client system is declared to be: its kind, the events it may send and their form, its mapping and rate."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from services.ingest.domain.mapping import SourceMapping
from services.ingest.domain.validate import Call
from services.shared.errors import Invalid

SourceKind = Literal["server", "browser", "mobile", "device", "crm", "erp", "import", "partner", "model"]
OnViolation = Literal["reject", "quarantine"]
JsonType = Literal["string", "number", "integer", "boolean", "object", "array"]
Role = Literal["write", "secret"]
"""A write key may only send events, and stands in web pages; a secret key is a server's, and vouches for contact data
as well."""

ROLES: tuple[Role, ...] = ("write", "secret")
SOURCE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
MAX_BUS_SOURCES = 20

EventName = Annotated[str, Field(min_length=1, max_length=200)]
BusSource = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._/-]{1,200}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)


class PropertyRule(_Part):
    """One property of an event (or trait of an identify call)."""

    type: JsonType | None = None
    required: bool = False


class Shape(_Part):
    """The properties of one event; `additional` ones are welcome or not."""

    properties: dict[EventName, PropertyRule] = Field(default={}, max_length=200)
    additional: bool = True


class Schema(_Part):
    """Which events a source may send (`events` absent: all) and what they must hold, by name: a track call's event,
    else the call's type. A violation is refused, or kept in the lake with its reason (`quarantine`)."""

    events: list[EventName] | None = Field(default=None, max_length=1000)
    shapes: dict[EventName, Shape] = Field(default={}, max_length=1000)
    on_violation: OnViolation = "reject"


class SourceDocument(_Part):
    """What a marketer or engineer declares. `mapping` is a document or the name of one that ships with ingest; `rate`
    is events a minute; `region` (ISO 3166) reads national phone numbers; `bus_sources` are the EventBridge sources
    that speak for it."""

    name: str = Field(min_length=1, max_length=200)
    kind: SourceKind = "server"
    event_schema: Schema = Field(default=Schema(), alias="schema")
    mapping: SourceMapping | str | None = None
    rate: int | None = Field(default=None, ge=1, le=10_000_000)
    region: str = ""
    bus_sources: list[BusSource] = Field(default=[], max_length=MAX_BUS_SOURCES)

    @field_validator("region")
    @classmethod
    def _is_region(cls, region: str) -> str:
        if region:
            import phonenumbers  # only when a source is declared with one

            if region not in phonenumbers.SUPPORTED_REGIONS:
                raise ValueError("not an ISO 3166 country code of two capitals")
        return region

    @field_validator("bus_sources")
    @classmethod
    def _not_ours(cls, names: list[str]) -> list[str]:
        if any(name.startswith(("halte.", "aws.")) for name in names):
            raise ValueError("sources that begin with halte. or aws. speak for themselves")
        return list(dict.fromkeys(names))


@dataclass(frozen=True)
class Source:
    """A registered client system."""

    source_id: str
    document: SourceDocument
    created_at: datetime


@dataclass(frozen=True)
class Key:
    """One of a source's keys, known by its hash; valid until `expires_at` (`None`: until it is rotated)."""

    key_hash: str
    role: Role
    created_at: datetime
    expires_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Does it open the door at `now`?"""
        return self.expires_at is None or now < self.expires_at


def hash_key(key: str) -> str:
    """What is stored of a key; it is random, so a plain digest can't be searched."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def check(schema: Schema, call: Call) -> None:
    """Hold a valid event to its source's schema.

    Raises:
        Invalid: `not_in_schema` (the event), `property_unknown`, `property_missing` or `property_type`; the message
            names the property.
    """
    name = call.name if call.type == "track" else call.type
    if schema.events is not None and name not in schema.events:
        raise Invalid("not_in_schema", f"the source may not send {call.type} events of this name")
    shape = schema.shapes.get(name)
    if shape is not None:
        _check_shape(shape, call.traits if call.type == "identify" else call.properties)


def _check_shape(shape: Shape, values: Mapping[str, Any]) -> None:
    for name, rule in shape.properties.items():
        value = values.get(name)
        if value is None:
            if rule.required:
                raise Invalid("property_missing", f"{name} is required")
        elif rule.type is not None and not is_a(rule.type, value):
            raise Invalid("property_type", f"{name} is not of type {rule.type}")
    if not shape.additional:
        unknown = next((name for name in values if name not in shape.properties), None)
        if unknown is not None:
            raise Invalid("property_unknown", f"{unknown[:100]} is not in the schema")


def is_a(type_: JsonType, value: Any) -> bool:
    """Is a parsed JSON value of that type?"""
    if isinstance(value, bool):
        return type_ == "boolean"
    if type_ == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    python: dict[str, Any] = {
        "string": str, "number": int | float, "boolean": bool, "object": dict, "array": list,
    }  # fmt: skip
    return isinstance(value, python[type_])
