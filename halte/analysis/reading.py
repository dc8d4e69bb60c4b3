"""The origin of what happened as options of a command, and its reading with a count."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from halte.analysis.happenings import of_file, of_lake
from halte.analysis.showing import progress
from halte.stores import find
from services.ingest.domain.happenings import Happening


def add_origin(command: argparse.ArgumentParser) -> None:
    """Where events come from: a stage's lake or a file."""
    origin = command.add_mutually_exclusive_group(required=True)
    origin.add_argument("--stage", help="what is in its lake")
    origin.add_argument(
        "--file", type=Path, help="CSV, Parquet or lines of JSON with the columns person, event and at"
    )
    command.add_argument("--endpoint-url", help="of the AWS emulator")


@contextmanager
def reading(options: argparse.Namespace, console: Console) -> Iterator[Iterator[Happening]]:
    """What happened, counted on the screen while it is read."""
    with progress(console) as bar:
        task = bar.add_task("Reading events", total=None)

        def advance(count: int) -> None:
            bar.advance(task, count)

        if options.stage:
            yield of_lake(find(options.stage), advance)
        else:
            yield _counted(of_file(options.file), advance)
        bar.update(task, total=bar.tasks[0].completed)


def _counted(source: Iterator[Happening], report: Callable[[int], None]) -> Iterator[Happening]:
    for one in source:
        report(1)
        yield one


def days(text: str) -> timedelta:
    """An option in whole days."""
    number = int(text)
    if not 0 < number <= 3660:
        raise argparse.ArgumentTypeError("1 to 3660 days")
    return timedelta(days=number)


def instant(text: str) -> datetime:
    """An option that is a date or an instant; without a zone in UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("a date such as 2026-01-31") from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
