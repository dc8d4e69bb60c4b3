"""What each person was sent, in the table of gates: `cap#<profile or address key>` / `ledger`, and `list#<moment>#<send
id>` of the newest in it, which is never changed: messages that no rule counts any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from services.delivery.domain.pressure.ledger import Ledger, Past, listed, read, read_list, written
from services.shared.aws.dynamo import ConditionFailed, Item, Op, Table, TransactionRefused, transact
from services.shared.clock import from_iso, to_iso

CONFLICT_TRIES = 10

KEPT = timedelta(days=400)
"""Of an address without a profile; longer than the longest time without an open or click after which a person counts as
inactive. That of a profile is the list of its messages, and stays as they do."""

LEDGER = "ledger"
LIST = "list#"


def ledger_item(subject: str) -> Item:
    """The key of a person's ledger."""
    return {"pk": f"cap#{subject}", "sk": LEDGER}


READS = "h"
"""Before the hour (UTC), an attribute of how often the person read then; short, because there may be 24 of them."""


def ledger_op(
    table: Table,
    subject: str,
    ledger: Ledger,
    *,
    until: datetime | None = None,
    lasting: bool = False,
    more_reads: Mapping[int, int] | None = None,
) -> Op:
    """The write of a ledger, on condition that it still is the one that was read. `active_at` and reads are written by
    others at any time, so they are left alone, but for `more_reads` that are added. It goes after `until`, or never
    (`lasting`), or as was said before."""
    touches, waits, past = written(ledger)
    values: Item = {":new": ledger.revision + 1, ":touches": touches, ":waits": waits}
    update = "SET revision = :new, touches = :touches, waits = :waits"
    for name, value in (
        ("past", past),
        ("since", to_iso(ledger.since) if ledger.since else ""),
        ("expires_at", int(until.timestamp()) if until else 0),
    ):
        if value:
            update += f", {name} = :{name}"
            values[f":{name}"] = value
    removed = [name for name, gone in (("past", not past), ("expires_at", lasting)) if gone]
    update += f" REMOVE {', '.join(removed)}" if removed else ""
    if more_reads:
        update += " ADD " + ", ".join(f"{READS}{hour} :r{hour}" for hour in more_reads)
        values |= {f":r{hour}": count for hour, count in more_reads.items()}
    condition = "attribute_not_exists(revision)"
    if ledger.revision:
        condition, values[":seen"] = "revision = :seen", ledger.revision
    return table.update_op(ledger_item(subject), update, condition=condition, values=values)


def with_room(table: Table, profile_id: str, ledger: Ledger) -> Ledger:
    """The ledger as it can be written: what is past is put by first where there is no room for it. It is found twice
    until the ledger is written, and then once."""
    packed, past = ledger.packed()
    if past:
        table.put(_list_item(profile_id, past))
    return packed


def list_of(table: Table, profile_id: str) -> list[Past]:
    """When a profile's messages were claimed, and their send ids, newest first; of some nothing is kept yet."""
    found = set[Past]()
    for item in table.query("pk = :pk", values={":pk": f"cap#{profile_id}"}, consistent=True):
        found |= set(read_ledger(item).messages() if item["sk"] == LEDGER else read_list(item["past"]))
    return sorted(found, reverse=True)


def _list_item(profile_id: str, past: Sequence[Past]) -> Item:
    at, send_id = past[-1]
    return {"pk": f"cap#{profile_id}", "sk": f"{LIST}{to_iso(at)}#{send_id}", "past": listed(past)}


def move_on(table: Table, subject: str) -> None:
    """Let no claim pass that looked at the person's ledger before."""
    table.update(ledger_item(subject), "ADD revision :one", values={":one": 1})


def read_ledger(item: Item | None) -> Ledger:
    """The ledger in an item."""
    if item is None:
        return Ledger()
    touches, waits, past = read(item.get("touches", ""), item.get("waits", ""), item.get("past", ""))
    since, active = item.get("since"), item.get("active_at")
    return Ledger(
        revision=int(item.get("revision", 0)),
        touches=touches,
        waits=waits,
        past=past,
        since=from_iso(since) if since else None,
        active_at=from_iso(active) if active else None,
        reads={hour: int(item[f"{READS}{hour}"]) for hour in range(24) if f"{READS}{hour}" in item},
    )


class DynamoLedgers:
    """`ports.Ledgers`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, subject: str) -> Ledger:
        return read_ledger(self._table.get(ledger_item(subject), consistent=True))

    def keep(self, subject: str, ledger: Ledger) -> bool:
        try:
            self._table.perform(ledger_op(self._table, subject, ledger))
        except ConditionFailed:
            return False
        return True

    def note_active(self, subject: str, at: datetime) -> None:
        self._note_last(subject, at, f" ADD {READS}{at.astimezone(UTC).hour} :one", {":one": 1})

    def _note_last(self, subject: str, at: datetime, more: str = "", values: Item | None = None) -> None:
        """What is told again is not newer, so it is not counted again either."""
        try:
            self._table.update(
                ledger_item(subject),
                "SET active_at = :at" + more,
                condition="attribute_not_exists(active_at) OR active_at < :at",
                values={":at": to_iso(at), **(values or {})},
            )
        except ConditionFailed:
            return

    def join(self, loser: str, winner: str) -> None:
        """One transaction takes the loser's ledger away and joins it to the winner's; told again, there is nothing to
        take. The loser keeps the list of its messages: they are its own, should the two be parted again."""
        for _ in range(CONFLICT_TRIES):
            theirs = self._table.get(ledger_item(loser), consistent=True)
            if theirs is None:
                return
            lost = read_ledger(theirs)
            joined = with_room(self._table, winner, self.get(winner).joined(lost))
            taken = self._table.delete_op(
                ledger_item(loser),
                condition="revision = :seen" if "revision" in theirs else "attribute_not_exists(revision)",
                values={":seen": theirs["revision"]} if "revision" in theirs else None,
            )
            left = [self._table.put_op(_list_item(loser, had))] if (had := lost.messages()) else []
            kept = ledger_op(self._table, winner, joined, lasting=True, more_reads=lost.reads)
            try:
                transact([taken, *left, kept])
            except TransactionRefused:
                continue
            if joined.active_at:
                self._note_last(winner, joined.active_at)
            return
        raise TransactionRefused([])
