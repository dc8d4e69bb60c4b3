"""Whose account an id leads to by now."""

from __future__ import annotations

from services.scoring.domain.loyalty.account import Account
from services.scoring.loyalty.ports import Accounts


def holder_of(accounts: Accounts, profile_id: str) -> Account:
    """The account of a profile; of a merged one that of whom it is part of; a new one where there is none. Of an erased
    profile, what remains."""
    seen: set[str] = set()
    while True:
        seen.add(profile_id)
        account = accounts.load([profile_id]).get(profile_id) or Account(profile_id)
        if account.gone is None or account.gone.erased or account.gone.into in seen:
            return account
        profile_id = account.gone.into
