"""Contact pressure that stops nothing: nobody was sent anything, nothing is paused, and no channel has a limit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.delivery.domain.pressure.ledger import Ledger
from services.delivery.domain.pressure.pace import Bucket
from services.delivery.domain.pressure.policy import InForce, PressurePolicy
from services.delivery.ports.pressure import Ledgers, Stance
from services.delivery.use_cases.pace import Pace
from services.delivery.use_cases.pressure import Pressure


def no_pressure(ledgers: Ledgers | None = None) -> Pressure:
    """For tests of all the rest."""
    return pressure_by(InForce(PressurePolicy(brake=None)), ledgers or NoLedgers())


def pressure_by(in_force: InForce, ledgers: Ledgers) -> Pressure:
    """What a policy does without brakes, where nothing is paused and no channel has a limit."""
    ports: Any = _Nothing(in_force)
    return Pressure(
        ledgers=ledgers,
        pauses=ports,
        pace=Pace(buckets=ports, quotas={}, now=lambda: 0.0, unread=lambda channel, error: None),
        default=in_force.policy,
        sleep=lambda seconds: None,
    )


class NoLedgers:
    """Nobody was sent anything, and nobody showed anything."""

    def get(self, subject: str) -> Ledger:
        return Ledger()

    def keep(self, subject: str, ledger: Ledger) -> bool:
        return True

    def note_active(self, subject: str, at: datetime) -> None:
        return None

    def join(self, loser: str, winner: str) -> None:
        return None


class _Nothing:
    def __init__(self, in_force: InForce) -> None:
        self._stance = Stance(in_force)

    def read(self) -> Stance:
        return self._stance

    def get(self, channel: str) -> tuple[Bucket, int]:
        return Bucket(), 0

    def put(self, channel: str, bucket: Bucket, seen: int) -> bool:
        return True

    def put_circuit(self, *_: object) -> bool:
        return True
