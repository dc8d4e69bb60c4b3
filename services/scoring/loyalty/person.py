"""What is kept of one person's points, and its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.scoring.loyalty.desk import shown_line
from services.scoring.loyalty.keeping import Keeping
from services.scoring.loyalty.ports import Accounts


class LoyaltyPerson:
    """Answers questions about the accounts of a profile's ids."""

    def __init__(self, accounts: Accounts, keeping: Keeping) -> None:
        self._accounts = accounts
        self._keeping = keeping

    def described(self, profile_ids: Sequence[str]) -> dict[str, Any]:
        """Balance and tier; empty where there is no account."""
        living = [one for one in self._accounts.load(profile_ids).values() if not one.gone]
        newest = max(living, key=lambda one: (len(one.entries), one.profile_id), default=None)
        return {"balance": newest.balance, "tier": newest.tier} if newest else {}

    def exported(self, profile_ids: Sequence[str], at: datetime) -> list[dict[str, Any]]:
        """All that is kept, and what it adds up to."""
        return [
            {
                "profile_id": one.profile_id,
                "balance": one.balance,
                "tier": one.tier,
                "referral_code": one.code,
                "ledger": [shown_line(line) for line in one.ledger(at).lines],
                "entries": [asdict(entry) for entry in one.entries.values()],
            }
            for one in self._accounts.load(profile_ids).values()
            if not one.gone
        ]

    def erase(self, profile_ids: Sequence[str], at: datetime) -> int:
        """Forget it; how many accounts there were."""
        there = sum(not one.gone for one in self._accounts.load(profile_ids).values())
        self._keeping.erase(profile_ids, at)
        return there
