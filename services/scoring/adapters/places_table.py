"""Who is where, listed: the other side of the places in standings. Written from the standings' stream, so that judging
a person costs one write; every write is the same when it is repeated.

    list                                      entry                     what
    at/<kind>/<name>/<subject>/<value>/<n>    <profile id>              since; n: one of `SHARDS`
    moved/<kind>/<name>/<month>               <day>/<digest>            a move: subject, before, after ("": nowhere)

A row of moves says nothing of whose move it was once the profile's id is gone from all other stores.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from services.scoring.domain.places import Place, Seat, steps
from services.scoring.ports import Member, Migration, PlaceChange
from services.shared.aws.dynamo import WRITE_BATCH, Item, Table
from services.shared.aws.parallel import done, each
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.audience import PARTS

SHARDS = PARTS
"""Partitions of a list of members: 8,000 people a second may enter one segment."""

MOVES_KEPT = timedelta(days=400)
"""A year can be held against the one before."""


class PlacesTable:
    """The table `places`: key `list` and `entry`, ttl `expires_at`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def record(self, changes: Sequence[PlaceChange]) -> None:
        """Changes of one profile come in their order; of the entries they touch, the last state is written."""
        rows: dict[tuple[str, str], Item | None] = {}
        for change in changes:
            for item, stays in _rows(change):
                rows[item["list"], item["entry"]] = item if stays else None
        puts = [item for item in rows.values() if item]
        gone = [{"list": list_, "entry": entry} for (list_, entry), item in rows.items() if not item]
        done(each(self._table.put_many, _batches(puts)))
        done(each(self._table.delete_many, _batches(gone)))

    def members(self, seat: Seat, value: str, after: str, limit: int) -> tuple[list[Member], str]:
        shard, _, last = after.partition("/")
        found: list[Member] = []
        for n in range(int(shard or 0), SHARDS):
            rows = self._list(_at(seat, value, n), last, limit - len(found))
            found += [Member(row["entry"], from_iso(row["since"])) for row in rows]
            if len(found) == limit:
                return found, f"{n}/{found[-1].profile_id}"
            last = ""
        return found, ""

    def part(self, seat: Seat, value: str, part: int, after: str, limit: int) -> tuple[list[Member], str]:
        rows = self._list(_at(seat, value, part), after, limit)
        found = [Member(row["entry"], from_iso(row["since"])) for row in rows]
        return found, found[-1].profile_id if len(found) == limit else ""

    def count(self, seat: Seat, value: str) -> int:
        return sum(
            self._table.count("#list = :list", names={"#list": "list"}, values={":list": _at(seat, value, n)})
            for n in range(SHARDS)
        )

    def moves(self, kind: str, name: str, first: date, last: date) -> Counter[Migration]:
        counted: Counter[Migration] = Counter()
        for month in _months(first, last):
            rows = self._table.query(
                "#list = :list AND entry BETWEEN :first AND :last",
                names={"#list": "list"},
                values={
                    ":list": f"moved/{kind}/{name}/{month}",
                    ":first": first.isoformat(),
                    ":last": f"{last.isoformat()}/~",
                },
            )
            counted.update(Migration(row["subject"], row["before"], row["after"]) for row in rows)
        return counted

    def _list(self, list_: str, after: str, limit: int | None) -> Iterator[Item]:
        condition, values = "#list = :list", {":list": list_}
        if after:
            condition, values = f"{condition} AND entry > :after", {**values, ":after": after}
        return self._table.query(condition, names={"#list": "list"}, values=values, limit=limit)


def _months(first: date, last: date) -> list[str]:
    """Those that have a day from first to last, as `2026-01`."""
    days = range((last - first).days + 1)
    return sorted({(first + timedelta(days=n)).isoformat()[:7] for n in days})


def _batches(rows: Sequence[Item]) -> list[Sequence[Item]]:
    return [rows[i : i + WRITE_BATCH] for i in range(0, len(rows), WRITE_BATCH)]


def _rows(change: PlaceChange) -> Iterator[tuple[Item, bool]]:
    """Rows that a change writes, or (`False`) removes."""
    for seat, place in change.before.items():
        yield _member(change.profile_id, seat, place), False
    for seat, place in change.after.items():
        yield _member(change.profile_id, seat, place), True
    for seat in change.before.keys() | change.after.keys():
        old, new = change.before.get(seat), change.after.get(seat)
        for before, after in steps(old, new):
            at = after.since if after else change.at
            yield _move(change.profile_id, seat, before.value if before else "", after, at), True


def _member(profile_id: str, seat: Seat, place: Place) -> Item:
    shard = hashlib.sha256(profile_id.encode()).digest()[0] % SHARDS
    return {"list": _at(seat, place.value, shard), "entry": profile_id, "since": to_iso(place.since)}


def _move(profile_id: str, seat: Seat, before: str, after: Place | None, at: Any) -> Item:
    kind, name, subject = seat
    value = after.value if after else ""
    what = "|".join((profile_id, *seat, before, value, to_iso(at)))
    day = at.date().isoformat()
    return {
        "list": f"moved/{kind}/{name}/{day[:7]}",
        "entry": f"{day}/{hashlib.sha256(what.encode()).hexdigest()[:24]}",
        "subject": subject,
        "before": before,
        "after": value,
        "expires_at": int((at + MOVES_KEPT).timestamp()),
    }


def _at(seat: Seat, value: str, shard: int) -> str:
    kind, name, subject = seat
    return f"at/{kind}/{name}/{subject}/{value}/{shard}"
