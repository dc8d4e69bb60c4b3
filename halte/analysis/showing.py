"""Figures as cells of a table, and bars of progress."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from services.scoring.domain.analysis.evidence import Interval, Share


def percent(rate: float) -> str:
    """With one decimal."""
    return f"{100 * rate:.1f}%"


def rated(share: Share) -> tuple[str, str]:
    """A rate and its interval."""
    believable = share.interval()
    return percent(share.rate), f"{percent(believable.low)} to {percent(believable.high)}"


def span(interval: Interval) -> str:
    """An interval of lifts."""
    return f"{interval.low:.2f} to {interval.high:.2f}"


def progress(console: Console) -> Progress:
    """Bars with counts and the time that has passed."""
    columns = (TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def table(*columns: str) -> Table:
    """An empty table that is narrow enough for a terminal."""
    return Table(*columns, box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
