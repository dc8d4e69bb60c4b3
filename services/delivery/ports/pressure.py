"""What people were sent and what waits, and the brakes on all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.delivery.domain.pressure.ledger import Ledger
from services.delivery.domain.pressure.pace import Bucket
from services.delivery.domain.pressure.pauses import Circuit, Pause, Shares
from services.delivery.domain.pressure.policy import Calendar, InForce, PressurePolicy


class Ledgers(Protocol):
    """What each person (a profile, or an address key) was sent lately, and what waits for them."""

    def get(self, subject: str) -> Ledger:
        """As it stands now."""
        ...

    def keep(self, subject: str, ledger: Ledger) -> bool:
        """Write it, unless it is not at its revision any more (`False`)."""
        ...

    def note_active(self, subject: str, at: datetime) -> None:
        """The person opened or clicked something; told again, or older than what is known, it counts for nothing."""
        ...

    def join(self, loser: str, winner: str) -> None:
        """Let what `loser` was sent count for `winner`, once; it stays a message of the loser's."""
        ...


class Policies(Protocol):
    """The pressure policy."""

    def current(self) -> InForce | None:
        """The one in force; `None`: nobody gave one."""
        ...

    def put(self, policy: PressurePolicy, calendar: Calendar, seen: int, at: datetime) -> None:
        """Keep a new version after version `seen`.

        Raises:
            Conflict: that is not the newest.
        """
        ...

    def put_calendar(self, calendar: Calendar, seen: int) -> None:
        """Replace the calendar of version `seen`."""
        ...


@dataclass(frozen=True)
class Stance:
    """What holds for every message: the policy (`None`: nobody gave one), the open circuits by channel, the brakes and
    guards by name, and when the tables came back from a backup (empty: never)."""

    in_force: InForce | None = None
    circuits: Mapping[str, Circuit] = field(default_factory=dict)
    pauses: Mapping[str, Pause] = field(default_factory=dict)
    restored_at: str = ""


class Pauses(Protocol):
    """Brakes, guards and circuits; and the tickets of canaries."""

    def read(self) -> Stance:
        """All that holds now."""
        ...

    def put(self, pause: Pause, seen: Pause | None) -> bool:
        """Keep how a brake or guard stands; `False`: it is not as it was seen."""
        ...

    def put_circuit(self, channel: str, circuit: Circuit, seen: Circuit | None) -> bool:
        """Open a circuit, or leave it open longer; `False`: it is not as it was seen."""
        ...

    def close_circuit(self, channel: str) -> None:
        """The provider takes messages again."""
        ...

    def put_restored(self, at: datetime) -> None:
        """Note that the tables came back from a backup."""
        ...

    def ticket(self, name: str, most: int, at: datetime) -> bool:
        """Let one more message go with the canary, at most `most` of all; `False`: it is full."""
        ...

    def full_since(self, name: str, most: int) -> datetime | None:
        """When the canary's last ticket was taken; `None`: there are more."""
        ...


class Tallies(Protocol):
    """What was sent and what came of it, exactly."""

    def by_journey(self) -> Mapping[tuple[str, str], Shares]:
        """Of each journey and channel, ever."""
        ...

    def of_day(self, day: str) -> Mapping[str, Shares]:
        """Of each channel on a day (UTC)."""
        ...


class Buckets(Protocol):
    """The allowances of channels."""

    def get(self, channel: str) -> tuple[Bucket, int]:
        """A channel's, with its revision."""
        ...

    def put(self, channel: str, bucket: Bucket, seen: int) -> bool:
        """Write it, unless it is not at that revision any more (`False`)."""
        ...
