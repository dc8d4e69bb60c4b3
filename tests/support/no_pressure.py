"""Contact pressure that stops nothing: nobody was sent anything, nothing is paused, and no channel has a limit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.delivery.domain.pressure.ledger import Ledger
from services.delivery.domain.pressure.pace import Bucket
from services.delivery.domain.pressure.policy import PressurePolicy
from services.delivery.ports import Ledgers, Stance
from services.delivery.use_cases.pace import Pace
from services.delivery.use_cases.pressure import Pressure


def no_pressure(ledgers: Ledgers | None = None) -> Pressure:
    """For tests of all the rest."""
    ports: Any = _Nothing()
    return Pressure(
        ledgers=ledgers or NoLedgers(),
        pauses=ports,
        pace=Pace(buckets=ports, quotas={}, now=lambda: 0.0, unread=lambda channel, error: None),
        default=PressurePolicy(brake=None),
        sleep=lambda seconds: None,
    )


class NoLedgers:
    """Nobody was sent anything, and nobody showed anything."""

    def get(self, subject: str) -> Ledger:
        return Ledger()

    def keep(self, subject: str, ledger: Ledger, at: datetime) -> bool:
        return True

    def note_active(self, subject: str, at: datetime) -> None:
        return None

    def join(self, loser: str, winner: str, at: datetime) -> None:
        return None


class _Nothing:
    def read(self) -> Stance:
        return Stance()

    def get(self, channel: str) -> tuple[Bucket, int]:
        return Bucket(), 0

    def put(self, channel: str, bucket: Bucket, seen: int) -> bool:
        return True

    def put_circuit(self, *_: object) -> bool:
        return True
