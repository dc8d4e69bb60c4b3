"""A filter as a choice of terms: it holds if all tests of one of its terms come out as the term wants them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.shared.conditions.where import Group, Where

MAX_TESTS = 256
"""In all terms of one filter together. A group that would make more stays whole: a test like any other, only slower."""


@dataclass(frozen=True)
class Wanted:
    """A test, and how it must come out. The test is a `Group` where that stayed whole."""

    test: Where
    verdict: bool


Term = tuple[Wanted, ...]


def terms_of(where: Where) -> list[Term]:
    """Its terms, at least one; a filter without a choice has just one, however many tests that has."""
    return _terms(where, verdict=True)


def _terms(where: Where, *, verdict: bool) -> list[Term]:
    if not isinstance(where, Group):
        return [(Wanted(where, verdict),)]
    below = verdict != (where.operator == "none")
    if (where.operator == "any") is not verdict:
        return _both(where.children, verdict=below)
    terms = [term for child in where.children for term in _terms(child, verdict=below)]
    return terms if _tests(terms) <= MAX_TESTS else [(Wanted(where, verdict),)]


def _both(children: tuple[Where, ...], *, verdict: bool) -> list[Term]:
    """Every combination of the children's terms, as long as there is room for the children still to come."""
    choices = [(child, _terms(child, verdict=verdict)) for child in children]
    choices.sort(key=lambda choice: len(choice[1]))
    terms: list[Term] = [()]
    for place, (child, parts) in enumerate(choices, start=1):
        more = len(terms) * (_tests(parts) + len(parts) * (len(choices) - place))
        fits = len(parts) == 1 or _tests(terms) * len(parts) + more <= MAX_TESTS
        added = parts if fits else [(Wanted(child, verdict),)]
        terms = [(*term, *part) for term in terms for part in added]
    return terms


def _tests(terms: Iterable[Term]) -> int:
    return sum(map(len, terms))
