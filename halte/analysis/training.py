"""Training of response models: a logistic regression over bands and values (a scorecard), by Newton's method.

Plain Python, for a row has few features: 40,000 rows of 20 features take some ten seconds. The same rows, columns and
seed give the same model to the last digit.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from services.scoring.domain.analysis.response import (
    MAX_FEATURES,
    MAX_NAME,
    MISSING,
    OTHERWISE,
    Bands,
    Cell,
    ResponseModel,
    Values,
    logistic,
    number_of,
    text_of,
)
from services.shared.errors import Invalid

BANDS = 5
"""Into how many bands of about as many people a number is cut."""

MOST_VALUES = 50
"""A feature with more values than that is an identifier or a free text."""

LEAST_SUPPORT = 15
"""Values of fewer people are taken together as `otherwise`."""

PENALTY = 1.0
"""How strongly weights are drawn to 0 (ridge): what few people have says little."""

ROUNDS = 50
SETTLED = 1e-9
LONGEST_STEP = 4.0

KNOWN_AFTER: Mapping[str, str] = {
    "duration": "how long a call lasted is known only when it is over and the answer with it: nobody can be "
    "chosen by it, and a model with it looks better than it is",
}
"""Columns that hold the answer, and why."""

Row = Mapping[str, Any]
Cells = tuple[tuple[int, float], ...]
"""Of a row what is not 0: places among the weights, rising, each with its value."""

Report = Callable[[int], None]
"""Is told how many rounds are done."""


class Leak(Invalid):
    """A feature is known only after the answer: `known_after`."""


class Unlearnable(Invalid):
    """There is nothing to learn from: `too_few_answers` of either kind, `no_features`, `too_many_features`,
    `unknown_column`, `name_too_long`, `no_relation`."""


@dataclass(frozen=True)
class _Column:
    """A feature without weights yet, and for each of its cells which of all weights it is."""

    blank: Bands | Values
    places: Mapping[Cell, int]


def choose(
    columns: Iterable[str],
    target: str,
    asked: Sequence[str] = (),
    known_after: Mapping[str, str] = KNOWN_AFTER,
) -> list[str]:
    """The features to learn from: those `asked` for, else every column that may be known beforehand and has a name of
    at most `MAX_NAME` characters.

    Raises:
        Leak: one that was asked for is known only after the answer.
        Unlearnable: one is not among the columns, or has too long a name.
    """
    columns = list(columns)
    for name in (*asked, target):
        if name not in columns:
            raise Unlearnable("unknown_column", f"{name}: not among {', '.join(columns)}")
    for name in asked:
        if name in known_after or name == target:
            raise Leak("known_after", f"{name}: {known_after.get(name, 'it is the answer')}")
        if len(name) > MAX_NAME:
            raise Unlearnable("name_too_long", f"{name}: at most {MAX_NAME} characters")
    chosen = [name for name in asked or columns if name not in known_after and name != target]
    return [name for name in chosen if 0 < len(name) <= MAX_NAME]


def train(
    name: str,
    target: str,
    rows: Sequence[Row],
    answers: Sequence[bool],
    features: Sequence[str],
    report: Report = lambda done: None,
) -> ResponseModel:
    """The model of who answers, from people whose answer is known.

    Raises:
        Unlearnable: too few people of either answer, or no feature that differs between people, or too many.
    """
    if min(sum(answers), len(answers) - sum(answers)) < LEAST_SUPPORT:
        raise Unlearnable("too_few_answers", f"{target}: at least {LEAST_SUPPORT} people of either answer")
    columns = _columns(rows, features)
    if not columns:
        raise Unlearnable("no_features", "no feature has different values")
    if len(columns) > MAX_FEATURES:
        raise Unlearnable("too_many_features", f"at most {MAX_FEATURES} of the {len(columns)}, to be chosen")
    size = 1 + sum(len(column.places) for column in columns)
    design = [
        ((0, 1.0), *((one.places[one.blank.cell(row.get(one.blank.name))], 1.0) for one in columns))
        for row in rows
    ]
    weights = newton(design, answers, size, report=report)
    return ResponseModel(
        name=name,
        target=target,
        intercept=round(weights[0], 6),
        features=tuple(_weighted(column, weights) for column in columns),
    )


def _columns(rows: Sequence[Row], features: Sequence[str]) -> list[_Column]:
    columns: list[_Column] = []
    free = 1  # weight 0 is the intercept
    for feature in features:
        values = [row.get(feature) for row in rows]
        blank = _blank(feature, values)
        if blank is not None:
            cells = sorted({blank.cell(value) for value in values})
            columns.append(_Column(blank, {cell: free + n for n, cell in enumerate(cells)}))
            free += len(cells)
    return columns


def _blank(name: str, values: Sequence[Any]) -> Bands | Values | None:
    """A feature with no weights yet; `None` when it tells nobody from anybody."""
    known = [value for value in values if value is not None and value != ""]
    numbers = [number for value in known if (number := number_of(value)) is not None]
    if len(set(numbers)) > 2 and len(numbers) == len(known):
        bounds = _bounds(sorted(numbers))
        return Bands(name=name, bounds=bounds, weights=(0.0,) * (len(bounds) + 1))
    counts = Counter(map(text_of, known))
    often = (value for value, count in sorted(counts.items()) if count >= LEAST_SUPPORT)
    listed = {value: 0.0 for value in often if len(value) <= MAX_NAME}
    different = len(listed) + (len(known) < len(values)) + (len(counts) > len(listed))
    if not listed or different < 2 or len(listed) > MOST_VALUES:
        return None
    return Values(name=name, weights=listed)


def _bounds(ordered: Sequence[float]) -> tuple[float, ...]:
    """Where to cut numbers into bands of about as many people each; what one number leaves is cut anew, so that the
    few with many orders are told apart too."""
    distinct = sorted(set(ordered))
    if len(distinct) <= BANDS:
        return tuple((low + high) / 2 for low, high in pairwise(distinct))
    cuts: list[float] = []
    start = 0
    for left in range(BANDS, 1, -1):
        cut = ordered[start + (len(ordered) - start) // left]
        if cut == ordered[start]:  # one number has more people than a band should: it is a band of its own
            behind = bisect_right(ordered, cut)
            if behind == len(ordered):
                break
            cut = ordered[behind]
        cuts.append(cut)
        start = bisect_left(ordered, cut)
    return tuple(cuts)


def newton(
    design: Sequence[Cells],
    answers: Sequence[bool],
    size: int,
    report: Report = lambda done: None,
) -> list[float]:
    """Weights of the most probable ridge logistic regression; the first one, the intercept, is not drawn to 0."""
    weights = [0.0] * size
    alike = Counter(zip(design, answers, strict=True))
    for done in range(ROUNDS):
        report(done)
        gradient = [0.0, *(-PENALTY * weight for weight in weights[1:])]
        curve = [[PENALTY * (n == m > 0) for m in range(n + 1)] for n in range(size)]
        for (cells, answer), count in alike.items():
            chance = logistic(math.fsum(weights[n] * value for n, value in cells))
            slope, bend = count * (answer - chance), count * chance * (1 - chance)
            for place, (n, value) in enumerate(cells):
                gradient[n] += slope * value
                row = curve[n]
                for m, other in cells[: place + 1]:
                    row[m] += bend * value * other
        step = [max(-LONGEST_STEP, min(LONGEST_STEP, move)) for move in _solved(curve, gradient)]
        weights = [weight + move for weight, move in zip(weights, step, strict=True)]
        if max(map(abs, step)) < SETTLED:
            break
    report(ROUNDS)
    return weights


def _solved(lower: list[list[float]], right: Sequence[float]) -> list[float]:
    """Solves `A x = right` by Cholesky; `lower` is the lower half of the positive definite A, and is used up."""
    size = len(right)
    for n in range(size):
        row = lower[n]
        for m in range(n + 1):
            other = lower[m]
            rest = row[m] - math.fsum(row[k] * other[k] for k in range(m))
            row[m] = math.sqrt(rest) if n == m else rest / other[m]
    half: list[float] = []
    for n in range(size):
        half.append((right[n] - math.fsum(lower[n][k] * half[k] for k in range(n))) / lower[n][n])
    found = [0.0] * size
    for n in reversed(range(size)):
        behind = math.fsum(lower[k][n] * found[k] for k in range(n + 1, size))
        found[n] = (half[n] - behind) / lower[n][n]
    return found


def _weighted(column: _Column, weights: Sequence[float]) -> Bands | Values:
    def weight(cell: Cell) -> float:
        return round(weights[column.places[cell]], 6) if cell in column.places else 0.0

    blank, missing = column.blank, weight(MISSING)
    if isinstance(blank, Bands):
        bands = tuple(weight(("band", n)) for n in range(len(blank.weights)))
        return blank.model_copy(update={"weights": bands, "missing": missing})
    listed = {value: weight(("value", value)) for value in blank.weights}
    return blank.model_copy(update={"weights": listed, "missing": missing, "otherwise": weight(OTHERWISE)})
