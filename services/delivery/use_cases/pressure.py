"""Contact pressure around its ports: the policy in force, a person's ledger, and what waits there."""

from __future__ import annotations

from datetime import datetime

from services.delivery.domain.choice import Choice, Skip
from services.delivery.domain.contact import Contact
from services.delivery.domain.message import Message
from services.delivery.domain.pressure.gate import weigh
from services.delivery.domain.pressure.ledger import Ledger, bid_of
from services.delivery.domain.pressure.policy import InForce, PressurePolicy
from services.delivery.domain.wishes import Held
from services.delivery.ports import Ledgers, Policies

TRIES = 20
"""Times that a person's ledger is read anew because other messages of theirs came between."""


class Crowded(Exception):
    """Others changed a person's ledger faster, every time."""


class Pressure:
    """Weighs messages by the policy as it was at the last `refresh`."""

    def __init__(self, *, ledgers: Ledgers, policies: Policies, default: PressurePolicy) -> None:
        self._ledgers = ledgers
        self._policies = policies
        self._default = InForce(default)
        self._in_force = self._default

    def refresh(self) -> None:
        """Read the policy in force: once for a batch."""
        self._in_force = self._policies.current() or self._default

    def weigh(
        self, message: Message, choice: Choice, contact: Contact | None, now: datetime
    ) -> tuple[Choice | Skip | Held, Ledger]:
        """The verdict, and the ledger it was passed by: a claim holds only while that stands."""
        ledger = self._ledgers.get(message.profile_id or choice.standing.address_key)
        return weigh(self._in_force, message, choice, ledger, contact, now), ledger

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
            if noted == ledger or self._ledgers.keep(subject, noted, now):
                return
        raise Crowded(f"the ledger of {message.send_id} keeps changing")
