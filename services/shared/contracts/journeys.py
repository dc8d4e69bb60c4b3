"""What journeys publishes."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from services.shared.contracts.base import Fact, Instant, Model
from services.shared.contracts.messages import MessageRequest


class Enrolment(Model):
    """One person's walk through one journey version; `accepted_at` is that of the `SegmentMove` that began it."""

    enrolment_id: str
    profile_id: str
    journey: str
    version: int
    at: Instant
    reason: str = ""
    accepted_at: Instant | None = None


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


class MessageRequested(Fact):
    """Messages that journey nodes ask delivery to send."""

    source: ClassVar[str] = "halte.journeys"
    detail_type: ClassVar[str] = "MessageRequested.v1"

    requests: list[MessageRequest]


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
