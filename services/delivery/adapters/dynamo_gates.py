"""Copies of contacts and permissions, suppressions and pressure counters, in one DynamoDB table.

`contact#<profile>` / `contact` (of a profile that is gone, `gone_into` and `gone_at` instead);
`address#<key>` / `consent#<purpose>#<channel>`, `suppressed#<channel>`, `owner`, `message#<send id>`;
`cap#<profile or address key>` / `ledger`: see `dynamo_ledgers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from services.delivery.domain.choice import Standing
from services.delivery.domain.contact import Contact, Gone
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.consent import ConsentChange
from services.shared.permission import Permission

COMPLAINT = "complained"

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
        keys: list[Item] = []
        for channel, (_, key) in addresses.items():
            keys.append(address_item(key, f"suppressed#{channel}"))
            if purpose:
                keys.append(permission_item(key, purpose, channel))
        found = {(i["pk"], i["sk"]): i for i in self._table.get_many(keys, consistent=True)}
        standings = {}
        for channel, (address, key) in addresses.items():
            suppressed = found.get((f"address#{key}", f"suppressed#{channel}"), {})
            permission = found.get((f"address#{key}", f"consent#{purpose}#{channel}"))
            standings[channel] = Standing(
                address=address,
                address_key=key,
                suppressed=suppressed.get("reason", ""),
                permission=_permission(permission) if permission else None,
            )
        return standings

    def keep_contact(self, contact: Contact, keys: Mapping[str, str]) -> bool:
        for key in keys.values():
            self._table.put({**address_item(key, "owner"), "profile_id": contact.profile_id})
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
        owners, forgotten = set(profile_ids), 0
        for key in address_keys:
            item = self._table.get(address_item(key, "owner"), consistent=True)
            if item and item["profile_id"] in owners:
                self._table.delete(address_item(key, "owner"))
                forgotten += 1
        return forgotten

    def keep_permission(self, change: ConsentChange) -> bool:
        return self._put_newer(
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
        if reason == COMPLAINT:
            self._table.put(item)
            return
        try:
            self._table.put(item, condition="attribute_not_exists(pk)")
        except ConditionFailed:
            return

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


def _permission(item: Item) -> Permission:
    return Permission(item["state"], item["entry_id"], item.get("basis", ""), item.get("until", ""))


def read_contact(item: Item) -> Contact | Gone:
    """The contact in an item, or what became of its profile."""
    if "gone_at" in item:
        return Gone(item["gone_into"], item["gone_at"])
    return Contact(**{name: item[name] for name in Contact.__dataclass_fields__ if name in item})
