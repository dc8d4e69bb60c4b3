"""Contact pressure around its ports: what holds for everybody, a person's ledger, and what waits there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from services.delivery.domain.choice import Choice, Skip
from services.delivery.domain.contact import Contact
from services.delivery.domain.message import Message
from services.delivery.domain.pressure.gate import weigh
from services.delivery.domain.pressure.ledger import Ledger, bid_of
from services.delivery.domain.pressure.pauses import (
    BRAKE,
    CANARY,
    CANARY_AGAIN,
    CIRCUIT,
    GUARD,
    LOOK_AGAIN,
    PACE,
    PAUSING,
    TOO_FAST,
    Circuit,
    brake_of,
    guard_of,
    tripped,
)
from services.delivery.domain.pressure.policy import InForce, PressurePolicy
from services.delivery.domain.protocol import Answer, Refused, Retry, Sent
from services.delivery.domain.wishes import Held
from services.delivery.ports.pressure import Ledgers, Pauses, Stance
from services.delivery.use_cases.pace import Pace
from services.shared.channels import Channel
from services.shared.clock import to_iso

TRIES = 20
"""Times that a person's ledger is read anew because other messages of theirs came between."""

PATIENCE = 1.5
"""Seconds that a worker waits for the channel's pace, before it puts the message off."""

PUT_OFF = timedelta(minutes=1)


class Crowded(Exception):
    """Others changed a person's ledger faster, every time."""


class Pressure:
    """Weighs messages by what held at the last `refresh`."""

    def __init__(
        self,
        *,
        ledgers: Ledgers,
        pauses: Pauses,
        pace: Pace,
        default: PressurePolicy,
        sleep: Callable[[float], None],
    ) -> None:
        self._ledgers = ledgers
        self._pauses = pauses
        self._pace = pace
        self._default = InForce(default)
        self._sleep = sleep
        self._stance = Stance()

    @property
    def _in_force(self) -> InForce:
        return self._stance.in_force or self._default

    def refresh(self) -> None:
        """Read what holds for everybody: once for a batch."""
        self._stance = self._pauses.read()

    def ledger(self, subject: str) -> Ledger:
        """The person's, as it stands now."""
        return self._ledgers.get(subject)

    def weigh(
        self, message: Message, choice: Choice, ledger: Ledger, contact: Contact | None, now: datetime
    ) -> Choice | Skip | Held:
        """The verdict by a ledger: a claim holds only while that stands."""
        return self._stopped(message, choice, now) or weigh(
            self._in_force, message, choice, ledger, contact, now
        )

    def outdated(self, message: Message) -> str:
        """The moment the tables came back from a backup, if the message was asked for before: whether it left is not
        known any more. Else empty."""
        restored_at = self._stance.restored_at
        return restored_at if message.requested_at < restored_at else ""

    def inactive(self, message: Message, ledger: Ledger, now: datetime) -> bool:
        """Is the message for somebody who has shown nothing for long, though they were written to?"""
        guard = self._in_force.policy.guard
        return bool(
            guard and message.is_commercial and ledger.inactive(now, timedelta(days=guard.inactive_days))
        )

    def admit(self, message: Message, choice: Choice, units: int, now: datetime) -> Held | None:
        """The last question before a claim, of a message of so many units that everything else lets go: has its
        journey's canary room, the provider, and the pace? It may wait a moment for that."""
        if held := self._probe(choice, now) or self._paced(message, choice, units, now):
            return held
        brake = self._in_force.policy.brake
        if brake and message.is_commercial and message.journey:
            name = brake_of(message.journey, choice.channel)
            if name not in self._stance.pauses and not self._pauses.ticket(name, brake.canary, now):
                return _held(choice, CANARY, f"the first {brake.canary} are out", now + CANARY_AGAIN)
        return None

    def learn(self, channel: str, answer: Answer, now: datetime) -> None:
        """What a provider's answer means for the messages after this one."""
        if isinstance(answer, Retry) and answer.reason in PAUSING:
            before = self._stance.circuits.get(channel)
            opened = tripped(before, answer.reason, now, to_iso(now))
            if before is None or before.until <= now:
                self._pauses.put_circuit(channel, opened, before)
            self._note_circuit(channel, opened)
        elif isinstance(answer, Retry) and answer.reason in TOO_FAST:
            self._pace.too_fast(channel)
        elif isinstance(answer, Sent | Refused) and channel in self._stance.circuits:
            self._pauses.close_circuit(channel)
            self._note_circuit(channel, None)

    def note(self, message: Message, subject: str, verdict: Skip | Held, now: datetime) -> None:
        """Let the person's other messages know that this one waits, or does not wait any more.

        Raises:
            Crowded: it could not be written down.
        """
        if not message.is_commercial or not subject:
            return
        bid = bid_of(message, verdict.channel)
        for _ in range(TRIES):
            ledger = self._ledgers.get(subject)
            noted = ledger.without(bid.send)
            if isinstance(verdict, Held):
                noted = ledger.waiting(bid, verdict.until, now)
            if noted == ledger or self._ledgers.keep(subject, noted):
                return
        raise Crowded(f"the ledger of {message.send_id} keeps changing")

    def _stopped(self, message: Message, choice: Choice, now: datetime) -> Held | None:
        circuit = self._stance.circuits.get(choice.channel)
        if circuit and now < circuit.until:
            return _held(choice, CIRCUIT, circuit.reason, circuit.until)
        if not message.is_commercial:
            return None
        policy = self._in_force.policy
        names = [(GUARD, guard_of(choice.channel))] if policy.guard else []
        if policy.brake and message.journey:
            names.append((BRAKE, brake_of(message.journey, choice.channel)))
        for gate, name in names:
            pause = self._stance.pauses.get(name)
            if pause and pause.state == "stopped":
                return _held(choice, gate, f"{pause.reason} since {pause.at}", now + LOOK_AGAIN)
        return None

    def _paced(self, message: Message, choice: Choice, units: int, now: datetime) -> Held | None:
        rule = self._in_force.policy.pace.get(cast("Channel", choice.channel))
        wait = self._pace.take(choice.channel, rule, commercial=message.is_commercial, units=units)
        if 0 < wait <= PATIENCE:
            self._sleep(wait)
            wait = self._pace.take(choice.channel, rule, commercial=message.is_commercial, units=units)
        if not wait:
            return None
        if paused := self._pace.paused(choice.channel):
            return self._shut(choice, paused, now)
        until = now + max(PUT_OFF, timedelta(seconds=wait))
        return _held(choice, PACE, f"room in {wait:.1f} seconds", until)

    def _shut(self, choice: Choice, reason: str, now: datetime) -> Held:
        """The account itself says that nothing leaves: the circuit opens without an attempt."""
        circuit = self._stance.circuits.get(choice.channel)
        if circuit is None or circuit.until <= now:
            before, circuit = circuit, tripped(circuit, reason, now, to_iso(now))
            self._pauses.put_circuit(choice.channel, circuit, before)
            self._note_circuit(choice.channel, circuit)
        return _held(choice, CIRCUIT, reason, circuit.until)

    def _probe(self, choice: Choice, now: datetime) -> Held | None:
        """A circuit that was open long enough is tried with one message: whoever moves its time on sends that."""
        circuit = self._stance.circuits.get(choice.channel)
        if circuit is None:
            return None
        longer = tripped(circuit, circuit.reason, now, circuit.since)
        if self._pauses.put_circuit(choice.channel, longer, circuit):
            self._note_circuit(choice.channel, longer)
            return None
        return _held(choice, CIRCUIT, circuit.reason, longer.until)

    def _note_circuit(self, channel: str, circuit: Circuit | None) -> None:
        others = {name: one for name, one in self._stance.circuits.items() if name != channel}
        circuits = others if circuit is None else {**others, channel: circuit}
        self._stance = replace(self._stance, circuits=circuits)


def _held(choice: Choice, gate: str, seen: str, until: datetime) -> Held:
    record = {"gate": gate, "channel": choice.channel, "input": seen, "verdict": "stop"}
    return Held(gate, until, choice.channel, (*choice.gates, record))
