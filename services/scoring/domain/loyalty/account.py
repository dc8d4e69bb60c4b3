"""The account of a profile: what was done, what that adds up to, and what becomes of it when profiles become one or
part again.

What customer events say is told again then, by ingest; what was done by hand travels with the person, under the profile
it was done for (`home`), so that it goes back with that profile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from services.scoring.domain.loyalty.book import EXPIRE, Ledger, ledger_of
from services.scoring.domain.loyalty.entries import (
    ACTS,
    REFERRED,
    REFUSED,
    REWARD,
    WELCOME,
    Entry,
    EntryKey,
    instant,
    joined,
    milliseconds,
    stands_for,
)
from services.scoring.domain.loyalty.programme import Programme
from services.scoring.domain.standing import Gone
from services.shared.contracts.ingest import Merge, ProfileChange

MOST_ENTRIES = 3_000
"""Things that one account keeps: they fit into an item. Who has so many earns no more."""

TIER, MERGE, RECOUNT = "tier", "merge", "recount"
"""Why a balance or a tier changed, besides the kinds of entries."""

_TICK = timedelta(milliseconds=1)


class Full(Exception):
    """The account holds all that an account may hold."""


@dataclass(frozen=True)
class Account:
    """The state after write `version`. `since` and `gone` as of a standing; `absorbed` are the profiles that were
    merged into this one. `balance`, `tier` and `cause` are what was told at `told_at`; `due_at` is when time alone
    changes them. `code` is what the person recommends us by."""

    profile_id: str
    version: int = 0
    entries: Mapping[EntryKey, Entry] = field(default_factory=dict)
    since: int = 0
    since_at: datetime | None = None
    gone: Gone | None = None
    absorbed: frozenset[str] = frozenset()
    code: str = ""
    balance: int = 0
    tier: str = ""
    cause: str = ""
    told_at: datetime | None = None
    due_at: datetime | None = None

    def ledger(self, now: datetime) -> Ledger:
        """What it all adds up to."""
        return ledger_of(self.entries.values(), milliseconds(now), self._own)

    @cached_property
    def _own(self) -> frozenset[str]:
        return frozenset(stands_for(one) for one in (self.profile_id, *self.absorbed))

    @property
    def codes(self) -> list[Entry]:
        """The codes that the person came with, the first one first."""
        codes = [entry for entry in self.entries.values() if entry.kind == REFERRED]
        return sorted(codes, key=lambda entry: entry.place)

    @property
    def is_rewarded(self) -> bool:
        """Was it decided whether somebody is rewarded for bringing this person? That is once, for ever."""
        causes = (WELCOME, REFUSED)
        return any(entry.kind == REWARD and entry.cause in causes for entry in self.entries.values())

    def ignores(self, change: ProfileChange) -> bool:
        """Does a change say nothing to this account: of a telling that is over, or of a profile that is gone?"""
        return change.since < self.since or (self.gone is not None and not self.takes_back(change))

    def takes_back(self, change: ProfileChange) -> bool:
        """Does a change come from an un-merge after the merge, and is it not just late?"""
        gone = self.gone
        return gone is not None and not gone.erased and change.since > self.since and change.at > gone.at


def kept(account: Account, entries: Iterable[Entry]) -> Account:
    """With more entries; the account itself when it has them all.

    Raises:
        Full: an act finds no room; earnings without room are left out.
    """
    more = joined(account.entries.values(), entries)
    if more == account.entries:
        return account
    if len(more) > MOST_ENTRIES:
        if any(key not in account.entries and entry.kind in ACTS for key, entry in more.items()):
            raise Full(account.profile_id)
        return account
    return replace(account, entries=more)


def started_over(account: Account, since: int, at: datetime) -> Account:
    """Without what events said, which is told anew from version `since` on, as was known at `at`."""
    acts = {key: entry for key, entry in account.entries.items() if entry.kind in ACTS}
    return replace(account, entries=acts, since=since, since_at=at, gone=None)


def given_back(account: Account, holder: Account) -> tuple[Account, Account]:
    """A profile that is itself again, with what was done for it, and who held that; both are to be told anew."""
    homes = {account.profile_id, *account.absorbed}
    back = {key: entry for key, entry in holder.entries.items() if entry.kind in ACTS and entry.home in homes}
    rest = {key: entry for key, entry in holder.entries.items() if key not in back}
    return (
        replace(account, entries=back, gone=None),
        replace(
            holder,
            entries=rest,
            absorbed=holder.absorbed - homes,
            code="" if holder.code == account.code else holder.code,
        ),
    )


def lets_go(account: Account, merged: Merge) -> bool:
    """Does a merge end the account, and is it neither known nor undone since?"""
    if account.gone and (account.gone.erased or account.gone.at >= merged.at):
        return False
    return not (account.since_at and account.since_at >= merged.at)


def became_part(loser: Account, winner: Account, merged: Merge) -> tuple[Account, Account]:
    """What remains of the loser of a merge, and the winner with all that it had."""
    absorbed = winner.absorbed | loser.absorbed | {loser.profile_id}
    entries = _bounded(joined(winner.entries.values(), loser.entries.values()))
    both = replace(winner, entries=entries, absorbed=absorbed, code=winner.code or loser.code)
    return emptied(loser, Gone(merged.winner, merged.at)), both


def emptied(account: Account, gone: Gone) -> Account:
    """What remains of an account: of an erased one, that it was."""
    left = Account(
        account.profile_id, account.version, since=account.since, since_at=account.since_at, gone=gone
    )
    return left if gone.erased else replace(left, absorbed=account.absorbed, code=account.code)


def settled(account: Account, programme: Programme | None, now: datetime, cause: str) -> Account:
    """The account with what it comes to at `now`, told when that is another balance or tier than before, because of
    `cause`, and due when time alone changes it."""
    if account.gone:
        return account
    ledger = account.ledger(now)
    tiers = programme.tiers if programme else None
    ends = [] if ledger.expires_at is None else [ledger.expires_at]
    tier = ""
    if tiers:
        start = milliseconds(now - tiers.length)
        tier = tiers.of(ledger.earned_since(start))
        if tier:
            length = tiers.length // _TICK
            ends += [when + length for when, points in ledger.earned if when > start and points]
    due = instant(min(ends)) if ends else None
    after = replace(account, due_at=due)
    # Whoever is back is told in any case: what others have is of before the merge.
    is_back = cause == RECOUNT and account.told_at is None
    if (ledger.balance, tier) == (account.balance, account.tier) and not is_back:
        return after
    told_at = max(now, account.told_at + _TICK) if account.told_at else now
    why = TIER if ledger.balance == account.balance and not is_back else cause
    return replace(after, balance=ledger.balance, tier=tier, cause=why, told_at=told_at)


def _bounded(entries: dict[EntryKey, Entry]) -> dict[EntryKey, Entry]:
    """As many as an account may hold: what was done by hand, and the newest of the rest."""
    if len(entries) <= MOST_ENTRIES:
        return entries
    ranked = sorted(entries.items(), key=lambda row: (row[1].kind in ACTS, row[1].place), reverse=True)
    return dict(ranked[:MOST_ENTRIES])


def cause_of(before: Collection[EntryKey], after: Mapping[EntryKey, Entry]) -> str:
    """Why an account changed that has entries it had not: the kind of the newest of them that is about points."""
    new = [entry for key, entry in after.items() if key not in before and entry.kind != REFERRED]
    return max(new, key=lambda entry: entry.place).kind if new else EXPIRE
