"""Clauses about related records: products held, orders with their lines, contracts, appointments, own types.

{"relation": "product", "where": {"field": "status", "eq": "held"}, "count": {"gte": 1}}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from services.shared.conditions.measures import millionths
from services.shared.conditions.nodes import Leaf, Reference, View
from services.shared.conditions.operators import COUNTING, PLAIN, Predicate, value_at
from services.shared.conditions.reading import Keys, name, path_of
from services.shared.conditions.rows import Record, Row, read_row
from services.shared.conditions.tracks import amount

_ANY = Row(lambda record, view, now: True)


def relation_leaf(keys: Keys) -> Leaf | None:
    """`{"relation": type, "where"?: row, "count"?: {operator: number} | "sum"?: {"of": field, operator: number}}`; at
    least one record, when neither is said."""
    kind = keys.need("relation", name)
    row: Row | None = _ANY
    if "where" in keys:
        row = read_row(keys.raw("where"), f"{keys.path}where.", keys.problems, keys.depth + 1)
    measure, holds = _measured(keys)
    if not keys.done() or kind is None or row is None or holds is None:
        return None
    return _leaf(keys, kind, row, measure, holds)


def _leaf(keys: Keys, kind: str, row: Row, measure: Callable[[list[Record]], Any], holds: Predicate) -> Leaf:
    passes, timed = row.check, row.moments

    def seen(view: View, now: int) -> Any:
        return measure([record for record in _records(view, kind) if passes(record, view, now)])

    def check(view: View, now: int) -> bool:
        return holds(seen(view, now))

    def moments(view: View, now: int) -> Iterable[int]:
        for record in _records(view, kind):
            yield from timed(record, view, now) if timed else ()

    references = [Reference("relation", kind, f"{keys.path}relation")]
    if row.own_zone:
        references.append(Reference("trait", "timezone", f"{keys.path}where"))
    return Leaf(keys.document, check, seen, moments if timed else None, row.repeats, tuple(references))


def _records(view: View, kind: str) -> Sequence[Record]:
    records: Mapping[str, Any] = view.get("relations") or {}
    return records.get(kind) or ()


def _measured(keys: Keys) -> tuple[Callable[[list[Record]], Any], Predicate | None]:
    if "count" not in keys and "sum" not in keys:
        return len, PLAIN["gte"].test(1)
    named = keys.one_of(("count", "sum"))
    if named is None:
        return len, None
    inner = Keys(keys.raw(named), f"{keys.path}{named}.", keys.problems, keys.depth + 1)
    of = inner.need("of", path_of) if named == "sum" else ()
    operator = inner.one_of(COUNTING)
    literal = inner.need(operator, COUNTING[operator].read) if operator else None
    if not inner.done() or operator is None or of is None:
        return len, None
    holds = COUNTING[operator].test(literal)
    return (len, holds) if named == "count" else (_sum_of(of), holds)


def _sum_of(path: tuple[str, ...]) -> Callable[[list[Record]], Any]:
    def total(records: list[Record]) -> int | float:
        return millionths(sum(amount(value_at(record, path)) or 0 for record in records))

    return total
