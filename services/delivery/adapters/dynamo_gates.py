"""Copies of contacts and permissions, suppressions and pressure counters, in one DynamoDB table.

`contact#<profile>` / `contact`; `address#<key>` / `consent#<purpose>#<channel>`, `suppressed#<channel>`, `owner`;
`cap#<profile or address key>` / `<day>#<class>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime

from services.delivery.domain.choice import Permission, Standing
from services.delivery.domain.contact import Contact
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.clock import to_iso
from services.shared.contracts.consent import ConsentChange

COMPLAINT = "complained"


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

    def contacts(self, profile_ids: Iterable[str]) -> dict[str, Contact]:
        keys = [{"pk": f"contact#{p}", "sk": "contact"} for p in dict.fromkeys(profile_ids) if p]
        found = [_contact(item) for item in self._table.get_many(keys, consistent=True)]
        return {contact.profile_id: contact for contact in found}

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
                permission=Permission(permission["state"], permission["entry_id"]) if permission else None,
            )
        return standings

    def keep_contact(self, contact: Contact, keys: Mapping[str, str]) -> bool:
        for key in keys.values():
            self._table.put({**address_item(key, "owner"), "profile_id": contact.profile_id})
        item = {name: value for name, value in asdict(contact).items() if value != ""}
        return self._put_newer(
            {"pk": f"contact#{contact.profile_id}", "sk": "contact", **item}, "version", contact.version
        )

    def keep_permission(self, change: ConsentChange) -> bool:
        return self._put_newer(
            {
                **permission_item(change.address_key, change.purpose, change.channel),
                "state": change.state,
                "entry_id": change.entry_id,
                "text_version": change.text_version,
                "sequence": change.sequence,
                "at": to_iso(change.at),
            },
            "sequence",
            change.sequence,
        )

    def owner(self, address_key: str) -> str:
        item = self._table.get(address_item(address_key, "owner"), consistent=True)
        return str(item["profile_id"]) if item else ""

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


def _contact(item: Item) -> Contact:
    return Contact(**{name: item[name] for name in Contact.__dataclass_fields__ if name in item})
