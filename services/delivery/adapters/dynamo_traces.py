"""What delivery's tables hold of one person, beside the contact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from services.delivery.adapters.dynamo_gates import TOMBSTONE_KEPT, DynamoGates, address_item
from services.delivery.adapters.dynamo_ledgers import LEDGER, ledger_item, read_ledger
from services.delivery.adapters.dynamo_messages import messages_of
from services.delivery.domain.message import Message
from services.shared.aws.dynamo import ConditionFailed, Expressions, Item, Table
from services.shared.clock import to_iso

_NOTE = "message#"


class DynamoTraces:
    """`ports.Traces` on the tables `messages` and `gates`."""

    def __init__(self, messages: Table, gates: Table) -> None:
        self._messages = messages
        self._gates = gates

    def every_message(self, profile_id: str) -> Iterator[Message]:
        return messages_of(self._messages, self._gates, profile_id)

    def addressed(self, address_key: str) -> list[str]:
        return [item["sk"].removeprefix(_NOTE) for item in self._of_address(address_key, _NOTE)]

    def about_address(self, address_key: str) -> list[dict[str, Any]]:
        suppressed = [
            {"suppressed": item["sk"].removeprefix("suppressed#"), "reason": item["reason"], "at": item["at"]}
            for item in self._of_address(address_key, "suppressed#")
        ]
        permissions = [
            {"permission": item["sk"].removeprefix("consent#"), "state": item["state"], "at": item["at"]}
            for item in self._of_address(address_key, "consent#")
        ]
        return suppressed + permissions

    def pressure(self, subject: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for ledger in (read_ledger(item) for item in self._ledgers(subject) if item["sk"] == LEDGER):
            found += [
                {"at": to_iso(touch.at), "class": touch.bid.message_class, "channel": touch.bid.channel}
                for touch in ledger.touches
            ]
            found += [{"read_at_hour": hour, "times": ledger.reads[hour]} for hour in sorted(ledger.reads)]
        return found

    def disown(self, address_keys: Iterable[str], profile_ids: Iterable[str]) -> int:
        return DynamoGates(self._gates).disown(address_keys, profile_ids)

    def settled(self, profile_id: str, since: datetime) -> int | None:
        ledger = read_ledger(self._gates.get(ledger_item(profile_id), consistent=True))
        claimed = {send_id for at, send_id in ledger.messages() if at >= since}
        kept = self._messages.get_many(({"send_id": one} for one in sorted(claimed)), consistent=True)
        return ledger.revision if len(kept) == len(claimed) else None

    def close(self, profile_id: str, revision: int, at: datetime) -> int | None:
        closed = {
            **ledger_item(profile_id),
            "revision": revision + 1,
            "expires_at": int((at + TOMBSTONE_KEPT).timestamp()),
        }
        were = list(self._ledgers(profile_id))
        seen: Expressions = {"condition": "attribute_not_exists(revision)"}
        if revision:
            seen = {"condition": "revision = :seen", "values": {":seen": revision}}
        try:
            self._gates.put(closed, **seen)
        except ConditionFailed:
            return None
        lists = [item for item in were if item["sk"] != LEDGER]
        self._delete(lists)
        return len(lists) + any("touches" in item or "active_at" in item for item in were)

    def forget_pressure(self, address_key: str) -> int:
        ledgers = list(self._ledgers(address_key))
        self._delete(ledgers)
        return len(ledgers)

    def _delete(self, items: Iterable[Item]) -> None:
        for item in items:
            self._gates.delete({"pk": item["pk"], "sk": item["sk"]})

    def forget_addressed(self, address_key: str, send_id: str) -> None:
        self._gates.delete(address_item(address_key, f"{_NOTE}{send_id}"))

    def _ledgers(self, subject: str) -> Iterator[Item]:
        return self._gates.query("pk = :pk", values={":pk": f"cap#{subject}"}, consistent=True)

    def _of_address(self, address_key: str, prefix: str) -> Iterator[Item]:
        return self._gates.query(
            "pk = :pk AND begins_with(sk, :prefix)",
            values={":pk": f"address#{address_key}", ":prefix": prefix},
            consistent=True,
        )
