"""Campaigns and their runs, the portfolio, world events, propositions, and calls for one person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from services.journeys.domain.campaign import Campaign
from services.journeys.domain.portfolio import Portfolio
from services.journeys.domain.propositions import Proposition
from services.journeys.domain.runs import Outcomes, Portion, Run
from services.shared.contracts.audience import AudienceAnswer
from services.shared.contracts.base import Model
from services.shared.contracts.scoring import Standing


@dataclass(frozen=True)
class Planned:
    """A campaign as it was put, and the version of its journey."""

    campaign: Campaign
    raw: Mapping[str, Any]
    version: int
    at: datetime


class Campaigns(Protocol):
    """Campaigns, one a name."""

    def get(self, name: str) -> Planned | None:
        """As of now."""
        ...

    def all(self) -> list[Planned]:
        """By name."""
        ...

    def put(self, planned: Planned) -> None:
        """Instead of what stands under its name."""
        ...


@dataclass(frozen=True)
class WorldEvent:
    """Something of a kind that happens in the world at `at`; `told` once journeys have heard of it."""

    id: str
    kind: str
    title: str
    at: datetime
    told: bool = False


class World(Protocol):
    """The calendar of world events."""

    def get(self, id: str) -> WorldEvent | None:
        """As of now."""
        ...

    def all(self) -> list[WorldEvent]:
        """By id."""
        ...

    def put(self, event: WorldEvent) -> None:
        """Instead of what stands under its id."""
        ...

    def tell(self, event: WorldEvent) -> None:
        """Note that journeys have heard of it, unless it has changed."""
        ...

    def remove(self, id: str) -> None:
        """Again is the same."""
        ...


class Runs(Protocol):
    """Runs and the portions of their phases."""

    def seen_until(self, journey: str) -> datetime | None:
        """Up to when the moments of a journey have been looked at, as of now."""
        ...

    def see_until(self, journey: str, at: datetime) -> None:
        """Never back."""
        ...

    def open(self, run: Run) -> bool:
        """Begin a run; `False`: it has begun before."""
        ...

    def get(self, journey: str, run_id: str) -> Run | None:
        """As of now."""
        ...

    def live(self) -> list[Run]:
        """Those that have not ended, as of now."""
        ...

    def of(self, journey: str, limit: int) -> list[Run]:
        """The newest of a journey."""
        ...

    def change(self, old: Run, new: Run) -> bool:
        """`False`: it is not in the state of `old` any more."""
        ...

    def portions(self, run: Run) -> list[Portion]:
        """Of the phase that the run is in, as of now: all of them, begun or not."""
        ...

    def taken(self, run: Run) -> list[Portion]:
        """Of all its phases, as far as they have begun."""
        ...

    def advance(self, run: Run, portion: Portion) -> bool:
        """Write a portion over the revision before; `False`: another worker was faster."""
        ...


class Audiences(Protocol):
    """Scoring's word on who is in a segment."""

    def members(self, segment: str, part: int, after: str) -> AudienceAnswer:
        """The next page of a part."""
        ...

    def people(self, profile_ids: Sequence[str]) -> list[Standing]:
        """What is known of those of these who there are."""
        ...


class Chore(Model):
    """Go on with a part of a run."""

    journey: str
    run_id: str
    part: int


class Chores(Protocol):
    """The queue of parts that are to be gone on with."""

    def send(self, chores: Sequence[Chore]) -> None:
        """Let it be done soon."""
        ...


Halt = Literal["", "paused", "stopped"]


class Halts(Protocol):
    """Whether a journey may let people in now."""

    def of(self, journey: str, objective: str, now: datetime) -> Halt:
        """`paused`: by itself, with its objective or with everything; `stopped`: for good."""
        ...


class Messages(Protocol):
    """Delivery's word on messages."""

    def outcomes(self, journey: str, since: datetime) -> Outcomes:
        """Of a journey's messages, from the day of `since` on."""
        ...


class Portfolios(Protocol):
    """The one portfolio."""

    def get(self) -> Portfolio:
        """As of now."""
        ...

    def change(self, how: Callable[[Portfolio], Portfolio]) -> Portfolio:
        """Change it as `how` says; what stands then.

        Raises:
            Conflict: `how` refuses, or others change it all the time.
        """
        ...


class Propositions(Protocol):
    """The matrix of propositions and products."""

    def all(self) -> dict[str, Proposition]:
        """By name, as of now."""
        ...

    def put(self, proposition: Proposition) -> None:
        """Instead of what stands under its name."""
        ...


@dataclass(frozen=True)
class Called:
    """A request to let one person in, first made at `at` with a body of `digest`; `answer` once there is one."""

    request_id: str
    digest: str
    profile_id: str
    at: datetime
    answer: Mapping[str, Any] | None = None


class Calls(Protocol):
    """Requests to let one person in, by a client's own id."""

    def open(self, journey: str, call: Called) -> Called:
        """Note a request; the one that was made first."""
        ...

    def close(self, journey: str, call: Called) -> None:
        """Note its answer."""
        ...


class Directory(Protocol):
    """Ingest's word on whom an identifier stands for."""

    def profile_of(self, identifier: str) -> str:
        """Their profile as it is now; empty: nobody is known by that."""
        ...
