"""What forwarding to sinks needs of the world."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.ingest.domain.asked import Asked
from services.ingest.domain.circuit import Answer, Health
from services.ingest.domain.sinks import Delivery, Sink


class Sinks(Protocol):
    """The registry, with how each sink is doing."""

    def get(self, sink_id: str) -> Sink | None: ...

    def put(self, sink: Sink) -> bool:
        """Write a sink whose revision is one above the stored one (1: there is none); false when it is not."""
        ...

    def remove(self, sink_id: str) -> bool:
        """Forget it; false when there was none."""
        ...

    def health(self, sink_id: str) -> tuple[Health, int]:
        """How it is doing, and the revision that the next note must name."""
        ...

    def overview(self) -> tuple[dict[str, Sink], dict[str, Health]]:
        """Every sink, and how each is doing whose health was ever noted; removed ones too, until `forget_health`."""
        ...

    def note(self, sink_id: str, health: Health, revision: int) -> bool:
        """Replace `revision`; false when somebody else did."""
        ...

    def forget_health(self, sink_id: str) -> None: ...


class AskedFor(Protocol):
    """What is asked for of events that only say that a message arrived."""

    def asked(self) -> Asked:
        """By scoring and by sinks."""
        ...

    def ask(self, names: Collection[str], order: int) -> None:
        """What scoring asks for by now, unless it told a higher order already."""
        ...


@dataclass(frozen=True)
class Told:
    """What a sink was last told of the traits it watches: a keyed digest, as of a version of the traits."""

    version: int
    digest: str


class Forwarding(Protocol):
    """What is kept between changes: what was told, and what waits for a paused sink. All of it under the profile it
    is about, so that it can be forgotten."""

    def told(self, sinks: Iterable[str], profiles: Iterable[str]) -> Mapping[tuple[str, str], Told]:
        """By sink and profile."""
        ...

    def tell(self, sink_id: str, profile_id: str, told: Told) -> None:
        """Remember it, unless something newer is remembered."""
        ...

    def erased(self, profiles: Iterable[str]) -> set[str]:
        """Those of `profiles` that were erased a short while ago."""
        ...

    def erase(self, profiles: Iterable[str], now: datetime) -> int:
        """Forget all that is kept about them, and remember only that they were erased; how much that was."""
        ...

    def park(self, delivery: Delivery, now: datetime) -> None:
        """Keep a delivery for a sink that does not answer."""
        ...

    def parked(self, sink_id: str, now: datetime) -> Iterator[Delivery]:
        """What waits for a sink, and has not waited too long, oldest first."""
        ...

    def unpark(self, delivery: Delivery) -> None:
        """It waits no longer."""
        ...


class DeliveryQueue(Protocol):
    """Where deliveries wait for their tries."""

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """Durably, or an exception."""
        ...


class Sender(Protocol):
    """One attempt; an expected failure is an answer, never an exception."""

    def send(self, sink: Sink, delivery: Delivery) -> Answer: ...
