"""What the ledger of loyalty points publishes."""

from __future__ import annotations

from typing import ClassVar

from services.shared.contracts.base import Fact, Instant, Model


class LoyaltyBalance(Model):
    """The points and the tier that a profile has since `at`; of two, the later one counts. `cause` is why they are
    others than before: `earn`, `refund`, `burn`, `adjust`, `referral` (a friend ordered), `welcome` (for the friend),
    `expire`, `tier` (only that changed), `merge` or `recount` (after an un-merge)."""

    profile_id: str
    balance: int
    tier: str = ""
    at: Instant
    cause: str = ""


class LoyaltyBalanceChanged(Fact):
    """Balances or tiers that changed."""

    source: ClassVar[str] = "halte.loyalty"
    detail_type: ClassVar[str] = "LoyaltyBalanceChanged.v1"

    changes: list[LoyaltyBalance]
