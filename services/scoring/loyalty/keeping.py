"""Keeps accounts: by what customer events say, by merges and un-merges, by time, and by erasure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from services.scoring.domain.loyalty.account import (
    MERGE,
    RECOUNT,
    Account,
    became_part,
    cause_of,
    emptied,
    given_back,
    kept,
    lets_go,
    settled,
    started_over,
)
from services.scoring.domain.loyalty.book import EXPIRE
from services.scoring.domain.loyalty.earning import entries_of, orders_in
from services.scoring.domain.loyalty.programme import Programmes
from services.scoring.domain.standing import Gone
from services.scoring.loyalty.holders import holder_of
from services.scoring.loyalty.ports import Accounts, Contended, ProgrammeStore
from services.scoring.loyalty.referring import Referring
from services.shared.aws.parallel import each
from services.shared.clock import Clock
from services.shared.contracts.ingest import Merge, ProfileChange

ATTEMPTS = 5
PAGE = 100


@dataclass(frozen=True)
class Kept:
    """Accounts written, and why profiles failed."""

    written: int
    failed: Mapping[str, Exception]


class Keeping:
    """The use cases of the reactor, the sweep and the person function."""

    def __init__(
        self, accounts: Accounts, programmes: ProgrammeStore, clock: Clock, referring: Referring | None = None
    ) -> None:
        self._accounts = accounts
        self._programmes = programmes
        self._clock = clock
        self._referring = referring

    def take_in(self, changes: Iterable[ProfileChange]) -> Kept:
        """Keep what `changes` say of points, each once however often it comes. Of who earns none nothing is read."""
        programmes = self._programmes.load()
        if not programmes.revision:
            return Kept(0, {})
        by_profile: dict[str, list[ProfileChange]] = {}
        for change in changes:
            by_profile.setdefault(change.profile_id, []).append(change)
        concerned = {p: told for p, told in by_profile.items() if _concern(told, programmes)}
        loaded = self._accounts.load(concerned)

        def take_in(profile_id: str) -> int:
            account = loaded.get(profile_id) or Account(profile_id)
            return self._take_in(account, concerned[profile_id], programmes)

        return _kept(concerned, each(take_in, concerned))

    def merge(self, merges: Iterable[Merge]) -> Kept:
        """Let accounts of profiles that are part of others now go over to these."""
        newest = {one.loser: one for one in sorted(merges, key=lambda one: one.at)}
        programmes = self._programmes.load() if newest else Programmes()
        if not programmes.revision:
            return Kept(0, {})

        def merge(one: Merge) -> int:
            return self._merge(one, programmes)

        # One after the other: many may go over to one.
        return _kept(newest, [done for one in newest.values() for done in each(merge, [one])])

    def sweep(self, has_time: Callable[[], bool]) -> Kept:
        """Settle accounts that time alone has changed, while `has_time()`."""
        programmes = self._programmes.load()
        done = Kept(0, {})
        if not programmes.revision:
            return done
        due = self._accounts.due(self._clock.now())
        while has_time() and (page := list(dict.fromkeys(islice(due, PAGE)))):
            swept = _kept(page, each(lambda profile_id: self._let_time_pass(profile_id, programmes), page))
            done = Kept(done.written + swept.written, {**done.failed, **swept.failed})
        return done

    def erase(self, profile_ids: Iterable[str], at: datetime) -> int:
        """Forget accounts for good, with their codes; how many there were.

        Raises:
            Contended: other writers were first each time; what is forgotten stays so.
        """
        ids = list(dict.fromkeys(profile_ids))
        if not ids or not self._programmes.load().revision:
            return 0

        def erased(account: Account) -> tuple[Sequence[Account], Sequence[str]]:
            if account.gone and account.gone.erased:
                return (), ()
            return (emptied(account, Gone("", at)),), [account.code] if account.code else ()

        return sum(self._rewrite(profile_id, erased) for profile_id in ids)

    def _take_in(self, loaded: Account, changes: Sequence[ProfileChange], programmes: Programmes) -> int:
        now, known = self._clock.now(), loaded

        def taken(account: Account) -> tuple[Sequence[Account], Sequence[str]]:
            nonlocal known
            known = account
            told = [change for change in changes if not account.ignores(change)]
            if not told:
                return (), ()
            newest = max(told, key=lambda change: (change.since, change.at))
            after, beside, cause = account, list[Account](), ""
            if newest.since > account.since:
                cause = RECOUNT
                if account.gone:
                    after, beside = self._taken_back(account, programmes, now)
                after = started_over(after, newest.since, newest.at)
            current = (change for change in told if change.since >= after.since)
            after = kept(after, entries_of(programmes, (e for change in current for e in change.events)))
            if after is account:
                return (), ()
            why = cause or cause_of(account.entries.keys(), after.entries)
            known = settled(after, programmes.at(now), now, why)
            return [known, *beside], ()

        written = self._rewrite(loaded.profile_id, taken, loaded)
        if self._referring and known.codes and not known.is_rewarded:
            written += self._referring.look_at(loaded.profile_id, changes, programmes)
        return written

    def _taken_back(
        self, account: Account, programmes: Programmes, now: datetime
    ) -> tuple[Account, list[Account]]:
        """What was done for a profile comes back from whoever holds it."""
        holder = holder_of(self._accounts, account.profile_id)
        if holder.profile_id == account.profile_id or holder.gone:
            return account, []
        own, rest = given_back(account, holder)
        return own, [settled(rest, programmes.at(now), now, RECOUNT)]

    def _merge(self, merged: Merge, programmes: Programmes) -> int:
        now = self._clock.now()

        def gone(loser: Account) -> tuple[Sequence[Account], Sequence[str]]:
            if not lets_go(loser, merged):
                return (), ()
            winner = holder_of(self._accounts, merged.winner)
            if winner.profile_id == loser.profile_id:
                return (), ()
            if winner.gone or not (winner.version or loser.entries or loser.code):
                return (emptied(loser, Gone(merged.winner, merged.at)),), ()
            left, both = became_part(loser, winner, merged)
            return (left, settled(both, programmes.at(now), now, MERGE)), ()

        return self._rewrite(merged.loser, gone)

    def _let_time_pass(self, profile_id: str, programmes: Programmes) -> int:
        now = self._clock.now()

        def passed(account: Account) -> tuple[Sequence[Account], Sequence[str]]:
            if account.gone or account.due_at is None or account.due_at > now:
                return (), ()
            return (settled(account, programmes.at(now), now, EXPIRE),), ()

        return self._rewrite(profile_id, passed)

    def _rewrite(
        self,
        profile_id: str,
        make: Callable[[Account], tuple[Sequence[Account], Sequence[str]]],
        loaded: Account | None = None,
    ) -> int:
        """Write what `make` makes of an account (as it was `loaded`), anew from what stands when others were faster."""
        for _ in range(ATTEMPTS):
            account = loaded or self._accounts.load([profile_id]).get(profile_id) or Account(profile_id)
            loaded = None
            accounts, codes = make(account)
            if not accounts:
                return 0
            if self._accounts.save(
                [replace(one, version=one.version + 1) for one in accounts], dropped_codes=codes
            ):
                return 1
        raise Contended(profile_id)


def _concern(changes: Sequence[ProfileChange], programmes: Programmes) -> bool:
    """Do changes say anything of points, or tell a history anew?"""
    if any(change.since for change in changes):
        return True
    events = [event for change in changes for event in change.events]
    return next(entries_of(programmes, events), None) is not None or (
        any(one.referral for one in programmes.revisions) and orders_in(events)
    )


def _kept(profile_ids: Iterable[str], results: Iterable[int | Exception]) -> Kept:
    """A profile that failed holds up no neighbours; it is retried with its message."""
    pairs = list(zip(profile_ids, results, strict=True))
    failed = {profile_id: result for profile_id, result in pairs if isinstance(result, Exception)}
    return Kept(sum(result for _, result in pairs if isinstance(result, int)), failed)
