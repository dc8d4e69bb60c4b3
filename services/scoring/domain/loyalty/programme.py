"""A loyalty programme, as a marketer writes it, and the programmes that stood one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from services.scoring.domain.orders import amount_of
from services.shared.conditions import parse_duration
from services.shared.conditions.limits import Budget
from services.shared.conditions.where import compile_where, parse_where
from services.shared.contracts.base import Instant
from services.shared.contracts.ingest import CustomerEvent
from services.shared.interaction import ARRIVALS

MAX_POINTS = 1_000_000
OWN_EVENTS = ("Loyalty Balance Changed", "Loyalty Points Expired", "Referral Converted")
"""What the ledger itself brings about: no points for points."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Points = Annotated[int, Field(ge=1, le=MAX_POINTS)]
Window = Literal["day", "month", "year", "ever"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


def _length(text: str | None) -> str | None:
    if text is not None and not parse_duration(text):
        raise ValueError("must be longer than nothing")
    return text


class Per(_Part):
    """`points` for each whole `amount` (in hundredths exact) of the property `property`."""

    property: Annotated[str, Field(min_length=1, max_length=64)] = "revenue"
    amount: Annotated[float, Field(ge=0.01, le=MAX_POINTS, allow_inf_nan=False)] = 1
    points: Points = 1

    def of(self, properties: Mapping[str, Any]) -> int:
        """What an event brings."""
        cents = amount_of(properties.get(self.property)) or 0
        return min(MAX_POINTS, max(0, cents) // round(self.amount * 100) * self.points)


class Cap(_Part):
    """At most `points` in each calendar `per` (UTC), or ever."""

    points: Points
    per: Window = "ever"


class EarnRule(_Part):
    """Points for each event of a name that passes `where`: `points`, or so many `per` amount; only for the first if
    `once`, in sum never beyond `cap`."""

    name: Name
    event: Annotated[str, Field(min_length=1, max_length=200)]
    type: Literal["track", "page", "screen"] = "track"
    where: dict[str, Any] | None = None
    points: Points | None = None
    per: Per | None = None
    once: bool = False
    cap: Cap | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.points is None) == (self.per is None):
            raise ValueError("must have exactly one of points, per")
        if self.event in OWN_EVENTS:
            raise ValueError("event: a change of points can't earn points")
        if self.event in ARRIVALS:
            raise ValueError("event: nobody earns points by being sent a message")
        if self.once and self.cap:
            raise ValueError("cap: of what is earned once there is no sum")
        return self

    def earns(self, event: CustomerEvent) -> int:
        """The points of an event, before once and cap."""
        if event.type != self.type or event.name != self.event or not self._passes(event.properties):
            return 0
        return self.points if self.points is not None else self.per.of(event.properties) if self.per else 0

    @cached_property
    def _passes(self) -> Callable[[Mapping[str, Any]], bool]:
        if self.where is None:
            return lambda properties: True
        return compile_where(parse_where(self.where, "where", Budget()))


class Level(_Part):
    """A tier, for who earned `points` in the period."""

    name: Name
    points: Points


class Tiers(_Part):
    """Levels by the points earned in the last `period` (what was refunded is not earned; rewards are no earnings)."""

    period: str = "P365D"
    levels: Annotated[list[Level], Field(min_length=1, max_length=10)]

    _lengths = field_validator("period")(_length)

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        points = [level.points for level in self.levels]
        if points != sorted(set(points)) or len({level.name for level in self.levels}) < len(points):
            raise ValueError("levels: must ascend, with names of their own")
        return self

    @cached_property
    def length(self) -> timedelta:
        """The period."""
        return parse_duration(self.period)

    def of(self, earned: int) -> str:
        """The tier of who earned so much; empty below the first."""
        return next((level.name for level in reversed(self.levels) if earned >= level.points), "")


class Perk(_Part):
    """Something besides points, a lever of one of three kinds: for those in `tier` or above, or to be had for
    `points`."""

    name: Name
    title: Annotated[str, Field(min_length=1, max_length=200)]
    lever: Literal["service", "relational", "engagement"]
    tier: Name | None = None
    points: Points | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.tier is None) == (self.points is None):
            raise ValueError("must have exactly one of tier, points")
        return self


class Referral(_Part):
    """Points for who recommended, and for the friend, at the friend's first order. `link` is where friends are led,
    with `{code}` in it."""

    referrer: Points
    friend: Annotated[int, Field(ge=0, le=MAX_POINTS)] = 0
    link: Annotated[str, Field(pattern=r"^https?://[^\s{}]*\{code\}[^\s{}]*$", max_length=500)] | None = None


class Programme(_Part):
    """What earns points, how long they live, and what they are good for. It counts for events from `from` on (the
    moment of publishing, when it is not said), until the next revision's."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)

    unit: Annotated[str, Field(min_length=1, max_length=40)] = "points"
    since: Annotated[Instant | None, Field(alias="from")] = None
    earn: Annotated[list[EarnRule], Field(max_length=30)] = []
    expires: str | None = None
    tiers: Tiers | None = None
    perks: Annotated[list[Perk], Field(max_length=30)] = []
    referral: Referral | None = None

    _length = field_validator("expires")(_length)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for what, names in (("earn", [r.name for r in self.earn]), ("perks", [p.name for p in self.perks])):
            if len(set(names)) < len(names):
                raise ValueError(f"{what}: two have the same name")
        levels = [level.name for level in self.tiers.levels] if self.tiers else []
        for perk in self.perks:
            if perk.tier is not None and perk.tier not in levels:
                raise ValueError(f"perks: there is no tier {perk.tier}")
        return self

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Programme:
        """The programme that a document describes.

        Raises:
            Invalid: `invalid_condition`, a filter is none.
            pydantic.ValidationError: it is none.
        """
        rules = document.get("earn")
        for i, rule in enumerate(rules if isinstance(rules, list) else []):
            if isinstance(rule, Mapping) and rule.get("where") is not None:
                parse_where(rule["where"], f"earn.{i}.where", Budget())
        return cls.model_validate(document)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return self.model_dump(mode="json", exclude_none=True, by_alias=True)

    @cached_property
    def life(self) -> int:
        """How long points live, in milliseconds; 0: for ever."""
        return parse_duration(self.expires) // timedelta(milliseconds=1) if self.expires else 0

    def perk(self, name: str) -> Perk | None:
        """The perk of a name."""
        return next((perk for perk in self.perks if perk.name == name), None)

    def perks_of(self, tier: str, balance: int) -> list[dict[str, Any]]:
        """The perks there are, and whether somebody of that tier and balance may have each (`open`)."""
        levels = [level.name for level in self.tiers.levels] if self.tiers else []
        reached = set(levels[: levels.index(tier) + 1]) if tier in levels else set()
        return [
            {
                **perk.model_dump(exclude_none=True),
                "open": perk.tier in reached if perk.points is None else balance >= perk.points,
            }
            for perk in self.perks
        ]


@dataclass(frozen=True)
class Programmes:
    """The programmes that counted one after the other, each from its `from` until the next one's; `revision` is how
    often one was published."""

    revisions: Sequence[Programme] = ()
    revision: int = 0

    def at(self, at: datetime) -> Programme | None:
        """The one that counts for what happens then."""
        for programme in reversed(self.revisions):
            if programme.since is not None and programme.since <= at:
                return programme
        return None

    def with_next(self, programme: Programme, now: datetime) -> Programmes:
        """These and a new one.

        Raises:
            ValueError: it would count for a time that is over, and is not the first.
        """
        since = programme.since or now
        if self.revisions and since < now:
            raise ValueError("from: is over; only the first revision may reach back")
        dated = programme.model_copy(update={"since": since})
        kept: Iterable[Programme] = (one for one in self.revisions if one.since and one.since < since)
        return Programmes((*kept, dated), self.revision + 1)
