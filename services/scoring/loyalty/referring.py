"""Rewards for recommending: at the friend's first order, once for ever, and never for recommending oneself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.scoring.domain.loyalty.account import Account, kept, settled
from services.scoring.domain.loyalty.entries import (
    RECOMMENDED,
    REWARD,
    WELCOME,
    Entry,
    milliseconds,
    stands_for,
)
from services.scoring.domain.loyalty.programme import Programmes
from services.scoring.loyalty.holders import holder_of
from services.scoring.loyalty.ports import Accounts, Contended, FirstOrders, TraitsOf
from services.shared.addresses import normalise_address
from services.shared.clock import Clock
from services.shared.contracts.ingest import ProfileChange

ATTEMPTS = 12
"""More than there are writers at once: many friends may come with one code."""

_ADDRESSES = {"email": "email", "phone": "sms"}
"""Traits that are an address, and its channel."""


class NotKnownYet(Exception):
    """Who recommended can't be looked at now; the message comes again."""


class Referring:
    """Looks whether somebody was brought by a friend."""

    def __init__(self, accounts: Accounts, orders: FirstOrders, traits: TraitsOf, clock: Clock) -> None:
        self._accounts = accounts
        self._orders = orders
        self._traits = traits
        self._clock = clock

    def look_at(self, profile_id: str, changes: Sequence[ProfileChange], programmes: Programmes) -> int:
        """Reward who recommended the person, if this is the one time to do so; the accounts written.

        Raises:
            NotKnownYet: see there.
            Contended: other writers were first each time.
        """
        programme = programmes.at(self._clock.now())
        if programme is None or programme.referral is None:
            return 0
        newest = max(changes, key=lambda change: (change.since, change.version))
        for _ in range(ATTEMPTS):
            friend = self._accounts.load([profile_id]).get(profile_id)
            brought = friend.referred if friend and not friend.gone and not friend.is_rewarded else None
            if friend is None or brought is None or not self._ordered_after(friend, brought):
                return 0
            owner = self._accounts.owner_of(brought.cause)
            referrer = holder_of(self._accounts, owner) if owner else friend
            if referrer.gone or referrer.profile_id == friend.profile_id:
                return 0
            if self._same_address(newest.traits, referrer):
                return 0
            pair = self._rewarded(friend, referrer, programmes)
            if self._accounts.save([replace(one, version=one.version + 1) for one in pair]):
                return 2
        raise Contended(profile_id)

    def _ordered_after(self, friend: Account, brought: Entry) -> bool:
        """Is the first order there, and did the code come with it or before it?"""
        first = self._orders.first_order_at(friend.profile_id)
        return first is not None and milliseconds(first) >= brought.at

    def _same_address(self, traits: Mapping[str, Any], referrer: Account) -> bool:
        theirs = self._traits.traits(referrer.profile_id)
        if theirs is None:
            raise NotKnownYet(referrer.profile_id)
        return bool(addresses_in(traits) & addresses_in(theirs))

    def _rewarded(
        self, friend: Account, referrer: Account, programmes: Programmes
    ) -> tuple[Account, Account]:
        now = self._clock.now()
        programme = programmes.at(now)
        terms = programme.referral if programme else None
        at, life = milliseconds(now), programme.life if programme else 0

        def reward(account: Account, other: Account, cause: str, points: int) -> Account:
            entry = Entry(
                REWARD,
                at,
                cause,
                stands_for(other.profile_id),
                points,
                life=life,
                home=account.profile_id,
            )
            return settled(kept(account, [entry]), programme, now, cause)

        return (
            reward(friend, referrer, WELCOME, terms.friend if terms else 0),
            reward(referrer, friend, RECOMMENDED, terms.referrer if terms else 0),
        )


def addresses_in(traits: Mapping[str, Any]) -> frozenset[str]:
    """The addresses among traits in their normal forms: mailbox, phone, and letter box."""
    found = set()
    for trait, channel in _ADDRESSES.items():
        if isinstance(value := traits.get(trait), str):
            try:
                found.add(f"{channel}:{normalise_address(channel, value)}")
            except ValueError:
                continue
    if (letter_box := _letter_box(traits.get("address"))) is not None:
        found.add(letter_box)
    return frozenset(found)


def _letter_box(address: Any) -> str | None:
    """Street, postal code and country: without the first two it is no letter box."""
    if not isinstance(address, Mapping):
        return None
    parts = [address.get(name) for name in ("street", "postalCode", "country")]
    street, code, country = ("".join(str(part or "").casefold().split()) for part in parts)
    return f"print:{street};{code};{country}" if street and code else None
