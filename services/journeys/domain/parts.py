"""What every part of a journey document is made of: names, durations, local times, and conditions."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, StringConstraints

from services.shared.conditions import parse_duration

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""Names of journeys, nodes and templates. No hyphen: it separates the parts of a cohort's key."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Channel = Literal["email", "sms", "push", "print", "preferred"]
Channels = Annotated[list[Channel], Field(min_length=1)]
When = dict[str, Any]
"""A condition as it is written; see docs/conditions.md."""

WALK = "walk."
"""Begins the names of facts that the walk itself keeps: properties of the event that let the person in, answers."""


def _duration(text: object) -> timedelta:
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str):
        raise ValueError("must be an ISO 8601 duration such as P90D, P2W or PT36H")
    return parse_duration(text)


Duration = Annotated[timedelta, PlainValidator(_duration)]


_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _local_time(text: object) -> time:
    if isinstance(text, time):
        return text
    if not isinstance(text, str) or not _CLOCK.fullmatch(text):
        raise ValueError("must be a local time such as 09:00")
    return time.fromisoformat(text)


LocalTime = Annotated[time, PlainValidator(_local_time)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("must be a time zone such as Europe/Amsterdam") from None
    return name


Zone = Annotated[str, AfterValidator(_zone)]


class Part(BaseModel):
    """Nothing unknown, nothing converted, nothing changed afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
