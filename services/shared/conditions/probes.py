"""Tables from the value of one property to the terms (bits of an integer) which that value lets stand.

A table is made of rows: the bit of a term, a test of the property, and how that test must come out. Bits without a row
always stand.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import reduce
from itertools import accumulate
from math import inf
from operator import and_, xor
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from services.shared.conditions.operators import Predicate, as_instant, is_number
from services.shared.conditions.where import Comparison, Where

T = TypeVar("T", bound=Where)

Probe = Callable[[Any, int], int]
"""Of a property's value (`None` if it has none) and the bits that stood until now: those that still do."""

Family = Literal["value", "number", "instant", "predicate"]
"""How a test is looked up, the cheapest first; of the last, each different one is tried."""

_BY_VALUE = frozenset({"eq", "ne", "in", "not_in", "exists"})
_BY_ORDER = frozenset({"gt", "gte", "lt", "lte", "between"})
_TRUE, _FALSE = object(), object()  # as keys, True and 1 are the same


class Row(NamedTuple, Generic[T]):
    """The term `bit` stands only where `test` comes out as `verdict`."""

    bit: int
    test: T
    verdict: bool


Trial = tuple[str, Predicate, Row[Any]]
"""A predicate under a name that only its equals have."""


class _ByValue(NamedTuple):
    """What stands for the values that tests name, and for a missing one, `true`, `false`, and all others."""

    named: dict[Hashable, int]
    rest: tuple[int, int, int, int]


def family_of(test: Comparison) -> Family:
    """How a comparison is looked up."""
    if test.operator in _BY_VALUE:
        return "value"
    if test.operator not in _BY_ORDER:
        return "predicate"
    return "instant" if isinstance(_points(test)[0], datetime) else "number"


def probes_of(family: Family, rows: Sequence[Row[Comparison]], everything: int) -> list[Probe]:
    """The tables of one property's rows of one family; `everything` has all bits that there are."""
    layers = layers_of(rows)
    if family == "value":
        return [_probe_by_value([_by_value(layer, everything) for layer in layers])]
    if family == "predicate":
        return [by_predicate(_trials(layer), everything) for layer in layers]
    return [_by_order(layers, everything, family)]


def layers_of(rows: Iterable[Row[T]]) -> list[list[Row[T]]]:
    """Rows parted so that no layer has two of one term: there, a bit depends on one test alone."""
    layers: list[list[Row[T]]] = []
    turns: Counter[int] = Counter()
    for row in rows:
        turn = turns[row.bit]
        turns[row.bit] += 1
        if turn == len(layers):
            layers.append([])
        layers[turn].append(row)
    return layers


def below(keys: Sequence[str], probe: Probe) -> Probe:
    """The same of what lies deeper in the value, under one key after another."""
    if not keys:
        return probe

    def inner(value: Any, standing: int) -> int:
        for key in keys:
            if not isinstance(value, dict):
                return probe(None, standing)
            value = value.get(key)
        return probe(value, standing)

    return inner


def _by_value(rows: Sequence[Row[Comparison]], everything: int) -> _ByValue:
    missing = other = everything
    flips: dict[Hashable, int] = defaultdict(int)
    for row in rows:
        operator, literal = row.test.operator, row.test.literal
        absent = operator == "exists" and not literal
        present = operator in ("ne", "not_in") or (operator == "exists" and bool(literal))
        if absent is not row.verdict:
            missing ^= row.bit
        if present is not row.verdict:
            other ^= row.bit
        for value in () if operator == "exists" else _mentioned(literal):
            flips[value] |= row.bit
    true, false = (other ^ flips.pop(value, 0) for value in (_TRUE, _FALSE))
    return _ByValue({value: other ^ flip for value, flip in flips.items()}, (missing, true, false, other))


def _mentioned(literal: Any) -> Iterator[Hashable]:
    for value in literal if isinstance(literal, tuple) else (literal,):
        yield (_TRUE if value else _FALSE) if isinstance(value, bool) else value


def _probe_by_value(layers: Sequence[_ByValue]) -> Probe:
    missing, true, false, other = _both(layer.rest for layer in layers)
    values = list({value for layer in layers for value in layer.named})
    masks = _both([layer.named.get(value, layer.rest[-1]) for value in values] for layer in layers)
    lookup = dict(zip(values, masks, strict=True)).get

    def probe(value: Any, standing: int) -> int:
        if value.__class__ is str:
            return standing & lookup(value, other)
        if value is None:
            return standing & missing
        if value is True or value is False:
            return standing & (true if value else false)
        try:
            return standing & lookup(value, other)
        except TypeError:  # a list or an object equals no literal
            return standing & other

    return probe


def _by_order(layers: Sequence[Sequence[Row[Comparison]]], everything: int, family: Family) -> Probe:
    """The points that the rows name cut the line into regions: the odd ones are the points, the even ones what lies
    between them."""
    points = sorted({point for rows in layers for row in rows for point in _points(row.test)})
    at = {point: 2 * i + 1 for i, point in enumerate(points)}
    regions = _both(list(_regions(rows, at, everything)) for rows in layers)
    [unordered] = _both([everything ^ sum(row.bit for row in rows if row.verdict)] for rows in layers)
    read, exactly = _as_number if family == "number" else as_instant, [*points, None]

    def probe(value: Any, standing: int) -> int:
        place = read(value)
        if place is None:
            return standing & unordered
        i = bisect_left(points, place)
        hit: bool = exactly[i] == place
        return standing & regions[i + i + hit]

    return probe


def _both(layers: Iterable[Sequence[int]]) -> list[int]:
    """What all layers let stand, in each of their places."""
    return [reduce(and_, masks) for masks in zip(*layers, strict=True)]


def _regions(rows: Sequence[Row[Comparison]], at: dict[Any, int], everything: int) -> Iterator[int]:
    """The bits that stand in each region: a row's changes only at the borders of its own stretch of regions."""
    changes = [0] * (2 * len(at) + 2)
    changes[0] = everything
    for row in rows:
        first, end = _stretch(row.test, at)
        changes[first] ^= row.bit
        changes[end] ^= row.bit
        if row.verdict:
            changes[0] ^= row.bit
    return accumulate(changes[:-1], xor)


def _points(test: Comparison) -> tuple[Any, ...]:
    return test.literal if isinstance(test.literal, tuple) else (test.literal,)


def _stretch(test: Comparison, at: dict[Any, int]) -> tuple[int, int]:
    """The regions in which a test holds: the first, and the one after the last."""
    operator, points = test.operator, [at[point] for point in _points(test)]
    first = points[0] + (operator == "gt") if operator in ("gt", "gte", "between") else 0
    end = points[-1] + (operator != "lt") if operator in ("lt", "lte", "between") else 2 * len(at) + 1
    return first, end


def _as_number(value: Any) -> Any:
    kind = value.__class__
    if kind is int or (kind is float and -inf < value < inf):
        return value
    return value if is_number(value) else None


def _trials(rows: Iterable[Row[Comparison]]) -> Iterator[Trial]:
    for row in rows:
        name = json.dumps([row.test.operator, row.test.document[row.test.operator]])
        yield name, row.test.holds, row


def by_predicate(trials: Iterable[Trial], everything: int) -> Probe:
    """A table without a shortcut: each predicate is tried, but only one of each name, and only while a term that has
    it stands."""
    if_none_holds = everything
    flips: dict[str, int] = defaultdict(int)
    predicates: dict[str, Predicate] = {}
    for name, holds, row in trials:
        predicates[name] = holds
        flips[name] |= row.bit
        if row.verdict:
            if_none_holds ^= row.bit
    tests = [(predicates[name], flip) for name, flip in flips.items()]

    def probe(value: Any, standing: int) -> int:
        mask = if_none_holds
        for holds, flip in tests:
            if standing & flip and holds(value):
                mask ^= flip
        return standing & mask

    return probe
