"""The pressure policy as marketers write it, and what was looked up for it when it was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.shared.channels import Channel
from services.shared.conditions.durations import parse_duration
from services.shared.permission import MessageClass

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

DAILY_CAP = 3
"""Commercial messages a person gets in 24 hours while nobody gave a policy (`-c daily_cap=…` says otherwise)."""

MEMORY = timedelta(days=31)
"""How far back a person's messages are remembered one by one: the widest window of a cap."""

_OPEN = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d|00:00-24:00", re.ASCII)


def _duration(text: str) -> str:
    parse_duration(text)
    return text


def _opening(text: str) -> str:
    if not _OPEN.fullmatch(text) or text[:5] >= text[6:]:
        raise ValueError("must be like 09:00-20:00, within a day")
    return text


Duration = Annotated[str, AfterValidator(_duration)]
Opening = Annotated[str, AfterValidator(_opening)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Share = Annotated[float, Field(gt=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Cap(_Part):
    """At most `count` messages in any stretch of time as long as `within` (P1D, P7D, P30D; P31D at most): of a channel,
    a class and a purpose where these are given. `counts` says whether service messages take up room; they are
    never stopped. A message too many is dropped (`skip`), or waits until there is room (`hold`)."""

    count: int = Field(ge=1, le=200)
    within: Duration
    channel: Channel | None = None
    message_class: MessageClass | None = Field(default=None, alias="class")
    purpose: str | None = Field(default=None, max_length=64)
    counts: Literal["commercial", "all"] = "commercial"
    then: Literal["skip", "hold"] = "skip"

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if not timedelta(0) < self.span <= MEMORY:
            raise ValueError("within: must be over zero and at most P31D")
        if self.message_class == "service":
            raise ValueError("class: service messages are never stopped")
        return self

    @property
    def span(self) -> timedelta:
        return parse_duration(self.within)


class Arbitration(_Part):
    """Of messages for one person that are asked for within `window` of each other, the one with the highest priority
    goes (of equals, the one asked for first); each waits `window` for others. A loser then waits as long again
    behind the winner (`wait`), or is dropped (`expire`). `PT0S`: nothing waits for what may come."""

    window: Duration = "PT0S"
    loser: Literal["wait", "expire"] = "wait"

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.span > timedelta(days=1):
            raise ValueError("window: must be at most P1D")
        return self

    @property
    def span(self) -> timedelta:
        return parse_duration(self.window)


class OpenHours(_Part):
    """When messages may arrive, by the receiver's clock: hours by weekday (a day that is left out is closed; no days at
    all: always), and whether public holidays are closed."""

    days: dict[Weekday, Opening] = {}
    closed_on_holidays: bool = False

    def on(self, weekday: int) -> tuple[time, time] | None:
        """From and until (a `time.max` is midnight) on a weekday (Monday is 0); `None`: closed."""
        if not self.days:
            return time.min, time.max
        text = self.days.get(WEEKDAYS[weekday])
        if text is None:
            return None
        begin, end = text.split("-")
        return time.fromisoformat(begin), time.max if end == "24:00" else time.fromisoformat(end)


class Hours(_Part):
    """Open hours by country (ISO 3166, as the trait `country` has it), and `otherwise`. Where a person's time zone is
    not known, it must be open in every zone of their country; where the country is not known either, that of
    `unknown`, or else all countries of this list."""

    countries: dict[Country, OpenHours] = Field(default={}, max_length=60)
    otherwise: OpenHours = OpenHours()
    unknown: Country | None = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.unknown and self.unknown not in self.countries:
            raise ValueError("unknown: must be one of the countries")
        if self.otherwise.closed_on_holidays:
            raise ValueError("otherwise.closed_on_holidays: name the countries whose holidays count")
        return self


class SendTime(_Part):
    """A message waits for the hour at which its receiver likes to read (trait `sendHour`), `at_most` so long after it
    was asked for. `learned`: of who did not say, the hour at which most of their opens and clicks were."""

    at_most: Duration = "P1D"
    learned: bool = False

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if not timedelta(0) < parse_duration(self.at_most) <= timedelta(days=7):
            raise ValueError("at_most: must be over zero and at most P7D")
        return self


class Pace(_Part):
    """How fast a channel sends at most, beside what the provider's own quota says. `reserved` is the share of the
    account's daily quota that commercial messages leave to service messages."""

    per_second: float | None = Field(default=None, gt=0, le=10_000)
    reserved: float = Field(default=0.1, ge=0, lt=1)


class Brake(_Part):
    """A journey's messages on a channel stop beyond these shares of what was sent. The first `canary` go out alone:
    the others wait until `settle` has passed and the shares are known to be all right."""

    bounced: Share = 0.02
    complained: Share = 0.0005
    canary: int = Field(default=1_000, ge=1, le=1_000_000)
    settle: Duration = "PT1H"


class Guard(_Part):
    """All commercial messages of a channel stop beyond these shares of what was sent in the last `days` days.
    `inactive`: to people who opened and clicked nothing for `inactive_days`, though they had messages as long."""

    bounced: Share = 0.05
    complained: Share = 0.001
    inactive: Share = 0.6
    inactive_days: int = Field(default=180, ge=1, le=365)
    days: int = Field(default=7, ge=1, le=30)
    least: int = Field(default=1_000, ge=1)


class PressurePolicy(_Part):
    """How often, when and how fast people are written to. Service messages are exempt from all of it but `pace`."""

    caps: list[Cap] = Field(default=[], max_length=20)
    minimum_gap: Duration = "PT0S"
    arbitration: Arbitration = Arbitration()
    hours: Hours = Hours()
    send_time: SendTime | None = None
    pace: dict[Channel, Pace] = {}
    brake: Brake | None = Brake()
    guard: Guard | None = Guard()

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.gap > MEMORY:
            raise ValueError("minimum_gap: must be at most P31D")
        return self

    @property
    def gap(self) -> timedelta:
        return parse_duration(self.minimum_gap)


@dataclass(frozen=True)
class Calendar:
    """What is looked up for a policy: time zones and public holidays (ISO dates) by country."""

    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    holidays: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class InForce:
    """The policy in force, its version (0: none was given), and its calendar."""

    policy: PressurePolicy
    version: int = 0
    calendar: Calendar = Calendar()


def default_policy(daily_cap: int, *, brakes: bool) -> PressurePolicy:
    """What holds while nobody gave a policy: so many commercial messages in any 24 hours."""
    return PressurePolicy(
        caps=[Cap(count=daily_cap, within="P1D")],
        brake=Brake() if brakes else None,
        guard=Guard() if brakes else None,
    )
