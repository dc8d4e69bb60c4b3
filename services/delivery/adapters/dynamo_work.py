"""Tasks, letters that wait for an order, and passes, in one DynamoDB table.

`task#<id>` / `task`; `print` / `<send id>`; `pass#<profile>` / `balance`, `issue`. Index `open` has the tasks that
nobody closed, by when they came, and `by_profile` everything of a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from typing import Any, TypeVar

from services.delivery.domain.work import Pass, Piece, Task
from services.shared.aws.dynamo import ConditionFailed, Item, Key, Table

OPEN = "open"
PRINT = "print"
Kept = TypeVar("Kept", Task, Piece, Pass)


class DynamoWork:
    """`ports.Work`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add_task(self, task: Task) -> bool:
        return self._add({**_task_key(task.task_id), **_filled(task), "open_partition": OPEN})

    def task(self, task_id: str) -> Task | None:
        item = self._table.get(_task_key(task_id), consistent=True)
        return read(Task, item) if item else None

    def close_task(self, task: Task) -> bool:
        try:
            self._table.put(
                {**_task_key(task.task_id), **_filled(task)},
                condition="#status = :open",
                names={"#status": "status"},
                values={":open": "open"},
            )
        except ConditionFailed:
            return False
        return True

    def open_tasks(self, limit: int, start: Key | None) -> tuple[list[Task], Key | None]:
        found, more = self._table.page(
            "open_partition = :p", values={":p": OPEN}, index="open", start=start, limit=limit
        )
        return [read(Task, item) for item in found], more

    def add_piece(self, piece: Piece) -> bool:
        return self._add({"pk": PRINT, "sk": piece.send_id, **_filled(piece)})

    def pieces(self) -> list[Piece]:
        found = self._table.query("pk = :pk", values={":pk": PRINT}, consistent=True)
        return [read(Piece, item) for item in found]

    def forget_pieces(self, send_ids: Iterable[str]) -> int:
        return self._table.delete_many({"pk": PRINT, "sk": send_id} for send_id in send_ids)

    def show(self, new: Pass) -> bool:
        try:
            self._table.put(
                {**_pass_key(new.profile_id, new.kind), **asdict(new)},
                condition="attribute_not_exists(pk) OR #at < :at",
                names={"#at": "at"},
                values={":at": new.at},
            )
        except ConditionFailed:
            return False
        return True

    def shown(self, profile_id: str) -> Pass | None:
        item = self._table.get(_pass_key(profile_id, "balance"), consistent=True)
        return read(Pass, item) if item else None

    def of_profile(self, profile_id: str) -> Iterator[dict[str, Any]]:
        return self._table.query("profile_id = :p", values={":p": profile_id}, index="by_profile")

    def forget_profile(self, profile_id: str) -> int:
        keys = [{"pk": item["pk"], "sk": item["sk"]} for item in self.of_profile(profile_id)]
        return self._table.delete_many(keys)

    def _add(self, item: Item) -> bool:
        try:
            self._table.put(item, condition="attribute_not_exists(pk)")
        except ConditionFailed:
            return False
        return True


def read(kind: type[Kept], item: Item) -> Kept:
    """What an item of that kind stands for."""
    return kind(**{f.name: item[f.name] for f in fields(kind) if f.name in item})


def _filled(one: Task | Piece) -> Item:
    """An index takes no empty key."""
    return {name: value for name, value in asdict(one).items() if value != ""}


def _task_key(task_id: str) -> Item:
    return {"pk": f"task#{task_id}", "sk": "task"}


def _pass_key(profile_id: str, kind: str) -> Item:
    return {"pk": f"pass#{profile_id}", "sk": kind}
