"""The ledger of messages in DynamoDB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from heapq import merge
from itertools import chain, groupby, islice

from services.delivery.adapters.dynamo_gates import address_item, permission_item
from services.delivery.adapters.dynamo_ledgers import KEPT, ledger_op, list_of, with_room
from services.delivery.adapters.message_items import difference, from_item, open_partitions, to_item
from services.delivery.domain.message import Message
from services.delivery.domain.pressure.ledger import Ledger
from services.delivery.domain.protocol import kept_late
from services.delivery.ports.messages import ClaimVerdict, Place, Stale
from services.shared.aws.dynamo import (
    ConditionFailed,
    Item,
    Op,
    Refusal,
    Table,
    TransactionRefused,
    transact,
)
from services.shared.clock import from_iso, to_iso

CONFLICT_TRIES = 5
"""Times a transaction is tried again when another one was in its way."""

PORTION = 100
"""Messages of a profile that are read at once."""


class DynamoMessages:
    """Messages by send id; indexes `open` (what the sweep looks after) and `by_profile` (those that were kept before
    the ledger of their person named them), which hold keys only."""

    def __init__(self, messages: Table, gates: Table) -> None:
        self._table = messages
        self._gates = gates

    def create(self, message: Message) -> Message:
        try:
            self._table.put(to_item(message), condition="attribute_not_exists(send_id)")
        except ConditionFailed as refused:
            return from_item(refused.item) if refused.item else message
        return message

    def get(self, send_id: str) -> Message | None:
        item = self._table.get({"send_id": send_id}, consistent=True)
        return from_item(item) if item else None

    def known(self, send_ids: Iterable[str]) -> dict[str, Message]:
        items = self._table.get_many({"send_id": send_id} for send_id in dict.fromkeys(send_ids))
        return {str(item["send_id"]): from_item(item) for item in items}

    def update(self, seen: Message, new: Message) -> None:
        try:
            self._perform(self._change_op(seen, new))
        except ConditionFailed as refused:
            raise Stale(from_item(refused.item) if refused.item else None) from refused

    def forget(self, send_id: str) -> None:
        self._table.delete({"send_id": send_id})

    def claim(self, seen: Message, new: Message, ledger: Ledger) -> ClaimVerdict:
        """Who has an address is told whatever changes about it (`dynamo_gates`), so that their ledger, as it was read
        before the gates, stands for these as well: that the message is in it, is the claim, and the message itself
        comes after it. Other addresses are looked at in one transaction with both."""
        if not new.profile_id:
            until = from_iso(new.claimed_at) + KEPT
            pressure = ledger_op(self._gates, new.subject, replace(ledger, past=()), until=until)
        else:
            packed = with_room(self._gates, new.profile_id, ledger)
            pressure = ledger_op(self._gates, new.profile_id, packed, lasting=True)
        if not new.claimed_by_ledger:
            message = self._change_op(seen, new)
            ops = [("message", message), *self._gate_ops(new), ("pressure", pressure)]
            return self._claim_at_once(ops, new.attempt_id)
        try:
            self._gates.perform(pressure)
        except ConditionFailed:
            return "crowded"
        if kept_late(seen, new):
            return "claimed"
        try:
            self._perform(self._change_op(seen, new))
        except ConditionFailed as refused:
            return "claimed" if _is_ours(refused.item, new.attempt_id) else "taken"
        return "claimed"

    def _claim_at_once(self, ops: list[tuple[str, Op]], attempt_id: str) -> ClaimVerdict:
        for tries_left in reversed(range(CONFLICT_TRIES)):
            try:
                transact([op for _, op in ops])
            except TransactionRefused as refused:
                verdict = _verdict([name for name, _ in ops], refused.refusals, attempt_id)
                if verdict:
                    return verdict
                if not tries_left:
                    raise
            else:
                break
        return "claimed"

    def _perform(self, op: Op) -> None:
        self._table.perform_put(op) if op.kind == "Put" else self._table.perform(op)

    def _change_op(self, seen: Message, new: Message) -> Op:
        """The write of `new` on condition that `seen` still stands, or that nothing else does where it is pending."""
        if seen.status == "pending":
            return self._table.put_op(
                to_item(new),
                condition="attribute_not_exists(send_id) OR #status = :pending",
                names={"#status": "status"},
                values={":pending": "pending"},
            )
        update, condition, names, values = difference(seen, new)
        return self._table.update_op(
            {"send_id": seen.send_id}, update, condition=condition, names=names, values=values
        )

    def _gate_ops(self, new: Message) -> list[tuple[str, Op]]:
        suppression = self._gates.check_op(
            address_item(new.address_key, f"suppressed#{new.channel}"), "attribute_not_exists(pk)"
        )
        ops = [("suppression", suppression)]
        if new.is_commercial:
            permission = self._gates.check_op(
                permission_item(new.address_key, new.purpose, new.channel),
                "#state = :granted AND entry_id = :entry AND (attribute_not_exists(#until) OR #until > :now)",
                names={"#state": "state", "#until": "until"},
                values={":granted": "granted", ":entry": new.consent_entry_id, ":now": new.claimed_at},
            )
            ops.append(("consent", permission))
        return ops

    def open_before(self, moment: datetime) -> Iterator[str]:
        return self._claimed_before(moment, retry=False)

    def retry_before(self, moment: datetime) -> Iterator[str]:
        return self._claimed_before(moment, retry=True)

    def _claimed_before(self, moment: datetime, *, retry: bool) -> Iterator[str]:
        partitions = [
            self._table.query(
                "open_partition = :p AND claimed_at < :before",
                values={":p": partition, ":before": to_iso(moment)},
                index="open",
            )
            for partition in open_partitions(retry=retry)
        ]
        return (item["send_id"] for item in merge(*partitions, key=lambda item: item["claimed_at"]))

    def of_profile(self, profile_id: str, limit: int) -> list[Message]:
        found = self._history(profile_id, None, min(limit, PORTION))
        return [message for _, message in islice(found, limit)]

    def history(self, profile_id: str, before: Place | None = None) -> Iterator[tuple[Place, Message]]:
        return self._history(profile_id, before, PORTION)

    def _history(
        self, profile_id: str, before: Place | None, portion: int
    ) -> Iterator[tuple[Place, Message]]:
        """A message that was kept before its ledger named it is told of by the index alone, or it would have two
        places."""
        indexed = ((place, False) for place in _indexed(self._table, profile_id, before))
        listed = ((place, True) for place in _listed(self._gates, profile_id, before))
        once = (entry for entry, _ in groupby(merge(indexed, listed, reverse=True)))
        while entries := list(islice(once, portion)):
            found = self.known(send_id for (_, send_id), _ in entries)
            for place, is_listed in entries:
                message = found.get(place[1])
                # A ledger lists what its person got as somebody else, before a merge, as well.
                if message and message.profile_id == profile_id and message.listed == is_listed:
                    yield place, message


def messages_of(messages: Table, gates: Table, profile_id: str) -> Iterator[Message]:
    """All that is kept of a profile's messages, in no order; what its ledger names, read consistently."""
    ledger, index = _listed(gates, profile_id), _indexed(messages, profile_id)
    ids = iter(dict.fromkeys(send_id for _, send_id in chain(ledger, index)))
    while wanted := list(islice(ids, PORTION)):
        for item in messages.get_many(({"send_id": send_id} for send_id in wanted), consistent=True):
            message = from_item(item)
            if message.profile_id == profile_id:
                yield message


def _indexed(messages: Table, profile_id: str, before: Place | None = None) -> Iterator[Place]:
    condition, values = "profile_id = :p", {":p": profile_id}
    if before:
        condition, values = f"{condition} AND requested_at <= :before", {**values, ":before": before[0]}
    items = messages.query(condition, values=values, index="by_profile", descending=True)
    places = ((str(item["requested_at"]), str(item["send_id"])) for item in items)
    return _before(before, places)


def _listed(gates: Table, profile_id: str, before: Place | None = None) -> Iterator[Place]:
    return _before(before, ((to_iso(at), send_id) for at, send_id in list_of(gates, profile_id)))


def _before(before: Place | None, places: Iterable[Place]) -> Iterator[Place]:
    return (place for place in places if before is None or place < before)


def _verdict(names: list[str], refusals: list[Refusal], attempt_id: str) -> ClaimVerdict | None:
    """What a refused claim means; `None`: only another transaction was in the way."""
    failed = {n: r for n, r in zip(names, refusals, strict=True) if r.code == "ConditionalCheckFailed"}
    if "message" in failed:
        return "claimed" if _is_ours(failed["message"].item, attempt_id) else "taken"
    if "consent" in failed or "suppression" in failed:
        return "moved"
    return "crowded" if "pressure" in failed else None


def _is_ours(standing: Item | None, attempt_id: str) -> bool:
    """A claim whose answer was lost is repeated by the SDK and then refused by its own write."""
    found = standing or {}
    return found.get("attempt_id") == attempt_id and found.get("status") == "claimed"
