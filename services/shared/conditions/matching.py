"""Which of many patterns an event matches: asked once an event, not once a pattern.

The patterns of an event's name are the bits of one integer, a bit for each term of a pattern's filter. Each property
that they test has a table from its value to the bits which that value lets stand: what is left after one look per
property has matched. So the work grows with the number of properties, hardly with that of patterns. No code is made of
definitions: a literal is a key of a table and nothing else.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Literal, NamedTuple, get_args

from services.shared.conditions.probes import Family, Probe, Row, below, by_predicate, family_of, probe_of
from services.shared.conditions.terms import Term, terms_of
from services.shared.conditions.where import (
    Comparison,
    Line,
    Properties,
    Where,
    compile_where,
    objects_in,
)

MAX_BITS = 4096
"""Of one integer. Patterns beyond that get the next one: so the size of all tables stays in proportion to the number
of patterns."""


@dataclass(frozen=True)
class Pattern:
    """Events of one type and name (`track:Order Completed`), or of any name (`track:*`), that pass `where`."""

    key: str
    where: Where | None = None


class Matcher:
    """Says which patterns an event matches. Made by `compile_patterns`; immutable."""

    def __init__(self, by_key: Mapping[str, Sequence[_Index]]) -> None:
        self._by_key = by_key

    def __call__(self, key: str, properties: Properties) -> tuple[int, ...]:
        """The numbers, ascending, of the patterns that an event matches. `key` is its type and its name, joined by a
        colon: `track:Order Completed`."""
        indices = self._by_key.get(key, ())
        any_name = f"{key.partition(':')[0]}:*"
        if any_name in self._by_key and any_name != key:
            indices = (*indices, *self._by_key[any_name])
        if len(indices) == 1:
            return tuple(indices[0](properties))
        return tuple(sorted({number for index in indices for number in index(properties)}))


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
        self._everything = (1 << len(terms)) - 1
        places = _places(term for _, term in terms)
        order = sorted(places, key=lambda place: (_KINDS.index(place.kind), -len(places[place])))
        self._steps = [
            (place.path[0], below(place.path[1:], _probe(place.kind, places[place], self._everything)))
            for place in order
            if place.path
        ]
        self._wholes = [
            _probe(place.kind, places[place], self._everything) for place in order if not place.path
        ]

    def __call__(self, properties: Properties) -> list[int]:
        """The numbers, ascending, of the patterns of which a term stands."""
        standing, get = self._everything, properties.get
        for key, probe in self._steps:
            standing = probe(get(key), standing)
            if not standing:
                return []
        for probe in self._wholes:
            standing = probe(properties, standing)
        found: list[int] = []
        while standing:
            last = standing.bit_length() - 1
            standing ^= 1 << last
            if not found or found[-1] != self._owners[last]:
                found.append(self._owners[last])
        found.reverse()
        return found


_Kind = Family | Literal["line", "whole"]
_KINDS: tuple[_Kind, ...] = (*get_args(Family), "line", "whole")


class _Place(NamedTuple):
    """One table: what it looks at, how, and which of the tests that a term may have there it takes."""

    kind: _Kind
    path: tuple[str, ...]
    turn: int


def _places(terms: Iterable[Term]) -> dict[_Place, list[Row[Any]]]:
    places: dict[_Place, list[Row[Any]]] = defaultdict(list)
    for position, term in enumerate(terms):
        turns: Counter[tuple[_Kind, tuple[str, ...]]] = Counter()
        for wanted in term:
            at = _kind_and_path(wanted.test)
            places[_Place(*at, turns[at])].append(Row(1 << position, wanted.test, wanted.verdict))
            turns[at] += 1
    return places


def _kind_and_path(test: Where) -> tuple[_Kind, tuple[str, ...]]:
    if isinstance(test, Comparison):
        return family_of(test), test.path
    return ("line", (test.key,)) if isinstance(test, Line) else ("whole", ())


def _probe(kind: _Kind, rows: Sequence[Row[Any]], everything: int) -> Probe:
    if kind == "line":
        return _by_line(rows, everything)
    if kind == "whole":
        trials = [(json.dumps(row.test.document), compile_where(row.test), row) for row in rows]
        return by_predicate(trials, everything)
    return probe_of(kind, rows, everything)


def _by_line(rows: Sequence[Row[Line]], everything: int) -> Probe:
    """The filters of lines are an index of their own: every line is looked at once."""
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
        passed = set()
        if standing & relevant:
            for line in objects_in(value):
                for index in indices:
                    passed.update(index(line))
        mask = if_none_passes
        for number in passed:
            mask ^= by_number[number]
        return standing & mask

    return probe
