"""A campaign: one message to everybody who is in a segment at certain moments. It is a journey of a fixed form, whose
people come in by a fan-out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from services.journeys.domain.chance import position
from services.journeys.domain.document import Brief, Document
from services.journeys.domain.ends import Goal
from services.journeys.domain.entries import Called
from services.journeys.domain.objectives import Angle, Objective
from services.journeys.domain.occasions import EARLIEST, Moment, moments, upcoming
from services.journeys.domain.parts import Channels, Duration, Name, Part, Text, Zone
from services.journeys.domain.recurrence import recurrence
from services.journeys.domain.rules.problems import InvalidJourney, Problem

SENDS_AT = "sends_at"
"""What a walk keeps of its turn: a local time, where people have turns."""

GOAL_WITHIN = "P7D"
"""How long people of a campaign with a goal are followed, unless the goal says."""


class Times(Part):
    """Local times: `start`, and from there on as `rule` (RFC 5545) says; in `zone`, or in each `person`'s own."""

    start: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d$")]
    rule: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    zone: Zone | Literal["person"] = "UTC"

    @model_validator(mode="after")
    def _comes(self) -> Self:
        try:
            recurrence(self.start, self.rule)
        except ValueError as error:
            raise ValueError(f"start and rule: {error}") from None
        return self

    @property
    def place(self) -> str:
        """The zone by which a run begins; if each person has their own, the one where the local time comes first."""
        return EARLIEST if self.zone == "person" else self.zone

    def between(self, after: datetime, until: datetime) -> list[Moment]:
        """The moments after `after` and not after `until`."""
        return moments(self.start, self.rule, self.place, after, until)

    def following(self, after: datetime) -> Moment | None:
        """The first moment after `after`; `None`: there is none any more."""
        return upcoming(self.start, self.rule, self.place, after)


class Canary(Part):
    """First `percent` of the people; the others after `wait`, unless by then more than `most_bounces` percent of
    the messages bounced or `most_complaints` percent were complained about."""

    percent: Annotated[float, Field(gt=0, lt=100)]
    wait: Duration
    most_bounces: Annotated[float, Field(ge=0, le=100)] = 5
    most_complaints: Annotated[float, Field(ge=0, le=100)] = 0.1

    @model_validator(mode="after")
    def _waits(self) -> Self:
        if not timedelta(0) < self.wait <= timedelta(days=7):
            raise ValueError("wait: must be over zero and at most P7D")
        return self


class Campaign(Part):
    """`throughput` is people a minute, `holdout` the percentage that is not written to and followed all the same;
    `expires` how long a moment of the schedule is worth anything. `product` is what `proposition` must be made for."""

    name: Name
    title: Text
    objective: Objective
    angle: Angle
    portfolio: Literal["base", "current"] = "current"
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    brief: Brief
    segment: Text
    template: Name
    channels: Channels
    schedule: Times
    throughput: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    canary: Canary | None = None
    holdout: Annotated[float, Field(gt=0, le=50)] | None = None
    proposition: Name | None = None
    product: Text | None = None
    goal: Goal | None = None
    expires: Duration | None = None

    @property
    def has_turns(self) -> bool:
        """Does each person have a time of their own?"""
        return self.throughput is not None or self.schedule.zone == "person"

    def in_canary(self, run_id: str, profile_id: str) -> bool:
        """Does a person come first in a run?"""
        canary = self.canary
        return canary is not None and position(f"{self.name}/{run_id}/canary", profile_id) < canary.percent


def read_campaign(raw: Mapping[str, Any]) -> Campaign:
    """The campaign of a JSON object.

    Raises:
        InvalidJourney: it breaks at least one rule of its own; what the journey breaks is found when it is published.
    """
    try:
        return Campaign.model_validate(raw)
    except ValidationError as error:
        raise InvalidJourney(
            [
                Problem(
                    ".".join(map(str, one["loc"])) or "campaign", one["msg"].removeprefix("Value error, ")
                )
                for one in error.errors(include_input=False)
            ]
        ) from None


def journey_of(raw: Mapping[str, Any], campaign: Campaign) -> dict[str, Any]:
    """The journey document that a campaign is."""
    said = ("name", "title", "objective", "angle", "portfolio", "priority", "brief")
    document = {key: raw[key] for key in said if key in raw}
    entry: dict[str, Any] = {"on": [{"called": True}], "reentry": "never"}
    if "expires" in raw:
        entry["expires"] = raw["expires"]
    if "goal" in raw:
        document["goal"] = {"within": GOAL_WITHIN, **raw["goal"]}
    nodes = _nodes(document, campaign)
    return {**document, "entry": entry, "start": next(iter(nodes)), "nodes": nodes}


_FORM = frozenset({"control", "turn", "message", "followed", "not_met", "completed", "held_out"})


def is_campaign(document: Document) -> bool:
    """Is a journey of the form that campaigns have?"""
    called = all(isinstance(way, Called) for way in document.entry.on)
    return called and "message" in document.nodes and document.nodes.keys() <= _FORM


def _nodes(document: Mapping[str, Any], campaign: Campaign) -> dict[str, Any]:
    nodes: dict[str, Any] = {}
    first = "turn" if campaign.has_turns else "message"
    if campaign.holdout is not None:
        arms = [
            {"name": "met", "percent": 100 - campaign.holdout, "next": first},
            {
                "name": "holdout",
                "percent": campaign.holdout,
                "next": "not_met" if "goal" in document else "held_out",
                "holdout": True,
            },
        ]
        nodes["control"] = {"type": "split", "arms": arms}
    if campaign.has_turns:
        own = {"date": f"fact:walk.{SENDS_AT}", "zone": campaign.schedule.zone, "missing": "message"}
        nodes["turn"] = {"type": "wait_until", **own, "next": "message"}
    send = {"template": campaign.template, "channels": list(campaign.channels)}
    if campaign.proposition is not None:
        send["proposition"] = campaign.proposition
    nodes["message"] = {"type": "send", **send, "next": "followed" if "goal" in document else "completed"}
    if "goal" in document:
        nodes["followed"] = {"type": "wait", "for": document["goal"]["within"], "next": "completed"}
        if campaign.holdout is not None:
            nodes["not_met"] = {"type": "wait", "for": document["goal"]["within"], "next": "held_out"}
    nodes["completed"] = {"type": "exit", "reason": "completed"}
    if campaign.holdout is not None:
        nodes["held_out"] = {"type": "exit", "reason": "held_out"}
    return nodes
