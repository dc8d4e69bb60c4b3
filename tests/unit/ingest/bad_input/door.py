"""The front door with a queue in memory: what it says to a request, and what a consumer then reads."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import Any

from services.ingest.domain.arrival import Arrival
from services.ingest.domain.intake import unpack
from services.ingest.doors.accept import FrontDoor, Request
from services.ingest.doors.known import KnownKeys
from services.shared.clock import FixedClock
from services.shared.errors import HalteError
from tests.unit.ingest.fakes import NOW, FakeMeter, FakeQueue, FakeSources, registered, source

KEY = {"x-write-key": "KEY"}


@dataclass(frozen=True)
class Said:
    """The answer: a refusal's status and code, or 200 with what a consumer reads of the request."""

    status: int
    code: str
    arrivals: list[Arrival]

    @property
    def event(self) -> Any:
        """The one event that was taken, as the consumer gets it."""
        (arrival,) = self.arrivals
        arrival.read()
        return arrival.event


def post(call: str, body: bytes | str, headers: dict[str, str] | None = None) -> Said:
    """Send a body to the door; only expected refusals are answers, any other exception fails the test."""
    queue = FakeQueue()
    numbers = itertools.count(1)
    clock = FixedClock(NOW)
    sources = FakeSources(registered(source(), write="KEY", secret="SECRET"))
    door = FrontDoor(
        keys=KnownKeys(sources, clock),
        meter=FakeMeter(),
        queue=queue,
        clock=clock,
        new_id=lambda prefix: f"{prefix}_{next(numbers)}",
    )
    raw = body.encode() if isinstance(body, str) else body
    try:
        answer = door.accept(Request(call, raw, KEY if headers is None else headers, NOW))
    except HalteError as refusal:
        if queue.bodies or not refusal.message:
            raise AssertionError(
                "a refused request left something behind, or nobody is told why"
            ) from refusal
        return Said(refusal.status, refusal.code, [])
    json.dumps(answer).encode()
    return Said(200, "", [arrival for message in queue.bodies for arrival in unpack(message, NOW)])
