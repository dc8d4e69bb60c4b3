"""Wallet passes: what they are to show, and their issuer being told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.delivery.domain.channel_terms import NO_RECEIVER
from services.delivery.domain.contact import Gone
from services.delivery.domain.protocol import Refused, Sent
from services.delivery.domain.work import Pass
from services.delivery.ports.people import Gates
from services.delivery.ports.work import Receiver, Work
from services.shared.clock import Clock, to_iso
from services.shared.contracts.delivery import PassUpdate
from services.shared.contracts.loyalty import LoyaltyBalance
from services.shared.errors import Invalid, NotFound

WALLET = "wallet"


class NotTold(Exception):
    """The issuer did not say yes; the queue brings the update again, and parks it in the end."""


class Wallet:
    """Balances in, updates out; only the newest of a profile counts."""

    def __init__(self, *, work: Work, gates: Gates, clock: Clock) -> None:
        self._work = work
        self._gates = gates
        self._clock = clock

    def balances(self, changes: Sequence[LoyaltyBalance]) -> int:
        """Keep newer balances, of whoever was not erased; how many were."""
        known = self._gates.reach(one.profile_id for one in changes)
        passes = (
            Pass(profile_id=one.profile_id, at=to_iso(one.at), balance=one.balance, tier=one.tier)
            for one in changes
            if not isinstance(known.get(one.profile_id), Gone)
        )
        return sum(self._work.show(one) for one in passes)

    def issue(self, profile_id: object) -> dict[str, Any]:
        """Ask for a pass for a profile, with the balance that is known.

        Raises:
            Invalid: no profile is named.
            NotFound: nobody is known by it.
        """
        if not isinstance(profile_id, str) or not 0 < len(profile_id) <= 100:
            raise Invalid("invalid", "profile_id is required")
        contact = self._gates.reach([profile_id]).get(profile_id)
        if contact is None or isinstance(contact, Gone):
            raise NotFound("not_found", "no such profile")
        known = self._work.shown(profile_id)
        balance, tier = (known.balance, known.tier) if known else (0, "")
        at = to_iso(self._clock.now())
        new = Pass(profile_id=profile_id, at=at, kind="issue", balance=balance, tier=tier)
        return {"profile_id": profile_id, "requested": self._work.show(new)}


class TellIssuer:
    """Carries updates to the issuer of passes."""

    def __init__(self, *, work: Work, receiver: Receiver) -> None:
        self._work = work
        self._receiver = receiver

    def tell(self, update: PassUpdate) -> str:
        """One update: `told`, `nobody_listens`, or `overtaken` where the pass is to show something newer by now.

        Raises:
            NotTold: the issuer did not say yes; the id of a repetition is the same.
        """
        if update.kind == "balance":
            shown = self._work.shown(update.profile_id)
            if shown is None or shown.at != to_iso(update.at):
                return "overtaken"
        said = update.model_dump(mode="json", exclude={"kind", "update_id"})
        answer = self._receiver.tell(WALLET, update.update_id, {"type": update.kind, **said})
        if isinstance(answer, Sent):
            return "told"
        if answer == Refused(NO_RECEIVER):
            return "nobody_listens"
        raise NotTold(answer.reason)
