"""The funnel by lifecycle stage: who came to each stage, who went on where, and after how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.shared.clock import to_iso
from services.shared.contracts.scoring import StageMove
from services.shared.ids import stable_id
from services.shared.statistics import Share

DAY_SECONDS = 86_400

MOVES, TIMED, SECONDS = "moves", "timed", "seconds"
"""Numbers of a row: people who went that way, those of them of whom it is known how long they had been where they came
from, and how long that was together."""


@dataclass(frozen=True, order=True)
class Way:
    """From a stage of `lifecycle` to another on a day (ISO, UTC; empty: on all days together). An empty `before` is the
    beginning, an empty `after` the end."""

    lifecycle: str
    day: str
    before: str
    after: str


def move_id(move: StageMove) -> str:
    """The same for every telling of one move. From it nobody finds the person."""
    who = (move.standing.profile_id, move.lifecycle, move.product)
    return stable_id("mov", *who, move.before, move.after, to_iso(move.at))


def ways(moves: Iterable[StageMove]) -> dict[Way, Counter[str]]:
    """What some moves add."""
    sums: dict[Way, Counter[str]] = {}
    for move in moves:
        numbers = Counter({MOVES: 1})
        if move.held_since is not None:
            held = max(0, round((move.at - move.held_since).total_seconds()))
            numbers.update({TIMED: 1, SECONDS: held})
        way = Way(move.lifecycle, to_iso(move.at)[:10], move.before, move.after)
        sums.setdefault(way, Counter()).update(numbers)
    return sums


def funnel(rows: Iterable[tuple[Way, Mapping[str, int]]]) -> list[dict[str, Any]]:
    """Each stage with how many came, left and are there still (`came` less `left`), and its `ways` on: how many of
    those who came went there, with the interval at 95 %, and the days they had been in it on average."""
    moved: dict[tuple[str, str], Counter[str]] = {}
    for way, numbers in rows:
        moved.setdefault((way.before, way.after), Counter()).update(numbers)
    stages = sorted({stage for pair in moved for stage in pair if stage})
    return sorted(
        (_stage(stage, moved) for stage in stages), key=lambda one: (-int(one["came"]), str(one["stage"]))
    )


def _stage(stage: str, moved: Mapping[tuple[str, str], Counter[str]]) -> dict[str, Any]:
    came = sum(numbers[MOVES] for (_, after), numbers in moved.items() if after == stage)
    left = {after: numbers for (before, after), numbers in moved.items() if before == stage}
    gone = sum(numbers[MOVES] for numbers in left.values())
    return {
        "stage": stage,
        "came": came,
        "left": gone,
        "there": came - gone,
        "ways": [_way(after, numbers, came) for after, numbers in sorted(left.items())],
    }


def _way(after: str, numbers: Counter[str], came: int) -> dict[str, Any]:
    share = Share(numbers[MOVES], max(came, numbers[MOVES]))
    interval = share.interval()
    days = numbers[SECONDS] / numbers[TIMED] / DAY_SECONDS if numbers[TIMED] else None
    return {
        "to": after,
        "people": numbers[MOVES],
        "rate": round(share.rate, 6),
        "low": round(interval.low, 6),
        "high": round(interval.high, 6),
        "days": None if days is None else round(days, 3),
    }
