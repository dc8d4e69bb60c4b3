"""What came of journeys, in the plans table: numbers in a few places each, so that batches rarely meet.

T#<journey>     <place>   numbers that only grow, each `n.<name>`
BATCH#<mark>    BATCH     what the batch that began with this happening has counted, in its order; goes after days
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta

from services.journeys.domain.figures import Figures, Happening, added, beyond, figures_of
from services.shared.aws.dynamo import ConditionFailed, Item, Op, Table, TransactionRefused, transact
from services.shared.clock import Clock
from services.shared.ids import stable_id

PLACES = 8
ATTEMPTS = 5
NUMBER = "n."
KEPT = timedelta(days=3)
"""Longer than a stream repeats anything (24 hours)."""


class DynamoCounters:
    """`running_ports.Counters` on the plans table."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def count(self, batch: Sequence[Happening]) -> None:
        while batch:
            batch = self._count(batch)

    def of(self, journeys: Iterable[str]) -> dict[str, Figures]:
        asked = dict.fromkeys(journeys)
        numbers = {journey: Counter[str]() for journey in asked}
        keys = [_place(journey, place) for journey in asked for place in range(PLACES)]
        for item in self._table.get_many(keys):
            named = {name.removeprefix(NUMBER): n for name, n in item.items() if name.startswith(NUMBER)}
            numbers[str(item["pk"]).removeprefix("T#")].update(named)
        return {journey: figures_of(found) for journey, found in numbers.items()}

    def _count(self, batch: Sequence[Happening]) -> Sequence[Happening]:
        """Count a batch, unless one that began alike is counted; what is left to be counted."""
        note = self._note([one.mark for one in batch])
        for attempt in range(ATTEMPTS):
            try:
                transact([note, *self._add(batch)])
            except TransactionRefused as refused:
                if 0 in refused.failed_conditions():
                    break
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                return ()
        return self._go_on(batch)

    def _go_on(self, batch: Sequence[Happening]) -> Sequence[Happening]:
        item = self._table.get(_key(batch[0].mark), consistent=True)
        counted = beyond(batch, item["marks"].split() if item else ())
        if counted.ahead:
            with suppress(ConditionFailed):  # somebody has noted it, or has gone on from there
                self._table.perform_put(self._note(counted.ahead))
        return counted.rest

    def _note(self, marks: Sequence[str]) -> Op:
        item = {
            **_key(marks[0]),
            "marks": " ".join(marks),
            "expires_at": int((self._clock.now() + KEPT).timestamp()),
        }
        return self._table.put_op(item, condition="attribute_not_exists(pk)")

    def _add(self, batch: Sequence[Happening]) -> Iterator[Op]:
        place = int(stable_id("place", batch[0].mark)[-1], 16) % PLACES
        for journey, numbers in added(batch).items():
            names = {f"#{i}": f"{NUMBER}{name}" for i, name in enumerate(numbers)}
            values = {f":{i}": n for i, n in enumerate(numbers.values())}
            adding = ", ".join(f"#{i} :{i}" for i in range(len(numbers)))
            yield self._table.update_op(_place(journey, place), f"ADD {adding}", names=names, values=values)


def _place(journey: str, place: int) -> Item:
    return {"pk": f"T#{journey}", "sk": str(place)}


def _key(mark: str) -> Item:
    return {"pk": f"BATCH#{mark}", "sk": "BATCH"}
