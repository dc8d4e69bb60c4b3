"""The funnel's numbers in DynamoDB, beside the rows of reports.

stages#<lifecycle>    total#<before>#<after>     on all days
stages#<lifecycle>    <day>#<before>#<after>     on one day
move#<id>             MOVE                       a move that has been counted; goes when it is told no more
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from services.delivery.domain.reports.funnel import MOVES, SECONDS, TIMED, Way, move_id, ways
from services.shared.aws.dynamo import Item, Op, Table, TransactionRefused, transact
from services.shared.contracts.scoring import StageMove

PORTION = 25
"""Moves counted in one transaction: each is a note and three items at most."""

CONFLICT_TRIES = 10
NOTE_KEPT = timedelta(days=40)
"""Longer than a queue and its dead letters keep anything."""

TOTAL = "total"


class DynamoFunnel:
    """Port `Funnel`: moves in one transaction with a note of each, so that each counts once, however it is told."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def count(self, moves: Sequence[StageMove], at: datetime) -> int:
        own = list({move_id(move): move for move in moves}.values())
        return sum(self._count(own[start : start + PORTION], at) for start in range(0, len(own), PORTION))

    def ways(self, lifecycle: str, days: tuple[date, date] | None) -> Iterator[tuple[Way, Mapping[str, int]]]:
        first, last = (f"{days[0]}#", f"{days[1]}$") if days else (f"{TOTAL}#", f"{TOTAL}$")
        found = self._table.query(
            "pk = :p AND sk BETWEEN :first AND :last",
            values={":p": f"stages#{lifecycle}", ":first": first, ":last": last},
        )
        for item in found:
            day, before, after = str(item["sk"]).split("#")
            numbers = {name: int(item[name]) for name in (MOVES, TIMED, SECONDS) if name in item}
            yield Way(lifecycle, "" if day == TOTAL else day, before, after), numbers

    def _count(self, moves: Sequence[StageMove], at: datetime) -> int:
        """Leave out what is counted already and try again; others may be in the way."""
        left, tries = list(moves), CONFLICT_TRIES
        while left:
            try:
                transact([*(self._note(move, at) for move in left), *self._add(left)])
            except TransactionRefused as refused:
                known = set(refused.failed_conditions())
                left = [move for number, move in enumerate(left) if number not in known]
                tries -= not known
                if not tries:
                    raise
            else:
                return len(left)
        return 0

    def _note(self, move: StageMove, at: datetime) -> Op:
        expires_at = int((at + NOTE_KEPT).timestamp())
        return self._table.put_op(
            {"pk": f"move#{move_id(move)}", "sk": "MOVE", "expires_at": expires_at},
            condition="attribute_not_exists(pk)",
        )

    def _add(self, moves: Iterable[StageMove]) -> Iterator[Op]:
        rows: dict[Way, Counter[str]] = {}
        for way, numbers in ways(moves).items():
            for key in (way, replace(way, day=TOTAL)):
                rows.setdefault(key, Counter()).update(numbers)
        for way, numbers in sorted(rows.items()):
            names = {f"#{i}": name for i, name in enumerate(numbers)}
            values: Item = {f":{i}": n for i, n in enumerate(numbers.values())}
            adding = ", ".join(f"#{i} :{i}" for i in range(len(numbers)))
            place: dict[str, Any] = {
                "pk": f"stages#{way.lifecycle}",
                "sk": f"{way.day}#{way.before}#{way.after}",
            }
            yield self._table.update_op(place, f"ADD {adding}", names=names, values=values)
