"""The nodes of a journey, tagged by `type`. Each leads to `next` unless it says otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from services.journeys.domain.entries import EventType
from services.journeys.domain.parts import (
    PERSON,
    Channels,
    Duration,
    LocalTime,
    Name,
    OpenHours,
    Part,
    Scalar,
    Text,
    When,
    Where,
    ZoneOrPerson,
    spelled,
)
from services.shared.conditions import Condition, parse


class Wait(Part):
    """Stand still for a fixed time, which does not run while the journey is paused."""

    type: Literal["wait"]
    duration: Annotated[Duration, Field(alias="for")]
    next: str

    @property
    def length(self) -> str:
        """The duration for people."""
        return spelled(self.duration)


class WaitUntil(Part):
    """Stand still until a date, then until the doors are open; each person has their own time.

    `date` is local (`2026-12-24T09:00`), or what is known of the person: `trait:birthday`, `fact:last_order_at`,
    `fact:walk.delivery_date`; `offset` (may be negative) moves it, `at` puts it at a local time of that day. Without
    a date it is about the doors alone (`hours`). When the date moves, whoever waits for it moves with it. A person
    without the date goes to `missing`; a date that is past makes nobody wait.
    """

    type: Literal["wait_until"]
    date: Text | None = None
    offset: Annotated[str, Field(pattern=r"^-?P.{1,40}$")] | None = None
    at: LocalTime | None = None
    hours: OpenHours | None = None
    zone: ZoneOrPerson = PERSON
    missing: str | None = None
    next: str

    @model_validator(mode="after")
    def _waits_for_something(self) -> Self:
        if self.date is None and self.hours is None and self.at is None:
            raise ValueError("must have date, at or hours")
        if self.date is None and (self.offset is not None or self.missing is not None):
            raise ValueError("offset and missing belong to a date")
        if self.known_as is not None and self.missing is None:
            raise ValueError("missing: say where people go of whom the date is not known")
        return self

    @property
    def known_as(self) -> tuple[str, str] | None:
        """Where the date is known from: ("trait" or "fact", name); `None` when it is written here, or there is none."""
        kind, _, name = (self.date or "").partition(":")
        return (kind, name) if kind in ("trait", "fact") else None


class WaitFor(Part):
    """Stand still until something happens: an event (of the walk's own matter, with `key`), or a condition begins to
    hold. What happened since the person entered (`since: node`: came here) counts. Whoever has waited `timeout` goes
    to `otherwise`. The walk keeps the properties named in `keep`."""

    type: Literal["wait_for"]
    event: Text | None = None
    event_type: EventType = "track"
    where: Where | None = None
    key: Text | None = None
    keep: Annotated[list[Text], Field(max_length=20)] = []
    when: When | None = None
    since: Literal["entry", "node"] = "entry"
    timeout: Duration
    next: str
    otherwise: str

    @model_validator(mode="after")
    def _waits_for_one(self) -> Self:
        if (self.event is None) is (self.when is None):
            raise ValueError("must have event or when, and not both")
        if self.when is not None and (self.where is not None or self.key or self.keep):
            raise ValueError("where, key and keep belong to an event")
        return self


class Arm(Part):
    """One way out of a branch."""

    when: When
    next: str

    @cached_property
    def condition(self) -> Condition:
        """`when`, parsed."""
        return parse(self.when)


class Branch(Part):
    """The first arm whose condition holds takes the person; else `default`."""

    type: Literal["branch"]
    branches: Annotated[list[Arm], Field(min_length=1, max_length=20)]
    default: str


class Share(Part):
    """One way out of a split, for so many percent of the people. A `holdout` is a control group."""

    name: Name
    percent: Annotated[float, Field(gt=0, le=100)]
    next: str
    holdout: bool = False


class Winner(Part):
    """From `after` so long since the split was published, whoever comes takes the arm that does best by the
    journey's goal."""

    after: Duration
    at_least: Annotated[int, Field(ge=1)] = 100
    """People who must have come to each arm that may win (a holdout may not) before one does."""


class Split(Part):
    """Chance decides, the same for the same person each time; `seed` makes splits of several journeys agree."""

    type: Literal["split"]
    arms: Annotated[list[Share], Field(min_length=2, max_length=10)]
    seed: Text | None = None
    winner: Winner | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if abs(sum(arm.percent for arm in self.arms) - 100) > 1e-6:
            raise ValueError("arms: the percentages must add up to 100")
        if len({arm.name for arm in self.arms}) < len(self.arms):
            raise ValueError("arms: a name stands twice")
        return self


class Send(Part):
    """Ask delivery for one message; `channels` is the order of preference. After `expires` the moment is over and
    nothing is sent. `tone` says what a message is about, for journeys that must be relational before commercial."""

    type: Literal["send"]
    template: Name
    channels: Channels
    proposition: Name | None = None
    tone: Literal["relational", "commercial"] | None = None
    expires: Duration | None = None
    next: str


class Rotation(Part):
    """Send the next of `templates` that this person has not had from this rotation, in this or an earlier walk; who has
    had them all goes to `exhausted`."""

    type: Literal["rotation"]
    templates: Annotated[list[Name], Field(min_length=1, max_length=50)]
    channels: Channels
    tone: Literal["relational", "commercial"] | None = None
    next: str
    exhausted: str


class Update(Part):
    """Set traits of the profile: literals, or `fact:` and a name."""

    type: Literal["update"]
    traits: Annotated[dict[Text, Scalar], Field(min_length=1, max_length=20)]
    next: str


class Task(Part):
    """Ask people of the firm to do something: call, print and post, visit."""

    type: Literal["task"]
    kind: Literal["call", "print", "sales"]
    title: Text
    owner: Text
    next: str


class Webhook(Part):
    """Tell a registered sink, with the walk's facts."""

    type: Literal["webhook"]
    sink: Name
    next: str


class Survey(Part):
    """Ask one question and wait for the answer, the event `Survey Answered` with this `survey` and a `score`; the walk
    keeps it as `walk.<node>.score`. No answer within `timeout` leads to `otherwise`."""

    type: Literal["survey"]
    survey: Name
    question: Literal["nps", "csat"]
    template: Name
    channels: Channels
    timeout: Duration = timedelta(days=14)
    next: str
    otherwise: str


class Jump(Part):
    """Back to an earlier node, `at_most` so often; then on to `otherwise`."""

    type: Literal["jump"]
    to: str
    at_most: Annotated[int, Field(ge=1, le=100)]
    otherwise: str


class Exit(Part):
    """The end of a walk; `enter` names a `called` journey that begins then."""

    type: Literal["exit"]
    reason: Name
    enter: Name | None = None


Node = Annotated[
    Wait
    | WaitUntil
    | WaitFor
    | Branch
    | Split
    | Send
    | Rotation
    | Update
    | Task
    | Webhook
    | Survey
    | Jump
    | Exit,
    Field(discriminator="type"),
]


def ways_out(node: Any) -> list[tuple[str, str]]:
    """Where a node leads: (path of the field within the node, target), in the order they are written."""
    if isinstance(node, Branch):
        return [
            *((f"branches.{i}.next", arm.next) for i, arm in enumerate(node.branches)),
            ("default", node.default),
        ]
    if isinstance(node, Split):
        return [(f"arms.{i}.next", arm.next) for i, arm in enumerate(node.arms)]
    fields = ("to", "next", "missing", "otherwise", "exhausted")
    return [(field, target) for field in fields if (target := getattr(node, field, None)) is not None]


def parse_instant(text: str) -> datetime:
    """A local date and time as it is written in a journey; without a time, the midnight.

    Raises:
        ValueError: it is neither.
    """
    return datetime.fromisoformat(text)
