"""Bands of a score: where on its scale a person is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field

from services.scoring.domain.definitions.base import Part
from services.shared.conditions import Condition, View, evaluate, next_flip, parse

Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Text = Annotated[str, Field(min_length=1, max_length=200)]


class Band(Part):
    """Scores from `from` on, up to where the next band begins; only the first band has none, it begins below all."""

    name: Word
    from_: Annotated[float | None, Field(alias="from", allow_inf_nan=False)] = None


BandList = Annotated[list[Band], Field(min_length=1, max_length=20)]


class Task(Part):
    """What somebody is asked to do."""

    title: Text


def check_bands(bands: Sequence[Band], what: str) -> None:
    """Do they cover the scale, each point once?

    Raises:
        ValueError: they do not, or two have one name.
    """
    names, froms = [band.name for band in bands], [band.from_ for band in bands]
    if len(set(names)) < len(names):
        raise ValueError(f"{what}: one is named twice")
    later = [one for one in froms[1:] if one is not None]
    if froms[0] is not None or len(later) < len(froms) - 1 or any(a >= b for a, b in pairwise(later)):
        raise ValueError(f"{what}: the first has no from, each other one begins above the one before it")


def check_known(words: Iterable[str], known: Iterable[str], path: str) -> None:
    """Is each of `words` one of `known`?

    Raises:
        ValueError: it is not.
    """
    if strange := sorted(set(words) - set(known)):
        raise ValueError(f"{path}: {strange[0]!r} is not known")


@dataclass(frozen=True)
class Scale:
    """The bands of a score, compiled."""

    lowest: str
    above: tuple[tuple[str, Condition], ...]

    @classmethod
    def of(cls, score: str, bands: Sequence[Band]) -> Self:
        """Of bands that are checked."""
        above = tuple((band.name, parse({"score": score, "gte": band.from_})) for band in reversed(bands[1:]))
        return cls(bands[0].name, above)

    def band(self, view: View, at: datetime) -> str:
        """Where the score is at `at`."""
        return next((name for name, condition in self.above if evaluate(condition, view, at)), self.lowest)

    def next_flip(self, view: View, after: datetime) -> datetime | None:
        """When time alone may change that."""
        flips = [next_flip(condition, view, after) for _, condition in self.above]
        return min((flip for flip in flips if flip is not None), default=None)
