"""What delivery's tables hold of one person, beside the contact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from services.delivery.adapters.dynamo_gates import DynamoGates, address_item
from services.delivery.adapters.dynamo_ledgers import read_ledger
from services.delivery.adapters.dynamo_messages import messages_of
from services.delivery.domain.message import Message
from services.shared.aws.dynamo import Item, Table
from services.shared.clock import to_iso

_NOTE = "message#"


class DynamoTraces:
    """`ports.Traces` on the tables `messages` and `gates`."""

    def __init__(self, messages: Table, gates: Table) -> None:
        self._messages = messages
        self._gates = gates

    def every_message(self, profile_id: str) -> Iterator[Message]:
        return messages_of(self._messages, profile_id)

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
        for ledger in map(read_ledger, self._ledgers(subject)):
            found += [
                {"at": to_iso(touch.at), "class": touch.bid.message_class, "channel": touch.bid.channel}
                for touch in ledger.touches
            ]
            found += [{"read_at_hour": hour, "times": ledger.reads[hour]} for hour in sorted(ledger.reads)]
        return found

    def disown(self, address_keys: Iterable[str], profile_ids: Iterable[str]) -> int:
        return DynamoGates(self._gates).disown(address_keys, profile_ids)

    def forget_pressure(self, subject: str) -> int:
        ledgers = list(self._ledgers(subject))
        for item in ledgers:
            self._gates.delete({"pk": item["pk"], "sk": item["sk"]})
        return len(ledgers)

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
