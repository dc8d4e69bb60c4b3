"""How people come into a journey, and come in again."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from services.journeys.domain.parts import (
    Duration,
    Name,
    Part,
    Text,
    When,
    Where,
    Zone,
    by_field,
    spelled,
)

EventType = Literal["track", "page", "screen"]


class Happening(Part):
    """Events of a type and name that pass `where`. `key` is the property that tells one matter from another (a cart,
    an order): walks with a key hear only of their own."""

    event: Text
    type: EventType = "track"
    where: Where | None = None
    key: Text | None = None


class EventWay(Happening):
    """Each such event is a reason to enter; the walk keeps the properties named in `keep`, as facts `walk.<name>`."""

    keep: Annotated[list[Text], Field(max_length=20)] = []

    @property
    def shown(self) -> str:
        return f"does {self.event}"


class SegmentEntered(Part):
    """Whoever begins to be in a segment."""

    segment_entered: Text

    @property
    def shown(self) -> str:
        return f"enters {self.segment_entered}"


class SegmentExited(Part):
    """Whoever ceases to be in a segment."""

    segment_exited: Text

    @property
    def shown(self) -> str:
        return f"leaves {self.segment_exited}"


class Becomes(Part):
    """Whoever a condition begins to hold for."""

    becomes: When

    @property
    def shown(self) -> str:
        return "comes to fit a condition"


class StageWay(Part):
    """Whoever comes to stage `to` of a lifecycle, out of stage `before` if that is named."""

    stage: Text
    to: Text
    before: Text | None = None

    @property
    def shown(self) -> str:
        return f"becomes {self.to} in {self.stage}"


class CellWay(Part):
    """Whoever comes into cell `to` (`band:grade`) of a contact strategy."""

    cell: Text
    to: Text

    @property
    def shown(self) -> str:
        return f"comes into {self.to} of {self.cell}"


class DateWay(Part):
    """A date of the person: a trait or computed fact, `before` or `after` it; an `anniversary` comes every year."""

    date: Annotated[str, Field(pattern=r"^(trait|fact):.{1,100}$")]
    anniversary: bool = False
    before: Duration | None = None
    after: Duration | None = None

    @model_validator(mode="after")
    def _is_one_offset(self) -> Self:
        if self.before is not None and self.after is not None:
            raise ValueError("must not have both before and after")
        if self.anniversary and self.after is not None:
            raise ValueError("after: an anniversary has before only; wait in the journey instead")
        return self

    @property
    def shown(self) -> str:
        offset = "on"
        if self.before is not None:
            offset = f"{spelled(self.before)} before"
        elif self.after is not None:
            offset = f"{spelled(self.after)} after"
        return f"{offset} {'the anniversary of ' if self.anniversary else ''}{self.date.partition(':')[2]}"


class Schedule(Part):
    """Local times: `start`, and from there on as `rule` (RFC 5545, such as FREQ=YEARLY) says."""

    start: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d$")]
    rule: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    zone: Zone = "UTC"


class ScheduleWay(Part):
    """Everybody who is in `segment` at certain times."""

    schedule: Schedule
    segment: Text

    @property
    def shown(self) -> str:
        return f"is in {self.segment} at {self.schedule.start}{' and again' if self.schedule.rule else ''}"


class WorldWay(Part):
    """Everybody who is in `segment` when something of a kind happens in the world, by the calendar of world events."""

    world_event: Name
    segment: Text

    @property
    def shown(self) -> str:
        return f"is in {self.segment} at {self.world_event}"


class Called(Part):
    """Those for whom the API, a contact strategy, a trigger table or another journey names this one."""

    called: Literal[True]

    @property
    def shown(self) -> str:
        return "is called"


WAYS: dict[str, type[Part]] = {
    "event": EventWay,
    "segment_entered": SegmentEntered,
    "segment_exited": SegmentExited,
    "becomes": Becomes,
    "stage": StageWay,
    "cell": CellWay,
    "date": DateWay,
    "schedule": ScheduleWay,
    "world_event": WorldWay,
    "called": Called,
}
"""Each way in by the field that only it has."""


Way = Annotated[
    Annotated[EventWay, Tag("event")]
    | Annotated[SegmentEntered, Tag("segment_entered")]
    | Annotated[SegmentExited, Tag("segment_exited")]
    | Annotated[Becomes, Tag("becomes")]
    | Annotated[StageWay, Tag("stage")]
    | Annotated[CellWay, Tag("cell")]
    | Annotated[DateWay, Tag("date")]
    | Annotated[ScheduleWay, Tag("schedule")]
    | Annotated[WorldWay, Tag("world_event")]
    | Annotated[Called, Tag("called")],
    by_field(WAYS),
]


class Again(Part):
    """Somebody who left may begin again `after` so long since they entered, `at_most` so often in all."""

    after: Duration = timedelta(0)
    at_most: Annotated[int, Field(ge=1, le=1000)] | None = None


def _word_or_rule(value: Any) -> str:
    return "rule" if isinstance(value, dict | Again) else "word"


Reentry = Annotated[
    Annotated[Literal["never", "always"], Tag("word")] | Annotated[Again, Tag("rule")],
    Discriminator(_word_or_rule),
]
"""May somebody who left come in again?"""


class Entry(Part):
    """The ways in. `when` is a condition that must hold on entering; `expires` how long a reason to enter is worth
    anything (the moment is over after that). With a key, each matter is a walk of its own."""

    on: Annotated[list[Way], Field(min_length=1, max_length=10)]
    when: When | None = None
    expires: Duration | None = None
    reentry: Reentry = "never"

    @property
    def shown(self) -> str:
        """The ways in for people."""
        return " or ".join(way.shown for way in self.on)

    @property
    def keyed(self) -> bool:
        """May each matter have a walk of its own? Whoever calls may bring a key, and a campaign's runs do."""
        return any(isinstance(way, Called) or (isinstance(way, EventWay) and way.key) for way in self.on)
