"""Standings in DynamoDB: one item a profile, written only over the version it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from services.scoring.adapters.consents_table import ConsentsTable
from services.scoring.adapters.standing_items import from_item, to_item
from services.scoring.domain.standing import ProfileStanding
from services.scoring.ports import (
    NotSaved,
    Overtaken,
    Page,
    Saved,
    SaveResult,
    UnreadableStanding,
)
from services.shared.aws.attributes import decode, encode
from services.shared.aws.clients import client
from services.shared.aws.dynamo import ConditionFailed, Item, Table, TransactionRefused, transact
from services.shared.aws.parallel import each

DUE_INDEX = "due"


class StandingsTable:
    """The table `standings`: key `profile_id`, index `due` over `due_shard` and `due_at`, keys only.

    A write that changes the addresses of a person is a transaction with `consents`, all others are plain.
    """

    def __init__(self, table: Table, consents: ConsentsTable) -> None:
        self._table = table
        self._consents = consents

    def load(
        self, profile_ids: Iterable[str], *, consistent: bool = False
    ) -> Mapping[str, ProfileStanding | UnreadableStanding]:
        keys = [{"profile_id": profile_id} for profile_id in profile_ids]
        # A stale read costs half, and a write over it does no harm: it is refused and brings the current item.
        return _read(self._table.get_many(keys, consistent=consistent))

    def save(self, standings: Sequence[ProfileStanding]) -> Sequence[SaveResult]:
        return [
            NotSaved(result) if isinstance(result, Exception) else result
            for result in each(self._put, standings)
        ]

    def due(self, shard: int, until: str) -> Iterator[str]:
        items = self._table.query(
            "due_shard = :shard AND due_at <= :until",
            values={":shard": str(shard), ":until": until},
            index=DUE_INDEX,
        )
        return (item["profile_id"] for item in items)

    def page(self, after: str, size: int) -> Page:
        # Whole items: a scan is charged by their size in any case, and they need not be read again.
        start = {"ExclusiveStartKey": encode({"profile_id": after})} if after else {}
        answer = client("dynamodb").scan(TableName=self._table.name, Limit=size, **start)
        last = decode(answer.get("LastEvaluatedKey", {})).get("profile_id", "")
        return Page(_read(decode(item) for item in answer["Items"]), last)

    def size(self) -> int:
        return int(client("dynamodb").describe_table(TableName=self._table.name)["Table"]["ItemCount"])

    def _put(self, standing: ProfileStanding) -> Saved | Overtaken:
        first = standing.version == 1
        put = self._table.put_op(
            to_item(standing),
            condition="attribute_not_exists(profile_id)" if first else "#version = :before",
            names=None if first else {"#version": "version"},
            values=None if first else {":before": standing.version - 1},
        )
        try:
            if standing.linked:
                transact([put, *self._consents.link_ops(standing.profile_id, standing.linked)])
            else:
                self._table.perform_put(put)
        except ConditionFailed as refusal:
            return Overtaken(from_item(refusal.item) if refusal.item else None)
        except TransactionRefused:
            # Somebody wrote the standing, or permissions of an address changed since they were read.
            item = self._table.get({"profile_id": standing.profile_id}, consistent=True)
            return Overtaken(from_item(item) if item else None)
        return Saved()


def _read(items: Iterable[Item]) -> dict[str, ProfileStanding | UnreadableStanding]:
    found: dict[str, ProfileStanding | UnreadableStanding] = {}
    for item in items:
        try:
            found[item["profile_id"]] = from_item(item)
        except UnreadableStanding as error:
            found[item["profile_id"]] = error
    return found
