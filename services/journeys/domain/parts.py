"""What every part of a journey document is made of: names, durations, local times, and conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from services.shared.conditions import parse_duration
from services.shared.conditions.limits import MAX_TEXT
from services.shared.conditions.timed import DURATION_SCHEMA

MAX_NUMBER = 2**53

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""Names of journeys, nodes and templates. No hyphen: it separates the parts of a cohort's key."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Channel = Literal["email", "sms", "push", "print", "call", "wallet", "webhook", "preferred"]
Channels = Annotated[list[Channel], Field(min_length=1)]
LANGUAGE = "x-halte"
"""Marks in a schema what the language of conditions defines: `condition` or `where`."""

CONDITION, FILTER = "condition", "where"
When = Annotated[dict[str, Any], WithJsonSchema({"description": "A condition", LANGUAGE: CONDITION})]
"""A condition as it is written; see docs/conditions.md."""

Where = Annotated[
    dict[str, Any], WithJsonSchema({"description": "A filter of properties of an event", LANGUAGE: FILTER})
]
"""Which events of a name are meant, as an event clause of a condition says it."""

WALK = "walk."
"""Begins the names of facts that the walk itself keeps: properties of the event that let the person in, answers."""


def _duration(text: object) -> timedelta:
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str):
        raise ValueError("must be an ISO 8601 duration such as P90D, P2W or PT36H")
    return parse_duration(text)


Duration = Annotated[timedelta, PlainValidator(_duration), WithJsonSchema(dict(DURATION_SCHEMA))]


def spelled(length: timedelta) -> str:
    """A length for people: `30 days`, `1 day 12 h`, `1 min 30 s`."""
    hours, rest = divmod(length.seconds, 3_600)
    minutes, seconds = divmod(rest, 60)
    days = [f"{length.days} day{'' if length.days == 1 else 's'}"] if length.days else []
    clock = [f"{n} {unit}" for n, unit in ((hours, "h"), (minutes, "min"), (seconds, "s")) if n]
    return " ".join([*days, *clock]) or "no time"


_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"


def _local_time(text: object) -> time:
    if isinstance(text, time):
        return text
    if not isinstance(text, str) or not re.fullmatch(_CLOCK, text, re.ASCII):
        raise ValueError("must be a local time such as 09:00")
    return time.fromisoformat(text)


LocalTime = Annotated[
    time,
    PlainValidator(_local_time),
    WithJsonSchema({"type": "string", "pattern": f"^{_CLOCK}$", "examples": ["09:00"]}),
]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("must be a time zone such as Europe/Amsterdam") from None
    return name


Zone = Annotated[str, AfterValidator(_zone)]


def _zone_or_person(name: str) -> str:
    return name if name == PERSON else _zone(name)


PERSON = "person"
"""Stands for the zone that each person is in."""

ZoneOrPerson = Annotated[str, AfterValidator(_zone_or_person)]


def _scalar(value: object) -> str | int | float | bool:
    if isinstance(value, str | int | float) and (isinstance(value, str) or abs(value) <= MAX_NUMBER):
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise ValueError(f"must be at most {MAX_TEXT} characters")
        return value
    raise ValueError("must be text, a number, true or false")


Scalar = Annotated[
    str | int | float | bool,
    PlainValidator(_scalar),
    WithJsonSchema({"type": ["string", "number", "boolean"], "maxLength": MAX_TEXT}),
]
"""What one trait may be set to."""


class Part(BaseModel):
    """Nothing unknown, nothing converted, nothing changed afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def by_field(kinds: Mapping[str, type[Part]]) -> Discriminator:
    """A union of `kinds`, each told apart by the one field that only it has."""

    def pick(value: Any) -> str | None:
        if isinstance(value, dict):
            return next((name for name in kinds if name in value), None)
        return next((name for name, kind in kinds.items() if isinstance(value, kind)), None)

    return Discriminator(
        pick,
        custom_error_type="unknown_way",
        custom_error_message="must have one of " + ", ".join(kinds),
    )


class OpenHours(Part):
    """A window of local time, on certain weekdays (all unless said)."""

    start: Annotated[LocalTime, Field(alias="from")]
    end: Annotated[LocalTime, Field(alias="to")]
    days: Annotated[list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]], Field(min_length=1)] = [
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
    ]

    @model_validator(mode="after")
    def _is_open(self) -> Self:
        if self.start >= self.end:
            raise ValueError("from must be before to")
        return self
