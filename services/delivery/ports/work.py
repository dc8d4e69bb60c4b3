"""Tasks, orders to printers, and receivers of our own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from services.delivery.domain.protocol import Answer
from services.delivery.domain.work import Pass, Piece, Task


class Work(Protocol):
    """Tasks, letters that wait for an order, and passes."""

    def add_task(self, task: Task) -> bool:
        """Keep a new task; `False`: it is known."""
        ...

    def task(self, task_id: str) -> Task | None:
        """The task as it stands."""
        ...

    def close_task(self, task: Task) -> bool:
        """Write a task that was open and is closed now; `False`: it was not open any more."""
        ...

    def open_tasks(
        self, limit: int, start: Mapping[str, Any] | None
    ) -> tuple[list[Task], Mapping[str, Any] | None]:
        """The tasks that nobody closed, oldest first, a moment old; and where the rest begins."""
        ...

    def add_piece(self, piece: Piece) -> bool:
        """Keep a letter for the next order; `False`: it waits already."""
        ...

    def pieces(self) -> list[Piece]:
        """All letters that wait, read consistently."""
        ...

    def forget_pieces(self, send_ids: Iterable[str]) -> int:
        """Remove letters that were ordered; how many were named."""
        ...

    def show(self, new: Pass) -> bool:
        """Keep what a pass is to show from now on; `False`: it is not newer."""
        ...

    def shown(self, profile_id: str) -> Pass | None:
        """What a profile's pass is to show."""
        ...

    def of_profile(self, profile_id: str) -> Iterator[dict[str, Any]]:
        """Everything of a person, as JSON; a moment old."""
        ...

    def forget_profile(self, profile_id: str) -> int:
        """Forget it; how much there was."""
        ...


class Orders(Protocol):
    """Order files for the printer."""

    def days(self) -> list[str]:
        """The days that have an order, oldest first."""
        ...

    def read(self, day: str) -> bytes:
        """The order of a day."""
        ...

    def put(self, day: str, content: bytes) -> bool:
        """Write the order of a day, once; `False`: there is one."""
        ...

    def link(self, day: str) -> str:
        """Where the printer fetches it, for an hour."""
        ...

    def reports(self) -> list[tuple[str, str]]:
        """Files in which the printer says what became of pieces: the day of the order, and the file's name."""
        ...

    def report(self, name: str) -> bytes:
        """Such a file."""
        ...

    def forget_report(self, name: str) -> None:
        """Remove it; again is the same."""
        ...


class Receiver(Protocol):
    """Systems of others that are told in signed requests."""

    def tell(self, channel: str, message_id: str, body: Mapping[str, Any]) -> Answer:
        """One attempt; `message_id` is the same for each repetition."""
        ...
