"""How a broken rule is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.shared.conditions import InvalidCondition
from services.shared.errors import Invalid

MAX_PROBLEMS = 200
"""Told of one document: more than a person reads."""


@dataclass(frozen=True)
class Problem:
    """One broken rule: `path` in the document, and the rule."""

    path: str
    message: str


class InvalidJourney(Invalid):
    """A document that can't be published; `problems` lists all that is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems[:MAX_PROBLEMS])
        super().__init__("invalid_journey", "; ".join(f"{p.path}: {p.message}" for p in self.problems))


def told_by(error: InvalidCondition, prefix: str) -> Iterator[Problem]:
    """What is wrong with a condition that stands at `prefix`."""
    for path, rule in error.problems:
        yield Problem(f"{prefix}.{path}" if path else prefix, rule)
