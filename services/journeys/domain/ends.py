"""How people are taken out of a journey, and reach its goal."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from services.journeys.domain.entries import Happening
from services.journeys.domain.parts import Duration, Name, Part, Text, When, by_field


class ExitOnSegment(Part):
    """Those who leave a segment."""

    segment_exited: Text


class ExitOnEvent(Happening):
    """Those who do something."""

    reason: Name | None = None


class ExitWhen(Part):
    """Those for whom a condition begins to hold."""

    when: When
    reason: Name


_RULES: dict[str, type[Part]] = {"segment_exited": ExitOnSegment, "event": ExitOnEvent, "when": ExitWhen}

ExitRule = Annotated[
    Annotated[ExitOnSegment, Tag("segment_exited")]
    | Annotated[ExitOnEvent, Tag("event")]
    | Annotated[ExitWhen, Tag("when")],
    by_field(_RULES),
]
"""Who stops at once, wherever they are."""


class GoalEvent(Happening):
    """What the journey is for, as something people do; it ends the walk, and counts if it comes `within` so long.
    `value` is the property that says what it brought (in the currency of the property `currency`)."""

    within: Duration | None = None
    value: Text | None = None


class GoalWhen(Part):
    """What the journey is for, as a condition that begins to hold."""

    when: When
    within: Duration | None = None


Goal = Annotated[
    Annotated[GoalEvent, Tag("event")] | Annotated[GoalWhen, Tag("when")],
    by_field({"event": GoalEvent, "when": GoalWhen}),
]


class Stages(Part):
    """The stages of a lifecycle in which people may be met; whoever leaves them on the way goes (`exit`) or stays."""

    lifecycle: Text
    allowed: Annotated[list[Text], Field(min_length=1, max_length=50)]
    on_leaving: Literal["exit", "stay"] = "exit"
