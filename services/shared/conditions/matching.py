"""Which of many patterns an event matches: asked once an event, not once a pattern.

The patterns of an event's name are the bits of one integer, a bit for each term of a pattern's filter. Each property
that they test has a table from its value to the bits which that value lets stand: what is left after one look per
property has matched. So the work grows with the number of properties, hardly with that of patterns. No code is made of
definitions: a literal is a key of a table and nothing else.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Literal, NamedTuple, get_args

from services.shared.conditions.probes import (
    Family,
    Probe,
    Row,
    Trial,
    below,
    by_predicate,
    family_of,
    layers_of,
    probes_of,
)
from services.shared.conditions.terms import Term, terms_of
from services.shared.conditions.where import (
    Comparison,
    Line,
    Properties,
    Where,
    compile_where,
    objects_in,
)

MAX_BITS = 2048
"""Of one integer. Patterns beyond that get the next one: so the size of all tables stays in proportion to the number
of patterns."""

_BITS = tuple(1 << position for position in range(MAX_BITS))


@dataclass(frozen=True)
class Pattern:
    """Events of one type and name (`track:Order Completed`), or of any name (`track:*`), that pass `where`."""

    key: str
    where: Where | None = None


class Matcher:
    """Says which patterns an event matches. Made by `compile_patterns`; immutable."""

    def __init__(self, by_key: Mapping[str, Sequence[_Index]]) -> None:
        self._by_key = by_key
        self._some_any_name = any(key.endswith(":*") for key in by_key)

    def __call__(self, key: str, properties: Properties) -> tuple[int, ...]:
        """The numbers, ascending, of the patterns that an event matches. `key` is its type and its name, joined by a
        colon: `track:Order Completed`."""
        indices = self._by_key.get(key, ())
        if self._some_any_name and (any_name := f"{key.partition(':')[0]}:*") != key:
            indices = (*indices, *self._by_key.get(any_name, ()))
        if len(indices) == 1:
            index = indices[0]
            return tuple(index.numbers(index.standing(properties)))
        return tuple(sorted({number for one in indices for number in one.numbers(one.standing(properties))}))


def compile_patterns(patterns: Iterable[Pattern]) -> Matcher:
    """The matcher of patterns, which it numbers from 0 in the order given."""
    by_key: dict[str, list[tuple[int, Term]]] = defaultdict(list)
    for number, pattern in enumerate(patterns):
        by_key[pattern.key] += _terms(number, pattern.where)
    return Matcher({key: _indices(terms) for key, terms in by_key.items()})


def _terms(number: int, where: Where | None) -> list[tuple[int, Term]]:
    return [(number, term) for term in ([()] if where is None else terms_of(where))]


def _indices(terms: Sequence[tuple[int, Term]]) -> list[_Index]:
    return [_Index(terms[i : i + MAX_BITS]) for i in range(0, len(terms), MAX_BITS)]


class _Index:
    """Terms of numbered patterns, by ascending numbers."""

    def __init__(self, terms: Sequence[tuple[int, Term]]) -> None:
        self._owners = [number for number, _ in terms]
        self._each_once = len(set(self._owners)) == len(terms)
        self._everything = (1 << len(terms)) - 1
        places = _places(term for _, term in terms)
        order = sorted(places, key=lambda place: (_KINDS.index(place.kind), -len(places[place])))
        made = [
            (place, probe) for place in order for probe in _probes(place, places[place], self._everything)
        ]
        self._steps = [(place.path[0], below(place.path[1:], probe)) for place, probe in made if place.path]
        self._wholes = [probe for place, probe in made if not place.path]

    def standing(self, properties: Properties) -> int:
        """The bits of the terms that stand."""
        standing, get = self._everything, properties.get
        for key, probe in self._steps:
            standing = probe(get(key), standing)
            if not standing:
                return 0
        for probe in self._wholes:
            standing = probe(properties, standing)
        return standing

    def numbers(self, standing: int) -> list[int]:
        """The numbers, ascending, of the patterns whose terms these are."""
        owners = self._owners
        found: list[int] = []
        while standing:
            last = standing.bit_length() - 1
            standing ^= _BITS[last]
            found.append(owners[last])
        found.reverse()
        return found if self._each_once else list(dict.fromkeys(found))


_Kind = Family | Literal["line", "whole"]
_KINDS: tuple[_Kind, ...] = (*get_args(Family), "line", "whole")


class _Place(NamedTuple):
    """What a table looks at, and how; a `whole` at all properties together."""

    kind: _Kind
    path: tuple[str, ...]


def _places(terms: Iterable[Term]) -> dict[_Place, list[Row[Any]]]:
    places: dict[_Place, list[Row[Any]]] = defaultdict(list)
    for position, term in enumerate(terms):
        for wanted in term:
            places[_place(wanted.test)].append(Row(_BITS[position], wanted.test, wanted.verdict))
    return places


def _place(test: Where) -> _Place:
    if isinstance(test, Comparison):
        return _Place(family_of(test), test.path)
    return _Place("line", (test.key,)) if isinstance(test, Line) else _Place("whole", ())


def _probes(place: _Place, rows: Sequence[Row[Any]], everything: int) -> list[Probe]:
    if place.kind == "line":
        return [_by_line(layer, everything) for layer in layers_of(rows)]
    if place.kind == "whole":
        return [by_predicate(map(_trial, layer), everything) for layer in layers_of(rows)]
    return probes_of(place.kind, rows, everything)


def _trial(row: Row[Where]) -> Trial:
    return json.dumps(row.test.document), compile_where(row.test), row


def _by_line(rows: Sequence[Row[Line]], everything: int) -> Probe:
    """The filters of lines are an index of their own, asked once a line."""
    if_none_passes = everything
    flips: dict[str, int] = defaultdict(int)
    filters: dict[str, Where] = {}
    for row in rows:
        name = json.dumps(row.test.document)
        filters[name] = row.test.where
        flips[name] |= row.bit
        if row.verdict:
            if_none_passes ^= row.bit
    by_number, relevant = list(flips.values()), reduce(or_, flips.values())
    indices = _indices([one for n, where in enumerate(filters.values()) for one in _terms(n, where)])

    def probe(value: Any, standing: int) -> int:
        if not standing & relevant:
            return standing
        lines, mask = objects_in(value), if_none_passes
        for number in {n for one in indices for n in one.numbers(reduce(or_, map(one.standing, lines), 0))}:
            mask ^= by_number[number]
        return standing & mask

    return probe
