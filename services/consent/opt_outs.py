"""The SMS provider keeps a list of numbers that it refuses to write to. It and the ledger say the same, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from services.consent.domain.contact import reachable
from services.consent.domain.evidence import Evidence
from services.consent.objections import Objections
from services.consent.ports import EvidenceStore, LedgerStore
from services.shared.addresses import address_key
from services.shared.clock import to_iso
from services.shared.contracts.consent import EVERY
from services.shared.errors import Invalid

SMS = "sms"
Mirrored = Literal["blocked", "allowed", "kept", "unknown_number", "unchanged"]


@dataclass(frozen=True)
class OptedOut:
    """A number on the provider's list; `by_person`: its holder texted STOP, else we put it there."""

    number: str
    at: datetime
    by_person: bool


class OptOutList(Protocol):
    """The provider's list; each call may be repeated."""

    def block(self, number: str) -> None:
        """Let the provider refuse the number."""
        ...

    def allow(self, number: str) -> bool:
        """Take the number off; false when the provider keeps it there for now."""
        ...

    def pages(self) -> Iterator[list[OptedOut]]:
        """The whole list."""
        ...


class OptOuts:
    """The use cases. The number of an address key is in its evidence, for as long as there is any."""

    def __init__(
        self,
        *,
        ledger: LedgerStore,
        evidence: EvidenceStore,
        objections: Objections,
        opt_outs: OptOutList,
        address_secret: str,
    ) -> None:
        self._ledger = ledger
        self._evidence = evidence
        self._objections = objections
        self._list = opt_outs
        self._address_secret = address_secret

    def mirror(self, address_key: str) -> Mirrored:
        """Bring the provider's list to what the ledger says of the number now: whoever objected is on it, whoever
        permits anything is not. What ended for one purpose only is none of the provider's business."""
        states = {
            purpose: standing.state
            for (purpose, channel), standing in self._ledger.states(address_key).items()
            if channel == SMS
        }
        permits = "granted" in states.values()
        if not permits and EVERY not in states:
            return "unchanged"
        number = self._number(address_key)
        if not number:
            return "unknown_number"
        if permits:
            return "allowed" if self._list.allow(number) else "kept"
        self._list.block(number)
        return "blocked"

    def heard(self, one: OptedOut) -> int:
        """A number whose holder had the provider stop: all ends, once an opt-out. How many permissions did.

        Raises:
            Busy: too many writers on the address's shard.
        """
        if not one.by_person:
            return 0
        try:
            number = reachable(SMS, one.number)
        except Invalid:
            return 0
        at = to_iso(one.at)
        return self._objections.record(
            address_key(self._address_secret, SMS, number),
            SMS,
            Evidence(number, "", "", "", reason=f"provider's list, {at}"),
            means="provider",
            cause=f"opt-out:{at}",
        )

    def pages(self) -> Iterator[list[OptedOut]]:
        """The provider's whole list."""
        return self._list.pages()

    def _number(self, key: str) -> str:
        entries = [entry.entry_id for entry in self._ledger.history(key) if entry.channel == SMS]
        found = self._evidence.get(entries)
        return next((one.evidence.address for one in found.values() if one.evidence.address), "")
