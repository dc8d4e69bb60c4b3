"""Copies of contacts and permissions, suppressions and pressure counters, in one DynamoDB table.

`contact#<profile>` / `contact` (of a profile that is gone, `gone_into` and `gone_at` instead);
`address#<key>` / `consent#<purpose>#<channel>`, `suppressed#<channel>`, `owner`, `message#<send id>`;
`cap#<profile or address key>` / `ledger`, `list#…`: see `dynamo_ledgers`.

An `owner` holds the profile that had the address last and, as `profiles`, all that ever had it. Whatever changes about
an address is written first, and then moves the ledgers of these on, so that no claim holds that looked before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta

from services.delivery.adapters.dynamo_ledgers import move_on
from services.delivery.domain.choice import Standing
from services.delivery.domain.contact import Contact, Gone
from services.shared.aws.dynamo import ConditionFailed, Expressions, Item, Table
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.consent import ConsentChange
from services.shared.permission import Permission

COMPLAINT = "complained"

CONFLICT_TRIES = 10

MAX_HOPS = 10
"""Merges a profile is followed through."""

TOMBSTONE_KEPT = timedelta(days=90)
"""Longer than a queue and then its dead-letter queue keep a late fact (14 days each)."""


def contact_item(profile_id: str) -> Item:
    """The key of a contact."""
    return {"pk": f"contact#{profile_id}", "sk": "contact"}


def address_item(address_key: str, sort_key: str) -> Item:
    """The key of an item about an address."""
    return {"pk": f"address#{address_key}", "sk": sort_key}


def permission_item(address_key: str, purpose: str, channel: str) -> Item:
    """The key of a permission."""
    return address_item(address_key, f"consent#{purpose}#{channel}")


class DynamoGates:
    """The gates' memory."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def contacts(self, profile_ids: Iterable[str]) -> dict[str, Contact | Gone]:
        keys = [contact_item(p) for p in dict.fromkeys(profile_ids) if p]
        items = self._table.get_many(keys, consistent=True)
        return {str(item["pk"]).removeprefix("contact#"): read_contact(item) for item in items}

    def reach(self, profile_ids: Iterable[str]) -> dict[str, Contact | Gone]:
        asked = [p for p in dict.fromkeys(profile_ids) if p]
        now = {profile_id: profile_id for profile_id in asked}
        known = self.contacts(asked)
        for _ in range(MAX_HOPS):
            for asked_for, at in now.items():
                there = known.get(at)
                if isinstance(there, Gone) and there.into:
                    now[asked_for] = there.into
            unknown = [at for at in now.values() if at not in known]
            found = self.contacts(unknown) if unknown else {}
            if not found:
                break
            known |= found
        reached = {p: known[at] for p, at in now.items() if at in known}
        return {p: c for p, c in reached.items() if not (isinstance(c, Gone) and c.into)}

    def standings(self, addresses: Mapping[str, tuple[str, str]], purpose: str) -> dict[str, Standing]:
        standings = {}
        for channel, (address, key) in addresses.items():
            found = self._about(key)
            suppressed = found.get(f"suppressed#{channel}", {})
            permission = found.get(f"consent#{purpose}#{channel}")
            standings[channel] = Standing(
                address=address,
                address_key=key,
                suppressed=suppressed.get("reason", ""),
                permission=_permission(permission) if permission else None,
            )
        return standings

    def _about(self, address_key: str) -> dict[str, Item]:
        """All permissions and suppressions of an address, by sort key: little, and read for the price of one."""
        items = self._table.query(
            "pk = :address AND sk BETWEEN :first AND :last",
            values={":address": f"address#{address_key}", ":first": "consent#", ":last": "suppressed#~"},
            consistent=True,
        )
        return {str(item["sk"]): item for item in items}

    def keep_contact(self, contact: Contact, keys: Mapping[str, str]) -> bool:
        for key in keys.values():
            self._table.update(
                address_item(key, "owner"),
                "SET profile_id = :last ADD profiles :one",
                values={":last": contact.profile_id, ":one": {contact.profile_id}},
            )
        item = {name: value for name, value in asdict(contact).items() if value not in ("", None, {})}
        condition = "attribute_not_exists(pk) OR (attribute_not_exists(gone_at) AND version < :version)"
        values: Item = {":version": contact.version}
        if contact.since_at:
            condition += " OR (gone_into <> :nobody AND gone_at < :since_at)"
            values |= {":nobody": "", ":since_at": contact.since_at}
        try:
            self._table.put(contact_item(contact.profile_id) | item, condition=condition, values=values)
        except ConditionFailed as refused:
            if "gone_at" in (refused.item or {}):
                self.disown(keys.values(), [contact.profile_id])
            return False
        return True

    def leave(self, profile_id: str, gone: Gone) -> bool:
        item = {**contact_item(profile_id), "gone_into": gone.into, "gone_at": gone.at}
        if gone.erased:
            item["expires_at"] = int((from_iso(gone.at) + TOMBSTONE_KEPT).timestamp())
            condition, values = "attribute_not_exists(gone_at) OR gone_into <> :nobody", {":nobody": ""}
        else:
            condition = "attribute_not_exists(gone_at) AND (attribute_not_exists(since_at) OR since_at < :at)"
            condition = f"({condition}) OR (gone_into <> :nobody AND gone_at < :at)"
            values = {":nobody": "", ":at": gone.at}
        try:
            self._table.put(item, condition=condition, values=values)
        except ConditionFailed as refused:
            return "gone_at" in (refused.item or {})
        return True

    def disown(self, address_keys: Iterable[str], profile_ids: Iterable[str]) -> int:
        """Forget that addresses belong to any of these profiles; how many did."""
        gone = set(profile_ids)
        return sum(self._disown(address_item(key, "owner"), gone) for key in address_keys)

    def _disown(self, key: Item, gone: set[str]) -> bool:
        for _ in range(CONFLICT_TRIES):
            item = self._table.get(key, consistent=True)
            if item is None or not (had := _owners(item)) & gone:
                return False
            left = sorted(had - gone)
            last = item["profile_id"] if item["profile_id"] in left else left[-1] if left else ""
            seen: Expressions = {"condition": "attribute_not_exists(profiles)"}
            if "profiles" in item:
                seen = {"condition": "profiles = :seen", "values": {":seen": item["profiles"]}}
            with suppress(ConditionFailed):  # somebody got the address meanwhile
                if left:
                    self._table.put({**key, "profile_id": last, "profiles": set(left)}, **seen)
                else:
                    self._table.delete(key, **seen)
                return True
        raise ConditionFailed

    def keep_permission(self, change: ConsentChange) -> bool:
        newer = self._put_newer(
            {
                **permission_item(change.address_key, change.purpose, change.channel),
                "state": change.state,
                "entry_id": change.entry_id,
                "text_version": change.text_version,
                "basis": change.basis,
                "sequence": change.sequence,
                "at": to_iso(change.at),
                **({"until": to_iso(change.until)} if change.until else {}),
            },
            "sequence",
            change.sequence,
        )
        # Also when not newer: an attempt that failed between the two is finished by its repetition.
        self._tell_owners(change.address_key)
        return newer

    def _tell_owners(self, address_key: str) -> None:
        """Something changed about the address."""
        item = self._table.get(address_item(address_key, "owner"), consistent=True)
        for profile_id in sorted(_owners(item)) if item else ():
            move_on(self._table, profile_id)

    def owner(self, address_key: str) -> str:
        item = self._table.get(address_item(address_key, "owner"), consistent=True)
        if item is None:
            return ""
        reached = self.reach([item["profile_id"]]).get(item["profile_id"])
        if isinstance(reached, Gone):
            return ""
        return reached.profile_id if reached else str(item["profile_id"])

    def note_address(self, address_key: str, send_id: str, until: datetime) -> None:
        note = {**address_item(address_key, f"message#{send_id}"), "expires_at": int(until.timestamp())}
        self._table.put(note)

    def suppress(self, address_key: str, channel: str, reason: str, at: datetime) -> None:
        item = {**address_item(address_key, f"suppressed#{channel}"), "reason": reason, "at": to_iso(at)}
        with suppress(ConditionFailed):
            self._table.put(item, condition=None if reason == COMPLAINT else "attribute_not_exists(pk)")
        self._tell_owners(address_key)

    def _put_newer(self, item: Item, attribute: str, number: int) -> bool:
        try:
            self._table.put(
                item,
                condition="attribute_not_exists(pk) OR #number < :number",
                names={"#number": attribute},
                values={":number": number},
            )
        except ConditionFailed:
            return False
        return True


def _owners(item: Item) -> set[str]:
    return {*item.get("profiles", ()), item["profile_id"]}


def _permission(item: Item) -> Permission:
    return Permission(item["state"], item["entry_id"], item.get("basis", ""), item.get("until", ""))


def read_contact(item: Item) -> Contact | Gone:
    """The contact in an item, or what became of its profile."""
    if "gone_at" in item:
        return Gone(item["gone_into"], item["gone_at"])
    return Contact(**{name: item[name] for name in Contact.__dataclass_fields__ if name in item})
