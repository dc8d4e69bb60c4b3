"""A filter as a choice of terms: it holds if all tests of one of its terms come out as the term wants them."""

from __future__ import annotations

from dataclasses import dataclass

from services.shared.conditions.where import Group, Where

MAX_TERMS = 32
"""Of one filter. What would make more stays whole: it is a test like any other, only a slower one."""


@dataclass(frozen=True)
class Wanted:
    """A test, and how it must come out. The test is a `Group` where taking that apart would make too many terms."""

    test: Where
    verdict: bool


Term = tuple[Wanted, ...]


def terms_of(where: Where) -> list[Term]:
    """Its terms, at most `MAX_TERMS`, and at least one."""
    return _terms(where, verdict=True)


def _terms(where: Where, *, verdict: bool) -> list[Term]:
    if not isinstance(where, Group):
        return [(Wanted(where, verdict),)]
    below = verdict != (where.operator == "none")
    if (where.operator == "any") is verdict:
        return _either(where, verdict=verdict, below=below)
    return _both(where.children, verdict=below)


def _either(where: Group, *, verdict: bool, below: bool) -> list[Term]:
    terms = [term for child in where.children for term in _terms(child, verdict=below)]
    return terms if len(terms) <= MAX_TERMS else [(Wanted(where, verdict),)]


def _both(children: tuple[Where, ...], *, verdict: bool) -> list[Term]:
    terms: list[Term] = [()]
    for child in children:
        parts = _terms(child, verdict=verdict)
        if len(terms) * len(parts) > MAX_TERMS:
            parts = [(Wanted(child, verdict),)]
        terms = [(*term, *part) for term in terms for part in parts]
    return terms
