"""Rewards for recommending: at the friend's first order, once for ever, and never for recommending oneself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.scoring.domain.loyalty.account import Account, Full, kept, settled
from services.scoring.domain.loyalty.entries import (
    RECOMMENDED,
    REFUSED,
    REWARD,
    WELCOME,
    Entry,
    milliseconds,
    stands_for,
)
from services.scoring.domain.loyalty.programme import Programme, Programmes
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
            if friend is None or friend.gone or friend.is_rewarded:
                return 0
            referrer = self._referrer(friend)
            if referrer is None or referrer.gone or referrer.profile_id == friend.profile_id:
                return 0
            try:
                decided = self._decided(friend, referrer, newest.traits, programme)
            except Full:
                return 0
            if self._accounts.save([replace(one, version=one.version + 1) for one in decided]):
                return len(decided)
        raise Contended(profile_id)

    def _referrer(self, friend: Account) -> Account | None:
        """Who the first code is of that is somebody's, if it came with the first order or before it."""
        first = self._orders.first_order_at(friend.profile_id)
        if first is None:
            return None
        for brought in friend.codes:
            if owner := self._accounts.owner_of(brought.cause):
                return holder_of(self._accounts, owner) if milliseconds(first) >= brought.at else None
        return None

    def _same_address(self, traits: Mapping[str, Any], referrer: Account) -> bool:
        theirs = self._traits.traits(referrer.profile_id)
        if theirs is None:
            raise NotKnownYet(referrer.profile_id)
        return bool(addresses_in(traits) & addresses_in(theirs))

    def _decided(
        self, friend: Account, referrer: Account, traits: Mapping[str, Any], programme: Programme
    ) -> list[Account]:
        """Both with their rewards; or the friend alone, who is the referrer under another profile: no later order may
        try again."""
        now, terms = self._clock.now(), programme.referral

        def reward(account: Account, other: Account, cause: str, points: int) -> Account:
            entry = Entry(
                REWARD,
                milliseconds(now),
                cause,
                stands_for(other.profile_id),
                points,
                life=programme.life,
                home=account.profile_id,
            )
            return settled(kept(account, [entry]), programme, now, cause)

        if terms is None or self._same_address(traits, referrer):
            return [reward(friend, referrer, REFUSED, 0)]
        return [
            reward(friend, referrer, WELCOME, terms.friend),
            reward(referrer, friend, RECOMMENDED, terms.referrer),
        ]


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
