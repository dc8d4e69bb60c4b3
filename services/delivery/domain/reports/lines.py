"""What reports count, as lines of the lake: each says how much one change of a message added to one number of one row.

Lines lie under the day of their row. Each has an id that is the same whenever it is told, so that whoever adds them up
counts each id once. They name the message and never the person: after an erasure nothing leads from one to the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from services.delivery.domain.reports.once import Change
from services.shared.ids import stable_id

RAW = "outcomes/"
"""Prefix of what the outbox writes, gzip NDJSON."""

PARQUET = "outcome-lake/"
"""Prefix of finished days."""

DIMENSIONS = (
    "journey",
    "node",
    "variant",
    "campaign",
    "objective",
    "angle",
    "template",
    "channel",
    "mailbox",
)

COLUMNS: Mapping[str, str] = {
    "id": "VARCHAR",
    "send_id": "VARCHAR",
    "day": "DATE",
    **dict.fromkeys(DIMENSIONS, "VARCHAR"),
    "measure": "VARCHAR",
    "amount": "BIGINT",
}
"""Name and type of each column."""


@dataclass(frozen=True)
class Told:
    """A change of the message `send_id`."""

    send_id: str
    change: Change


def lines_of(batch: Iterable[Told]) -> dict[str, list[dict[str, Any]]]:
    """The lines of some changes, by the day of their rows (ISO)."""
    days: dict[str, list[dict[str, Any]]] = {}
    for told in batch:
        numbered = (
            (key, measure, amount) for key, by in told.change.rows.items() for measure, amount in by.items()
        )
        for number, (key, measure, amount) in enumerate(numbered):
            line = {
                "id": f"{told.change.event_id}-{number}",
                "send_id": told.send_id,
                **asdict(key),
                "measure": measure,
                "amount": amount,
            }
            days.setdefault(key.day, []).append(line)
    return days


def raw_key(day: str, lines: Iterable[Mapping[str, Any]]) -> str:
    """Key of the object that holds these lines: the same ones overwrite it."""
    return f"{RAW}date={day}/{stable_id('out', *(str(line['id']) for line in lines))}.ndjson.gz"


def part_key(day: str, sources: Iterable[str]) -> str:
    """Key of the part that is made of `sources`: whoever makes it again overwrites it."""
    return f"{PARQUET}date={day}/{stable_id('part', *sorted(sources))}.parquet"


def day_of(key: str) -> date | None:
    """The day in a key or prefix; `None`: there is none."""
    _, found, text = key.partition("date=")
    try:
        return date.fromisoformat(text.partition("/")[0]) if found else None
    except ValueError:
        return None
