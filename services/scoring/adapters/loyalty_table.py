"""Accounts of loyalty points, referral codes and the programme in DynamoDB: one item an account, whose stream is the
outbox.

What was done is one packed list, read and written whole: an account is a function of all of it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from datetime import datetime
from typing import Any

from services.scoring.adapters.standing_items import TOMBSTONE_KEPT, due_shard
from services.scoring.domain.loyalty.account import Account
from services.scoring.domain.loyalty.entries import Entry, joined
from services.scoring.domain.loyalty.programme import Programme, Programmes
from services.scoring.domain.standing import Gone
from services.scoring.ports import DUE_SHARDS
from services.shared.aws.dynamo import ConditionFailed, Item, Op, Table, TransactionRefused, transact
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.loyalty import LoyaltyBalance

DUE_INDEX = "due"
PROGRAMME = "~programme"
CODE = "~code#"
"""No profile id begins so."""


class LoyaltyTable:
    """The table `loyalty`: key `profile_id`, index `due` over `due_shard` and `due_at`, keys only. Ports `Accounts` and
    `ProgrammeStore`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, profile_ids: Iterable[str]) -> Mapping[str, Account]:
        keys = [{"profile_id": profile_id} for profile_id in dict.fromkeys(profile_ids)]
        return {
            item["profile_id"]: read_account(item) for item in self._table.get_many(keys, consistent=True)
        }

    def save(
        self, accounts: Sequence[Account], *, new_code: str = "", dropped_codes: Iterable[str] = ()
    ) -> bool:
        ops = [self._put(account) for account in accounts]
        if new_code:
            item = {"profile_id": CODE + new_code, "owner": accounts[0].profile_id}
            ops.append(self._table.put_op(item, condition="attribute_not_exists(profile_id)"))
        ops += [self._table.delete_op({"profile_id": CODE + code}) for code in dropped_codes]
        try:
            if len(ops) == 1:
                self._table.perform_put(ops[0])
            else:
                transact(ops)
        except (ConditionFailed, TransactionRefused):
            return False
        return True

    def owner_of(self, code: str) -> str:
        item = self._table.get({"profile_id": CODE + code}, consistent=True)
        return str(item["owner"]) if item else ""

    def due(self, until: datetime) -> Iterator[str]:
        for shard in range(DUE_SHARDS):
            items = self._table.query(
                "due_shard = :shard AND due_at <= :until",
                values={":shard": str(shard), ":until": to_iso(until)},
                index=DUE_INDEX,
            )
            yield from (item["profile_id"] for item in items)

    def _put(self, account: Account) -> Op:
        first = account.version == 1
        return self._table.put_op(
            account_item(account),
            condition="attribute_not_exists(profile_id)" if first else "#version = :before",
            names=None if first else {"#version": "version"},
            values=None if first else {":before": account.version - 1},
        )


class ProgrammeItem:
    """The programme, in the table of the accounts. Port `ProgrammeStore`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self) -> Programmes:
        item = self._table.get({"profile_id": PROGRAMME}, consistent=True)
        if item is None:
            return Programmes()
        documents = json.loads(zlib.decompress(item["documents"]))
        return Programmes([Programme.model_validate(one) for one in documents], item["revision"])

    def save(self, programmes: Programmes) -> bool:
        documents = [one.document() for one in programmes.revisions]
        first = programmes.revision == 1
        try:
            self._table.put(
                {
                    "profile_id": PROGRAMME,
                    "revision": programmes.revision,
                    "documents": zlib.compress(json.dumps(documents).encode()),
                },
                condition="attribute_not_exists(profile_id)" if first else "#revision = :before",
                names=None if first else {"#revision": "revision"},
                values=None if first else {":before": programmes.revision - 1},
            )
        except ConditionFailed:
            return False
        return True


def account_item(account: Account) -> Item:
    """The item an account is stored as."""
    rows = [astuple(entry) for entry in account.entries.values()]
    item: Item = {
        "profile_id": account.profile_id,
        "version": account.version,
        "entries": zlib.compress(json.dumps(rows, separators=(",", ":")).encode()),
        "since": account.since,
        "absorbed": sorted(account.absorbed),
        "code": account.code,
        "balance": account.balance,
        "tier": account.tier,
        "cause": account.cause,
    }
    for name in ("since_at", "told_at"):
        if at := getattr(account, name):
            item[name] = to_iso(at)
    if account.gone:
        item["gone"] = {"into": account.gone.into, "at": to_iso(account.gone.at)}
        if account.gone.erased:
            item["expires_at"] = int((account.gone.at + TOMBSTONE_KEPT).timestamp())
    elif account.due_at:
        item |= {"due_shard": due_shard(account.profile_id), "due_at": to_iso(account.due_at)}
    return item


def read_account(item: Mapping[str, Any]) -> Account:
    """What `account_item` made."""
    rows = json.loads(zlib.decompress(item["entries"]))
    gone = item.get("gone")
    return Account(
        profile_id=item["profile_id"],
        version=item["version"],
        entries=joined(Entry(*row) for row in rows),
        since=item["since"],
        since_at=_time(item, "since_at"),
        gone=Gone(gone["into"], from_iso(gone["at"])) if gone else None,
        absorbed=frozenset(item["absorbed"]),
        code=item["code"],
        balance=item["balance"],
        tier=item["tier"],
        cause=item["cause"],
        told_at=_time(item, "told_at"),
        due_at=_time(item, "due_at"),
    )


def told_by(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> LoyaltyBalance | None:
    """What a change of an item tells: a balance or a tier that is another than before."""
    if new is None or "told_at" not in new or "gone" in new:
        return None
    if old is not None and old.get("told_at") == new["told_at"]:
        return None
    return LoyaltyBalance(
        profile_id=new["profile_id"],
        balance=new["balance"],
        tier=new["tier"],
        at=from_iso(new["told_at"]),
        cause=new["cause"],
    )


def _time(item: Mapping[str, Any], name: str) -> datetime | None:
    return from_iso(item[name]) if name in item else None
