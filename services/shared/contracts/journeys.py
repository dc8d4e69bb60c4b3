"""What journeys publishes."""

from __future__ import annotations

from typing import ClassVar

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
