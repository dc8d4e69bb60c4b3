"""Filters on one related record, the `where` of a relation clause.

    all / any / none    {"all": [row, ...]}
    a field             {"field": "status", "eq": "held"}      deeper: {"field": ["fields", "plan"], "in": ["a", "b"]}
    a line              {"line": "lines", "where": row}         some object in the list under the key passes

A field takes every operator, those about time passing too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.shared.conditions.holding import read_holding
from services.shared.conditions.nodes import View, combine
from services.shared.conditions.operators import PLAIN, value_at
from services.shared.conditions.reading import Keys, Problems, name, path_of
from services.shared.conditions.where import objects_in

HEADS = ("all", "any", "none", "field", "line")
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """A compiled filter over (record, view, now in ms). `moments` is `None` where time alone changes nothing;
    `repeats` as of `nodes.Leaf`; `own_zone`: it depends on the person's trait `timezone`."""

    check: Callable[[Record, View, int], bool]
    moments: Callable[[Record, View, int], Iterable[int]] | None = None
    repeats: bool = False
    own_zone: bool = False


def read_row(document: Any, path: str, problems: Problems, depth: int) -> Row | None:
    """The filter that a JSON value describes; `None` when something was wrong and was noted."""
    if not problems.admit(path, depth):
        return None
    keys = Keys(document, path, problems, depth)
    head = keys.one_of(HEADS) if keys.sound else None
    if head is None:
        keys.done()
        return None
    if head == "field":
        return _field(keys)
    return _line(keys) if head == "line" else _group(keys, head)


def _group(keys: Keys, operator: str) -> Row | None:
    children = keys.raw(operator)
    if not isinstance(children, list) or not children:
        keys.problems.add(f"{keys.path}{operator}", "must be a list of at least one filter")
        return None
    rows = [
        read_row(child, f"{keys.path}{operator}.{i}.", keys.problems, keys.depth + 1)
        for i, child in enumerate(children)
    ]
    sound = [row for row in rows if row is not None]
    if not keys.done() or len(sound) < len(rows):
        return None
    timed = [row.moments for row in sound if row.moments is not None]

    def moments(record: Record, view: View, now: int) -> Iterable[int]:
        for one in timed:
            yield from one(record, view, now)

    return Row(
        combine(operator, tuple(row.check for row in sound)),
        moments if timed else None,
        any(row.repeats for row in sound),
        any(row.own_zone for row in sound),
    )


def _line(keys: Keys) -> Row | None:
    key = keys.need("line", name)
    row = read_row(keys.raw("where"), f"{keys.path}where.", keys.problems, keys.depth + 1)
    if not keys.done() or row is None or key is None:
        return None
    passes, timed = row.check, row.moments

    def check(record: Record, view: View, now: int) -> bool:
        return any(passes(line, view, now) for line in objects_in(record.get(key)))

    def moments(record: Record, view: View, now: int) -> Iterable[int]:
        for line in objects_in(record.get(key)):
            yield from timed(line, view, now) if timed else ()

    return Row(check, moments if timed else None, row.repeats, row.own_zone)


def _field(keys: Keys) -> Row | None:
    path, holding = keys.need("field", path_of), read_holding(keys, PLAIN)
    if not keys.done() or path is None or holding is None:
        return None
    holds, judge = holding.predicate, holding.holds

    def moments(record: Record, view: View, now: int) -> Iterable[int]:
        return holding.moments(value_at(record, path), view, now)

    if holding.timing is None:
        return Row(lambda record, view, now: holds(value_at(record, path)))
    return Row(
        lambda record, view, now: judge(value_at(record, path), view, now),
        moments,
        holding.by_day,
        holding.own_zone,
    )
