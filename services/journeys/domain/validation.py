"""Everything that is wrong with a journey document, at once and by path."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from services.journeys.domain.document import Document
from services.journeys.domain.rules.advice import advice
from services.journeys.domain.rules.conditions import unknown_of_walk, unreadable
from services.journeys.domain.rules.problems import MAX_PROBLEMS, InvalidJourney, Problem
from services.journeys.domain.rules.purpose import out_of_tone, uncollected, unprepared
from services.journeys.domain.rules.references import dangling
from services.journeys.domain.rules.shape import shaped
from services.journeys.domain.rules.values import wrong_values
from services.journeys.domain.rules.ways import wrong_ways

__all__ = ["InvalidJourney", "Problem", "Verdict", "judge", "read_document"]

MAX_BYTES = 200_000
"""Of a document as JSON: it is kept in one item with its version."""


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a document: `problems` must be mended before it is published, `warnings` may be meant.
    `document` is `None` where it cannot even be walked."""

    document: Document | None
    problems: list[Problem]
    warnings: list[Problem]


def judge(raw: Mapping[str, Any], known: Collection[str] | None = None) -> Verdict:
    """All that is wrong with a document that is to be published; `known` are the attributes that profiles may have
    (`None`: any)."""
    if too_large := _too_large(raw):
        return Verdict(None, too_large, [])
    document, problems = _read(raw)
    lacking = [
        problem
        for problem in (*unprepared(document), *uncollected(document, known))
        if not any(f"{one.path}.".startswith(f"{problem.path}.") for one in problems)
    ]
    warnings = [] if problems else list(advice(document))
    return Verdict(
        None if problems else document,
        [*problems, *lacking][:MAX_PROBLEMS],
        warnings[:MAX_PROBLEMS],
    )


def read_document(raw: Mapping[str, Any]) -> Document:
    """The document of a JSON object, if it can be walked: a draft may still lack what publishing asks for.

    Raises:
        InvalidJourney: it breaks at least one rule.
    """
    if too_large := _too_large(raw):
        raise InvalidJourney(too_large)
    document, problems = _read(raw)
    if problems:
        raise InvalidJourney(problems)
    return document


def _read(raw: Mapping[str, Any]) -> tuple[Document, list[Problem]]:
    """The document, with something plain where it is malformed, and all that keeps people from walking it."""
    document, problems = shaped(raw)
    problems += [*dangling(raw)]
    connected = not problems
    problems += [*unreadable(document), *wrong_values(document)]
    if connected:
        problems += [*wrong_ways(document), *unknown_of_walk(document), *out_of_tone(document)]
    return document, problems


def _too_large(raw: Mapping[str, Any]) -> list[Problem]:
    size = len(json.dumps(raw, ensure_ascii=False).encode(errors="surrogatepass"))
    return [Problem("document", f"has {size} bytes, the limit is {MAX_BYTES}")] if size > MAX_BYTES else []
