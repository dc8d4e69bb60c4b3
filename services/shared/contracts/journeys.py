"""What journeys publishes."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from services.shared.contracts.base import Fact, Instant, Model
from services.shared.contracts.messages import MessageRequest
from services.shared.contracts.scoring import Task


class Enrolment(Model):
    """One person's walk through one journey version; `accepted_at` is that of the `SegmentMove` that began it. At its
    end: `variant` are the arms that it took (`split:arm`, by comma); `worth` is what its goal brought, in hundredths of
    `currency`."""

    enrolment_id: str
    profile_id: str
    journey: str
    version: int
    at: Instant
    reason: str = ""
    accepted_at: Instant | None = None
    variant: str = ""
    worth: int = 0
    currency: str = ""


class JourneyEntered(Fact):
    """People who began a journey; `at` is when they entered."""

    source: ClassVar[str] = "halte.journeys"
    detail_type: ClassVar[str] = "JourneyEntered.v1"

    enrolments: list[Enrolment]


class JourneyExited(Fact):
    """People whose walk ended; `reason` is `completed`, or the rule that took them out."""

    source: ClassVar[str] = "halte.journeys"
    detail_type: ClassVar[str] = "JourneyExited.v1"

    enrolments: list[Enrolment]


class Refusal(Model):
    """Somebody had a reason to enter `journey` at `at` and was not let in: `wrong_stage`, `moment_over`, `guard` (the
    condition of entering), `too_soon` or `too_often` (entering again)."""

    profile_id: str
    journey: str
    version: int
    reason: str
    at: Instant


class EntryRefused(Fact):
    """People whom a journey did not let in."""

    source: ClassVar[str] = "halte.journeys"
    detail_type: ClassVar[str] = "EntryRefused.v1"

    refusals: list[Refusal]


class Call(Model):
    """A walk (`enrolment_id`) ended where it says that the person begins another journey (`journey`) then."""

    enrolment_id: str
    profile_id: str
    journey: str
    at: Instant


class JourneyCalled(Fact):
    """People whom one journey sends to another."""

    source: ClassVar[str] = "halte.journeys"
    detail_type: ClassVar[str] = "JourneyCalled.v1"

    calls: list[Call]


class MessageRequested(Fact):
    """Messages that journey nodes ask delivery to send. What a walk keeps of events goes with them."""

    source: ClassVar[str] = "halte.journeys"
    detail_type: ClassVar[str] = "MessageRequested.v1"
    personal: ClassVar[bool] = True

    requests: list[MessageRequest]


class ProfileUpdate(Model):
    """Traits that a node of a journey sets. The same request has the same `request_id`, however often it is told."""

    request_id: str
    profile_id: str
    traits: dict[str, str | int | float | bool]
    at: Instant
    journey: str
    version: int
    node: str
    enrolment_id: str


class ProfileUpdateRequested(Fact):
    """What ingest is to know of people, because journeys found it out."""

    source: ClassVar[str] = "halte.journeys"
    detail_type: ClassVar[str] = "ProfileUpdateRequested.v1"
    personal: ClassVar[bool] = True

    updates: list[ProfileUpdate]


class JourneyTask(Task):
    """A task of a node; `kind` is how it is done."""

    kind: Literal["call", "print", "sales"]
    journey: str
    version: int
    node: str
    enrolment_id: str


class JourneyTaskRequested(Fact):
    """Tasks for people that journeys ask for, as `TaskRequested` has those of scoring."""

    source: ClassVar[str] = "halte.journeys"
    detail_type: ClassVar[str] = "JourneyTaskRequested.v1"

    tasks: list[JourneyTask]


class SinkCall(Model):
    """A registered sink is to hear that a person came to a node. `walk` has the facts of the walk. The same call has
    the same `call_id`, however often it is told."""

    call_id: str
    profile_id: str
    sink: str
    at: Instant
    journey: str
    version: int
    node: str
    enrolment_id: str
    walk: dict[str, Any] = {}


class SinkCallRequested(Fact):
    """What ingest is to tell to sinks outside."""

    source: ClassVar[str] = "halte.journeys"
    detail_type: ClassVar[str] = "SinkCallRequested.v1"
    personal: ClassVar[bool] = True

    calls: list[SinkCall]


class Watch(Model):
    """A condition that scoring judges for journeys. While it holds, `name` (begins with `~`) is among a standing's
    segments; `SegmentEntered` and `SegmentExited` tell of it."""

    name: str
    when: dict[str, Any]


class Listener(Model):
    """Events that scoring tells journeys of, as `EventHeard`: of a type and name, passing `where` (see
    docs/conditions.md). `key` is the property that is told as the event's key, `keep` those that are told besides."""

    name: str
    type: Literal["track", "page", "screen"] = "track"
    event: str
    where: dict[str, Any] | None = None
    key: str | None = None
    keep: list[str] = []


class Listening(Model):
    """All that journey `journey` needs to hear for the versions that people walk, at `revision`; the newest counts,
    and none of anything means that nobody walks it any more. `carries` names the traits to be told by
    `TraitsCarried`."""

    journey: str
    revision: int
    at: Instant
    watches: list[Watch] = []
    listeners: list[Listener] = []
    carries: list[str] = []


class JourneyListens(Fact):
    """What journeys must hear of people was decided anew."""

    source: ClassVar[str] = "halte.journeys"
    detail_type: ClassVar[str] = "JourneyListens.v1"

    listening: list[Listening]
