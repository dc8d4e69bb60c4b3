"""The ledger in DynamoDB.

    pk shard#<nn>           sk <seq, 12 digits>             an entry
    pk shard#<nn>           sk HEAD                         seq and hash of the newest entry
    pk state#<address key>  sk state#<purpose>#<channel>    the folded state
    pk state#<address key>  sk entry#<request id>#<kind>    where the entry is (and that there is one)

Every write moves the shard's head and is conditioned on it, so whatever was read after the head still holds.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.consent.adapters.evidence_table import EvidenceTable
from services.consent.adapters.lapse_items import lapse_op
from services.consent.domain.ledger import GENESIS, Entry, Head, Kind, Standing, shard_of
from services.consent.domain.limits import WINDOW
from services.consent.ports import Append, Position, Subject
from services.shared.aws.dynamo import Item, Op, Table, TransactionRefused, transact
from services.shared.contracts.consent import EVERY

_FIELDS = tuple(field.name for field in fields(Entry))
RECORDED = "recorded_ms"
"""Beside an entry and no part of it: when it was written by the real clock, for measuring only."""

_LATER = ("basis", "until")
"""Fields that older items do not have."""

_RETRIABLE = {"ConditionalCheckFailed", "TransactionConflict"}


class ShardsTable:
    """`Shards` on a table with keys `pk` and `sk`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def head(self, shard: int) -> Head:
        item = self._table.get({"pk": _shard_pk(shard), "sk": "HEAD"}, consistent=True)
        return Head(shard, item["seq"], item["hash"]) if item else Head(shard)

    def entries(self, shard: int, after: int = 0, limit: int | None = None) -> Iterator[Entry]:
        rows = self._table.query(
            "pk = :pk AND sk BETWEEN :first AND :last",
            values={":pk": _shard_pk(shard), ":first": f"{after + 1:012d}", ":last": "9" * 12},
            consistent=True,
            limit=limit,
        )
        for item in rows:
            entry = entry_of(item)
            if entry:
                yield entry


class LedgerTable(ShardsTable):
    """`LedgerStore` on that table; evidence is written in the same transactions."""

    def __init__(self, table: Table, evidence: EvidenceTable) -> None:
        super().__init__(table)
        self._evidence = evidence

    def position(self, subject: Subject) -> Position:
        head = self.head(shard_of(subject.address_key))  # first: it guards what is read after it
        own, all_of_them = _state_key(subject), _state_key(replace(subject, purpose=EVERY))
        keys = [own] if own == all_of_them else [own, all_of_them]
        states = {item["sk"]: item for item in self._table.get_many(keys, consistent=True)}
        state = states.get(own["sk"]) or states.get(all_of_them["sk"])
        return Position(
            head=head,
            standing=_standing(state) if state else None,
            recent=self._evidence.recent(subject.address_key),
        )

    def append(self, step: Append) -> bool:
        try:
            transact(self._ops(step))
        except TransactionRefused as refused:
            codes = {refusal.code for refusal in refused.refusals if refusal.code}
            if codes and codes <= _RETRIABLE:
                return False
            raise
        return True

    def find(self, address_key: str, request_id: str, kind: Kind) -> Entry | None:
        key = {"pk": f"state#{address_key}", "sk": f"entry#{request_id}#{kind}"}
        pointer = self._table.get(key, consistent=True)
        if pointer is None:
            return None
        item = self._table.get(_entry_key(shard_of(address_key), pointer["seq"]), consistent=True)
        return entry_of(item) if item else None

    def history(self, address_key: str) -> list[Entry]:
        shard = shard_of(address_key)
        keys = [_entry_key(shard, item["seq"]) for item in self._of_address(address_key, "entry#")]
        found = [entry_of(item) for item in self._table.get_many(keys, consistent=True)]
        return sorted((entry for entry in found if entry), key=lambda entry: entry.seq)

    def neighbours(self, entries: Sequence[Entry]) -> dict[tuple[int, int], Entry]:
        after = {(entry.shard, entry.seq + 1) for entry in entries}
        keys = [_entry_key(shard, seq) for shard, seq in after]
        found = [entry_of(item) for item in self._table.get_many(keys, consistent=True)]
        return {(entry.shard, entry.seq): entry for entry in found if entry}

    def states(self, address_key: str) -> dict[tuple[str, str], Standing]:
        return {
            (item["purpose"], item["channel"]): _standing(item)
            for item in self._of_address(address_key, "state#")
        }

    def _of_address(self, address_key: str, prefix: str) -> Iterator[Item]:
        return self._table.query(
            "pk = :pk AND begins_with(sk, :prefix)",
            values={":pk": f"state#{address_key}", ":prefix": prefix},
            consistent=True,
        )

    def _ops(self, step: Append) -> list[Op]:
        entry = step.entry
        subject = Subject(entry.address_key, entry.purpose, entry.channel)
        pointer = {
            "pk": f"state#{entry.address_key}",
            "sk": f"entry#{entry.request_id}#{entry.kind}",
            "seq": entry.seq,
        }
        ops = [
            self._move_head(step),
            self._table.put_op(
                {**_entry_key(entry.shard, entry.seq), **asdict(entry), RECORDED: round(time.time() * 1000)},
                condition="attribute_not_exists(pk)",
            ),
            self._table.put_op(pointer, condition="attribute_not_exists(pk)"),
            self._evidence.seal_op(step.sealed),
        ]
        if step.standing:
            state = {"purpose": entry.purpose, "channel": entry.channel, **asdict(step.standing)}
            ops.append(self._table.put_op({**_state_key(subject), **state}))
        if step.recent is not None:
            expires_at = step.recent[-1] + WINDOW + timedelta(hours=1)
            ops.append(self._evidence.recent_op(entry.address_key, step.recent, expires_at))
        if entry.until:
            ops.append(lapse_op(self._table, entry))
        if step.keep:
            ops.append(self._evidence.keep_op(step.keep))
        return ops

    def _move_head(self, step: Append) -> Op:
        item = {
            "pk": _shard_pk(step.entry.shard),
            "sk": "HEAD",
            "seq": step.entry.seq,
            "hash": step.entry.hash,
        }
        if step.before.hash == GENESIS:
            return self._table.put_op(item, condition="attribute_not_exists(pk)")
        return self._table.put_op(
            item, condition="#hash = :before", names={"#hash": "hash"}, values={":before": step.before.hash}
        )


def entry_of(item: Mapping[str, Any]) -> Entry | None:
    """The entry in an item of the table (place and shard as its key says); `None` for any other item.

    Raises:
        KeyError: a field of the entry is missing.
    """
    pk, sk = str(item["pk"]), str(item["sk"])
    if not pk.startswith("shard#") or not sk.isdigit():
        return None
    values = {name: item.get(name, "") if name in _LATER else item[name] for name in _FIELDS}
    return Entry(**{**values, "shard": int(pk.removeprefix("shard#")), "seq": int(sk)})


def recorded_at(item: Mapping[str, Any]) -> datetime | None:
    """When an entry's item was written, by the real clock; `None` for one of before that was noted."""
    return datetime.fromtimestamp(item[RECORDED] / 1000, UTC) if RECORDED in item else None


def _shard_pk(shard: int) -> str:
    return f"shard#{shard:02d}"


def _entry_key(shard: int, seq: int) -> dict[str, str]:
    return {"pk": _shard_pk(shard), "sk": f"{seq:012d}"}


def _state_key(subject: Subject) -> dict[str, str]:
    return {"pk": f"state#{subject.address_key}", "sk": f"state#{subject.purpose}#{subject.channel}"}


def _standing(item: Item) -> Standing:
    return Standing(
        state=item["state"],
        sequence=item["sequence"],
        entry_id=item["entry_id"],
        text_version=item["text_version"],
        at=item["at"],
        **{name: item.get(name, "") for name in _LATER},
    )
