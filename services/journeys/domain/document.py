"""The journey document: named nodes, tagged by `type`."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StringConstraints, model_validator

from services.shared.conditions import Condition, parse, parse_duration

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""Names of journeys, nodes and templates. No hyphen: it separates the parts of a cohort's key."""

Channel = Literal["email", "sms", "push", "preferred"]


def _duration(text: object) -> timedelta:
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str):
        raise ValueError("must be an ISO 8601 duration such as P90D, P2W or PT36H")
    return parse_duration(text)


Duration = Annotated[timedelta, PlainValidator(_duration)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Entry(_Part):
    """Who begins: those who enter a segment, or, if `called`, those for whom a contact strategy or a trigger table
    names this journey. `reentry` says whether somebody who left may begin again."""

    segment_entered: Annotated[str, Field(min_length=1)] | None = None
    called: bool = False
    reentry: Literal["never", "always"] = "never"

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.segment_entered is not None) is self.called:
            raise ValueError("must have segment_entered, or called: true, and not both")
        return self

    @property
    def shown(self) -> str:
        """The way in for people."""
        return "is called" if self.segment_entered is None else f"enters {self.segment_entered}"


class ExitRule(_Part):
    """Who stops at once, wherever they are: those who leave a segment."""

    segment_exited: Annotated[str, Field(min_length=1)]


class Wait(_Part):
    """Stand still for a fixed time."""

    type: Literal["wait"]
    duration: Annotated[Duration, Field(alias="for")]
    next: str

    @property
    def length(self) -> str:
        """The duration for people: `30 days`, `1 day, 12:00:00`."""
        return str(self.duration).removesuffix(", 0:00:00")


class Send(_Part):
    """Ask delivery for one message; `channels` is the order of preference."""

    type: Literal["send"]
    template: Name
    channels: Annotated[list[Channel], Field(min_length=1)]
    next: str


class Arm(_Part):
    """One way out of a branch."""

    when: dict[str, Any]
    next: str

    @cached_property
    def condition(self) -> Condition:
        """`when`, parsed."""
        return parse(self.when)


class Branch(_Part):
    """The first arm whose condition holds takes the person; else `default`."""

    type: Literal["branch"]
    branches: Annotated[list[Arm], Field(min_length=1, max_length=20)]
    default: str


class Exit(_Part):
    """The end of a walk."""

    type: Literal["exit"]
    reason: Name


Node = Annotated[Wait | Send | Branch | Exit, Field(discriminator="type")]


Sentence = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


class Brief(_Part):
    """The campaign's brief: who is addressed, why, over which channels, and the attributes that this needs. What is
    not in some brief need not be collected."""

    who: Sentence
    why: Sentence
    channels: Annotated[list[Channel], Field(min_length=1)]
    needed_data: Annotated[list[Sentence], Field(max_length=100)]


class Document(_Part):
    """A whole journey. `admission` is how long people are gathered into one cohort (`PT0S`: nobody is). None is
    published without a `brief`; versions that were published before there were any have none."""

    name: Name
    title: Annotated[str, Field(min_length=1, max_length=200)]
    objective: Annotated[str, Field(min_length=1, max_length=200)]
    brief: Brief | None = None
    entry: Entry
    admission: Duration = timedelta(minutes=1)
    exit_on: Annotated[list[ExitRule], Field(max_length=20)] = []
    start: str
    nodes: Annotated[dict[Name, Node], Field(min_length=1, max_length=200)]

    def next_nodes(self, node_id: str) -> list[str]:
        """Where a node leads; each once, in the order they are written."""
        node = self.nodes[node_id]
        if isinstance(node, Exit):
            return []
        if isinstance(node, Branch):
            return list(dict.fromkeys([*(arm.next for arm in node.branches), node.default]))
        return [node.next]

    def wait_of(self, node_id: str) -> timedelta:
        """How long a node makes people wait; zero for any other than a wait."""
        node = self.nodes[node_id]
        return node.duration if isinstance(node, Wait) else timedelta(0)

    def exit_segments(self) -> frozenset[str]:
        """The segments whose leaving ends the walk."""
        return frozenset(rule.segment_exited for rule in self.exit_on)
