"""The report on the terminal: where every event went, what was sent to whom, and whether the books hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from local.accounting import Books
from local.markup import Cell
from local.page import (
    DOOR_HEAD,
    JOURNEY_HEAD,
    MESSAGE_COLUMNS,
    OUTCOME_HEAD,
    door_rows,
    journey_rows,
    message_rows,
    outcome_rows,
)


def show(console: Console, books: Books, facts: Sequence[tuple[str, str]]) -> None:
    """Print everything."""
    console.print(_table("Where every accepted event went", DOOR_HEAD, door_rows(books)))
    console.print(
        _table("Messages", ("journey", "template", "channel", *MESSAGE_COLUMNS), message_rows(books))
    )
    console.print(_table("What came of them (with 95 %)", OUTCOME_HEAD, outcome_rows(books)))
    skipped: list[list[Cell]] = [[j, t, r, n] for (j, t, r), n in sorted(books.skipped.items())]
    console.print(_table("Held back", ("journey", "template", "reason", "messages"), skipped))
    console.print(_table("Consent ledger", ("entry", "number"), sorted(books.ledger.items())))
    console.print(_table("Journeys", JOURNEY_HEAD, journey_rows(books)))
    console.print(_table("This run", ("what", "value"), facts))
    for check in books.checks:
        mark = "[green]✓[/green]" if check.holds else "[bold red]✗[/bold red]"
        console.print(f"{mark} {check.name}", highlight=False)
        if not check.holds:
            console.print(f"    {check.detail}", style="red", markup=False, highlight=False)
    held = sum(check.holds for check in books.checks)
    style = "bold green" if books.hold else "bold red"
    console.print(f"{held} of {len(books.checks)} checks hold", style=style)


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Table:
    shown = Table(*head, title=title, title_justify="left")
    rows = list(rows)
    for column, sample in zip(shown.columns, rows[0] if rows else (), strict=False):
        column.justify = "right" if isinstance(sample, int) else "left"
    for row in rows:
        shown.add_row(*(f"{value:,}" if isinstance(value, int) else value for value in row))
    return shown
