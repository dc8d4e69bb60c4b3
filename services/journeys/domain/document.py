"""The journey document: a frame around named nodes. `entries.py`, `ends.py` and `nodes.py` have its parts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from services.journeys.domain.ends import ExitOnSegment, ExitRule, Goal, Stages
from services.journeys.domain.entries import Entry
from services.journeys.domain.nodes import Exit, Node, Wait, ways_out
from services.journeys.domain.objectives import OBJECTIVES, Angle, Kpi, Objective
from services.journeys.domain.parts import Channel, Duration, Name, Part, Sentence, Text, Zone

NodeT = TypeVar("NodeT")


class Brief(Part):
    """The campaign's brief: who is addressed, why, over which channels, and the attributes that this needs. What is
    not in some brief need not be collected. The rest is what is learned round by round: where in the customer's way
    it stands (`step`), what is believed (`hypothesis`), what figure tells (`kpi`, else the objective's) and what it
    should come to (`target`), what came out and what is changed next."""

    who: Sentence
    why: Sentence
    channels: Annotated[list[Channel], Field(min_length=1)]
    needed_data: Annotated[list[Text], Field(max_length=100)]
    step: Sentence | None = None
    hypothesis: Sentence | None = None
    kpi: Kpi | None = None
    target: Sentence | None = None
    result: Sentence | None = None
    next_change: Sentence | None = None


class Document(Part):
    """A whole journey. `admission` is how long people are gathered into one cohort (`PT0S`: nobody is). None is
    published without a `brief`; versions that were published before there were any have none."""

    name: Name
    title: Text
    objective: Objective
    angle: Angle
    portfolio: Literal["base", "current"] = "current"
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    brief: Brief | None = None
    entry: Entry
    admission: Duration = timedelta(minutes=1)
    stages: Stages | None = None
    exit_on: Annotated[list[ExitRule], Field(max_length=20)] = []
    goal: Goal | None = None
    zone: Zone = "UTC"
    start: str
    nodes: Annotated[dict[Name, Node], Field(min_length=1, max_length=200)]

    def next_nodes(self, node_id: str) -> list[str]:
        """Where a node leads; each once, in the order they are written."""
        return list(dict.fromkeys(target for _, target in ways_out(self.nodes[node_id])))

    def of_type(self, kind: type[NodeT]) -> Iterator[tuple[str, NodeT]]:
        """The nodes of a kind, by name."""
        for node_id, node in self.nodes.items():
            if isinstance(node, kind):
                yield node_id, node

    @property
    def kpi(self) -> Kpi:
        """The figure that the journey is held against."""
        return (self.brief and self.brief.kpi) or OBJECTIVES[self.objective].kpi

    def wait_of(self, node_id: str) -> timedelta:
        """How long a node makes everybody wait; zero for any other than a wait."""
        node = self.nodes[node_id]
        return node.duration if isinstance(node, Wait) else timedelta(0)

    def exit_segments(self) -> frozenset[str]:
        """The segments whose leaving ends the walk."""
        return frozenset(rule.segment_exited for rule in self.exit_on if isinstance(rule, ExitOnSegment))

    def exit_reason_at(self, node_id: str) -> str:
        """Why a walk ends when it comes to a node; empty: it does not end there."""
        node = self.nodes[node_id]
        return node.reason if isinstance(node, Exit) else ""
