"""What each person was sent lately, in the table of gates: `cap#<profile or address key>` / `ledger`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from services.delivery.domain.pressure.ledger import Ledger, read, written
from services.shared.aws.dynamo import ConditionFailed, Item, Op, Table, TransactionRefused, transact
from services.shared.clock import from_iso, to_iso

CONFLICT_TRIES = 10

KEPT = timedelta(days=400)
"""Longer than the longest time without an open or click after which a person counts as inactive."""


def ledger_item(subject: str) -> Item:
    """The key of a person's ledger."""
    return {"pk": f"cap#{subject}", "sk": "ledger"}


READS = "h"
"""Before the hour (UTC), an attribute of how often the person read then; short, because there may be 24 of them."""


def ledger_op(
    table: Table, subject: str, ledger: Ledger, at: datetime, more_reads: Mapping[int, int] | None = None
) -> Op:
    """The write of a ledger, on condition that it still is the one that was read. `active_at` and reads are written by
    others at any time, so they are left alone, but for `more_reads` that are added."""
    touches, waits = written(ledger)
    values: Item = {
        ":new": ledger.revision + 1,
        ":touches": touches,
        ":waits": waits,
        ":expires": int((at + KEPT).timestamp()),
    }
    update = "SET revision = :new, touches = :touches, waits = :waits, expires_at = :expires"
    if ledger.since:
        update += ", since = :since"
        values[":since"] = to_iso(ledger.since)
    if more_reads:
        update += " ADD " + ", ".join(f"{READS}{hour} :r{hour}" for hour in more_reads)
        values |= {f":r{hour}": count for hour, count in more_reads.items()}
    condition = "attribute_not_exists(revision)"
    if ledger.revision:
        condition, values[":seen"] = "revision = :seen", ledger.revision
    return table.update_op(ledger_item(subject), update, condition=condition, values=values)


def move_on(table: Table, subject: str, at: datetime) -> None:
    """Let no claim pass that looked at the person's ledger before."""
    table.update(
        ledger_item(subject),
        "SET expires_at = if_not_exists(expires_at, :expires) ADD revision :one",
        values={":expires": int((at + KEPT).timestamp()), ":one": 1},
    )


def read_ledger(item: Item | None) -> Ledger:
    """The ledger in an item."""
    if item is None:
        return Ledger()
    touches, waits = read(item.get("touches", ""), item.get("waits", ""))
    since, active = item.get("since"), item.get("active_at")
    return Ledger(
        revision=int(item.get("revision", 0)),
        touches=touches,
        waits=waits,
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

    def keep(self, subject: str, ledger: Ledger, at: datetime) -> bool:
        try:
            self._table.perform(ledger_op(self._table, subject, ledger, at))
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
                "SET active_at = :at, expires_at = if_not_exists(expires_at, :expires)" + more,
                condition="attribute_not_exists(active_at) OR active_at < :at",
                values={":at": to_iso(at), ":expires": int((at + KEPT).timestamp()), **(values or {})},
            )
        except ConditionFailed:
            return

    def join(self, loser: str, winner: str, at: datetime) -> None:
        """One transaction takes the loser's ledger away and joins it to the winner's; told again, there is nothing to
        take."""
        for _ in range(CONFLICT_TRIES):
            theirs = self._table.get(ledger_item(loser), consistent=True)
            if theirs is None:
                return
            lost = read_ledger(theirs)
            joined = self.get(winner).joined(lost)
            taken = self._table.delete_op(
                ledger_item(loser),
                condition="revision = :seen" if "revision" in theirs else "attribute_not_exists(revision)",
                values={":seen": theirs["revision"]} if "revision" in theirs else None,
            )
            try:
                transact([taken, ledger_op(self._table, winner, joined, at, lost.reads)])
            except TransactionRefused:
                continue
            if joined.active_at:
                self._note_last(winner, joined.active_at)
            return
        raise TransactionRefused([])
