"""Addresses that lead to people, among the evidence, from which they can be erased.

profile#<profile id>     the latest e-mail address of a profile
mailbox#<address key>    the address, and the profile that had it last; it counts while it is that profile's latest
asked#<address key>      an address that a link was asked for; for a day
renaming#<profile id>    a new address that waits for its confirmation; for days
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from services.consent.addresses import Held
from services.consent.mailboxes import Mailbox, Renaming
from services.shared.aws.dynamo import ConditionFailed, Item, Table

ERASED = timedelta(days=35)
"""How long late messages about an erased person may still be under way."""


class AddressItems:
    """Ports `Addresses` and `Mailboxes`, on the evidence table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    # Addresses

    def held(self, profile_id: str) -> Held | None:
        item = self._table.get(_profile(profile_id), consistent=True)
        return Held(item["address"], item["version"], item["since"]) if item and "address" in item else None

    def hold(self, profile_id: str, held: Held, address_key: str) -> None:
        """The mailbox first: what leads to no latest address counts for nothing, and a crash repeats both."""
        if address_key:
            self._table.put({**_mailbox(address_key), "address": held.address, "profile_id": profile_id})
        item = {**_profile(profile_id), "address": held.address, "version": held.version, "since": held.since}
        try:
            self._table.put(
                item,
                condition="attribute_not_exists(pk) OR version < :version",
                values={":version": held.version},
            )
        except ConditionFailed as newer:  # or erased: such an item has no version
            if address_key and (newer.item or {}).get("address") != held.address:
                self.leave(address_key, profile_id)

    def forget(self, profile_ids: Iterable[str], now: datetime) -> None:
        for profile_id in profile_ids:
            self._table.put({**_profile(profile_id), "expires_at": int((now + ERASED).timestamp())})
            self._table.delete(_renaming(profile_id))

    # Mailboxes

    def mailbox(self, address_key: str, now: datetime) -> Mailbox | None:
        item = self._table.get(_mailbox(address_key), consistent=True)
        held = self.held(item["profile_id"]) if item else None
        if item and held and held.address == item["address"]:
            return Mailbox(item["address"], item["profile_id"])
        asked = self._current(_asked(address_key), now)
        return Mailbox(asked["address"]) if asked else None

    def note_asked(self, address_key: str, address: str, until: datetime) -> None:
        self._table.put({**_asked(address_key), "address": address, "expires_at": int(until.timestamp())})

    def renaming(self, profile_id: str, now: datetime) -> Renaming | None:
        item = self._current(_renaming(profile_id), now)
        if item is None:
            return None
        return Renaming(
            renaming_id=item["renaming_id"],
            before_key=item["before_key"],
            before=item["before"],
            after=item["after"],
            until=datetime.fromtimestamp(item["expires_at"], UTC),
        )

    def note_renaming(self, profile_id: str, renaming: Renaming) -> None:
        self._table.put(
            {
                **_renaming(profile_id),
                "renaming_id": renaming.renaming_id,
                "before_key": renaming.before_key,
                "before": renaming.before,
                "after": renaming.after,
                "expires_at": int(renaming.until.timestamp()),
            }
        )

    def leave(self, address_key: str, profile_id: str) -> None:
        try:
            self._table.delete(
                _mailbox(address_key), condition="profile_id = :was", values={":was": profile_id}
            )
        except ConditionFailed:
            return

    def hand_over(self, address_key: str, loser: str, winner: str) -> None:
        item = self._table.get(_mailbox(address_key), consistent=True)
        if item is None or item["profile_id"] != loser:
            return
        theirs = self.held(winner)
        if theirs is None or theirs.address != item["address"]:
            self.leave(address_key, loser)
            return
        try:
            self._table.put(
                {**item, "profile_id": winner}, condition="profile_id = :was", values={":was": loser}
            )
        except ConditionFailed:
            return

    def close(self, address_keys: Iterable[str]) -> None:
        for address_key in address_keys:
            self._table.delete(_mailbox(address_key))
            self._table.delete(_asked(address_key))

    def _current(self, key: dict[str, str], now: datetime) -> Item | None:
        """The table forgets later than it should."""
        item = self._table.get(key, consistent=True)
        return item if item and now.timestamp() < item["expires_at"] else None


def _profile(profile_id: str) -> dict[str, str]:
    return {"pk": f"profile#{profile_id}"}


def _mailbox(address_key: str) -> dict[str, str]:
    return {"pk": f"mailbox#{address_key}"}


def _asked(address_key: str) -> dict[str, str]:
    return {"pk": f"asked#{address_key}"}


def _renaming(profile_id: str) -> dict[str, str]:
    return {"pk": f"renaming#{profile_id}"}
