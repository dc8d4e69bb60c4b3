"""Contact strategies: a matrix of score bands and fit grades, and in each cell what is agreed to be done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import product
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from services.scoring.domain.definitions.bands import (
    BandList,
    Scale,
    Task,
    Text,
    Word,
    check_bands,
    check_known,
)
from services.scoring.domain.definitions.base import Named, OfPerson, Part, Written
from services.scoring.domain.definitions.fits import Grade
from services.scoring.domain.definitions.needs import Needs
from services.scoring.domain.places import Held, Place
from services.shared.clock import to_iso
from services.shared.conditions import Reference, View, number_at
from services.shared.conditions.instants import milliseconds
from services.shared.errors import Invalid


class Agreed(Part):
    """What is done for those in a cell: the contact strategy, who owns it, the journey that carries it out, and a task
    for whoever comes in."""

    strategy: Word
    owner: Text
    journey: Word | None = None
    task: Task | None = None


class Cells(Agreed):
    """The same for each of these bands with each of these grades."""

    bands: Annotated[list[Word], Field(min_length=1, max_length=20)]
    grades: Annotated[list[Grade], Field(min_length=1, max_length=50)]


class Document(Named):
    """A matrix as a marketer writes it. `silent`: who has a cell because the matrix is new is told to nobody."""

    score: Text
    fit: Text
    bands: BandList
    cells: Annotated[list[Cells], Field(min_length=1, max_length=200)]
    silent: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_bands(self.bands, "bands")
        for i, cells in enumerate(self.cells):
            check_known(cells.bands, [band.name for band in self.bands], f"cells.{i}.bands")
        return self


@dataclass(frozen=True)
class Strategy(Written[Document], OfPerson):
    """The matrix of a document: what is agreed for each cell (`band:grade`)."""

    kind: ClassVar[str] = "strategy"

    scale: Scale
    cells: Mapping[str, Agreed]

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any]) -> Strategy:
        """The matrix that `{"score", "fit", "bands": [{"name", "from"?}], "cells": [{"bands", "grades", "strategy",
        "owner", "journey"?, "task"?}]}` describes.

        Raises:
            Invalid: `cell_twice`, a cell is agreed on twice.
            pydantic.ValidationError: a field breaks its rule.
        """
        source = Document.model_validate({**document, "name": name})
        cells: dict[str, Agreed] = {}
        for i, some in enumerate(source.cells):
            agreed = Agreed(strategy=some.strategy, owner=some.owner, journey=some.journey, task=some.task)
            for cell in (cell_of(*pair) for pair in product(some.bands, some.grades)):
                if cell in cells:
                    raise Invalid("cell_twice", f"cells.{i}: {cell} has a strategy already")
                cells[cell] = agreed
        return cls(source, Scale.of(source.score, source.bands), cells)

    @property
    def silent(self) -> bool:
        return self.source.silent

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The cells, by band and then as they are written."""
        bands = [band.name for band in self.source.bands]
        return tuple(sorted(self.cells, key=lambda cell: bands.index(cell.partition(":")[0])))

    @property
    def needs(self) -> Needs:
        return Needs()

    def references(self) -> Iterable[Reference]:
        return (Reference("score", self.source.score, "score"), Reference("fit", self.source.fit, "fit"))

    def check_grades(self, grades: Collection[str]) -> None:
        """Is there a cell for each band with each of these grades, and none beside?

        Raises:
            Invalid: `unmapped_cell`, with the holes, or `unknown_grade`.
        """
        wanted = [cell_of(band.name, grade) for band in self.source.bands for grade in grades]
        if holes := [cell for cell in wanted if cell not in self.cells]:
            raise Invalid("unmapped_cell", f"cells: {self.name!r} has no strategy for {', '.join(holes)}")
        if strange := sorted(set(self.cells) - set(wanted)):
            raise Invalid("unknown_grade", f"cells: fit {self.source.fit!r} gives no {', '.join(strange)}")

    def settle(self, view: View, held: Held, at: datetime) -> Held:
        cell, place = self._cell(view, at), held.get("")
        if cell is None or (place and place.value == cell):
            return held
        return {"": Place(cell, at)}

    def explained(self, view: View, held: Held, at: datetime) -> dict[str, Any]:
        """The cell, since when, what is agreed for it, and the score and grade that lead there."""
        place = held.get("")
        if place is None:
            return {}
        agreed = self.cells.get(place.value)
        return {
            "cell": place.value,
            "since": to_iso(place.since),
            "score": number_at((view.get("scores") or {}).get(self.source.score), milliseconds(at)),
            "grade": (view.get("fits") or {}).get(self.source.fit),
            "agreed": agreed.model_dump(exclude_none=True) if agreed else None,
        }

    def next_flip(self, view: View, held: Held, after: datetime) -> datetime | None:
        return self.scale.next_flip(view, after)

    def agreed_for(self, cell: str | None) -> dict[str, Any]:
        """What is agreed for those in a cell, as JSON; nothing for nowhere."""
        agreed = self.cells.get(cell or "")
        return agreed.model_dump(exclude_none=True) if agreed else {}

    def _cell(self, view: View, at: datetime) -> str | None:
        grade = (view.get("fits") or {}).get(self.source.fit)
        if grade is None:
            return None
        cell = cell_of(self.scale.band(view, at), grade)
        return cell if cell in self.cells else None


def cell_of(band: str, grade: str) -> str:
    """The name of a cell."""
    return f"{band}:{grade}"
