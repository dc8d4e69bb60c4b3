"""What is asked of a simulation, within what bounds, and what became of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.journeys.domain.parts import Name
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.base import Instant
from services.shared.errors import Invalid

MOST_PEOPLE, MOST_DAYS, MOST_RUNS = 20_000, 730, 50
MOST_LIVED = 5_000_000
"""People times days times runs: about five minutes of the worker's fifteen, as journeys usually are."""

MOST_TOLD = 500_000
"""Lines of history times runs: about as long, and a gigabyte of memory."""

DRAFT = "draft"
_TEXT = 200

Share = Annotated[float, Field(ge=0, le=1)]
Dollars = Annotated[float, Field(ge=0, le=1000)]
EventName = Annotated[str, Field(min_length=1, max_length=_TEXT)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Answering(_Body):
    """What people do with messages: shares of e-mails that are opened, of opens with a click, of commercial e-mails
    after which permission is taken back, and of questions that are answered."""

    opens: Share | None = None
    clicks: Share | None = None
    unsubscribes: Share | None = None
    answers: Share | None = None


class Charged(_Body):
    """US dollars of one entry into the metered journey, and of one e-mail; what is not said is as metered."""

    entry: Dollars | None = None
    email: Dollars | None = None


class Period(_Body):
    """What happened from `since` on and before `until`, by the events' own times."""

    since: Instant
    until: Instant

    @model_validator(mode="after")
    def _is_a_while(self) -> Self:
        if self.since >= self.until:
            raise ValueError("since: is not before until")
        return self


class Request(_Body):
    """The body of `POST /journeys/{name}/simulations`; the defaults are those of `halte journey simulate`.

    `version`: a number, `draft`, or nothing for the newest. With `history` it is what the lake has of that period,
    whose people are not made up; then it goes on for so many `days`. `granted` is the share of people who permit
    e-mail, `often` how many times a month each does an event, where the shop's own model doesn't say it. `define`,
    `messages` and `pressure` are what the journey refers to, what its templates are, and contact pressure.
    """

    version: Annotated[int, Field(ge=1)] | Literal["draft"] | None = None
    people: Annotated[int, Field(ge=1, le=MOST_PEOPLE)] = 1000
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 90
    start: Instant = datetime(2026, 1, 5, tzinfo=UTC)
    seed: Annotated[int, Field(ge=0, le=2**31)] = 1
    runs: Annotated[int, Field(ge=1, le=MOST_RUNS)] = 1
    history: Period | None = None
    granted: Share = 0.7
    often: dict[EventName, Annotated[float, Field(ge=0, le=1000)]] = {}
    answering: Answering = Answering()
    define: dict[Name, dict[Name, Any]] | None = None
    messages: dict[Name, dict[str, Any]] | None = None
    pressure: dict[str, Any] | None = None
    prices: Charged = Charged()


def bounded(request: Request) -> Request:
    """The request, if there is time for it.

    Raises:
        Invalid: `too_much`.
    """
    lived = request.people * request.days * request.runs
    if request.history is None and lived > MOST_LIVED:
        raise Invalid(
            "too_much",
            f"people: {request.people:,} people for {request.days} days in {request.runs} runs are {lived:,} days of "
            f"somebody's life, the limit is {MOST_LIVED:,}: ask for fewer people, days or runs",
        )
    return request


@dataclass(frozen=True)
class Asked:
    """A question with all that its answer depends on: the document as it is, and what the stage has by now."""

    journey: str
    version: int | str
    document: Mapping[str, Any]
    request: Request

    @property
    def id(self) -> str:
        """The same for whatever is the same question: 128 bits of its SHA-256."""
        canonical = json.dumps(self._said(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]

    def to_json(self) -> str:
        """The text that `from_json` reads."""
        return json.dumps(self._said())

    def _said(self) -> dict[str, Any]:
        return {
            "journey": self.journey,
            "version": self.version,
            "document": self.document,
            "request": self.request.model_dump(mode="json"),
        }

    @classmethod
    def from_json(cls, text: str | bytes) -> Asked:
        """The question that `to_json` wrote."""
        kept = json.loads(text)
        return cls(
            kept["journey"], kept["version"], kept["document"], Request.model_validate(kept["request"])
        )


State = Literal["running", "done", "failed"]
LOST = {
    "code": "lost",
    "message": "the simulation ended without an answer, for want of memory or time: ask for fewer people, days or runs",
}


@dataclass(frozen=True)
class Told:
    """What became of a question of `asked_at`: it is worked on until `at` at the longest, or ended `at`. `said` is the
    report, or why there is none: `{code, message}`."""

    state: State
    asked_at: datetime
    at: datetime
    said: Mapping[str, Any] = field(default_factory=dict)

    def by(self, now: datetime) -> Told:
        """As it is by now: whoever worked on it longer than there is time is not at it any more."""
        if self.state == "running" and now > self.at:
            return Told("failed", self.asked_at, self.at, LOST)
        return self

    def to_json(self) -> str:
        """The text that `from_json` reads."""
        said = {"state": self.state, "asked_at": to_iso(self.asked_at), "at": to_iso(self.at)}
        return json.dumps({**said, "said": self.said})

    @classmethod
    def from_json(cls, text: str | bytes) -> Told:
        """What `to_json` wrote."""
        kept = json.loads(text)
        return cls(kept["state"], from_iso(kept["asked_at"]), from_iso(kept["at"]), kept["said"])


@dataclass(frozen=True)
class Question:
    """A question of `asked_at`, what was told of it, and in which `state` it was read, for whoever writes next."""

    asked: Asked
    asked_at: datetime
    told: Told | None = None
    state: str = ""

    def by(self, now: datetime) -> Told | None:
        """What became of it since it was asked last, as it is by now."""
        if self.told is None or self.told.asked_at < self.asked_at:
            return None
        return self.told.by(now)

    def to_json(self) -> str:
        """The text that `from_json` reads: the question alone."""
        return json.dumps({"asked_at": to_iso(self.asked_at), "asked": self.asked.to_json()})

    @classmethod
    def from_json(cls, text: str | bytes, told: str | bytes | None, state: str) -> Question:
        """The question that `to_json` wrote, with what `Told.to_json` wrote of it."""
        kept = json.loads(text)
        return cls(
            Asked.from_json(kept["asked"]),
            from_iso(kept["asked_at"]),
            Told.from_json(told) if told else None,
            state,
        )


SIMULATIONS = "simulations/"
"""Where both are kept in the lake's bucket, for a week."""

AGAIN_AFTER = timedelta(minutes=1)
"""How long after it was asked a question that nobody has begun with is handed out again, if somebody asks it again."""


def asked_key(id: str) -> str:
    """The question's object: `{asked_at, asked}`."""
    return f"{SIMULATIONS}{id}.asked.json"


def told_key(id: str) -> str:
    """The answer's object."""
    return f"{SIMULATIONS}{id}.json"
