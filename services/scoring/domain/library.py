"""Ready-made definitions: templates with parameters, and grids in which everybody is in exactly one cell.

In a template `${name}` stands for a parameter. Where it is all of a text, the parameter's own value takes its place;
`{"$if": name, "then": ...}` in a list is left out when the parameter is null.

A grid makes a segment of each combination of its axes' cells. On an axis a person is in the first cell whose `when`
fits, and in the last, which has none, when no other does: so cells can neither overlap nor leave anybody out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.shared.conditions import parse_duration
from services.shared.errors import Invalid

_REFERENCE = re.compile(r"\$\{([a-z_]+)\}")
_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,23}", re.ASCII)
_Text = Annotated[str, Field(min_length=1, max_length=500)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Parameter(_Part):
    """What somebody may choose. `name` begins the names of all that is made; an `optional` one may be null."""

    kind: Literal["name", "duration", "number", "text", "choice"]
    about: _Text
    default: str | int | float | None
    optional: bool = False
    choices: list[str] = []

    def check(self, name: str, value: Any) -> Any:
        """The value.

        Raises:
            Invalid: `invalid_parameter`.
        """
        if value is None and self.optional:
            return None
        rule = self._broken(value)
        if rule:
            raise Invalid("invalid_parameter", f"parameters.{name}: {rule}")
        return value

    def _broken(self, value: Any) -> str:
        """The rule that a value breaks, or nothing."""
        if self.kind == "number":
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            return "" if is_number and abs(value) < 2**53 else "must be a number"
        if self.kind == "choice":
            return "" if value in self.choices else f"must be one of {', '.join(self.choices)}"
        if not isinstance(value, str) or not 1 <= len(value) <= 200:
            return "must be text of 1 to 200 characters"
        if self.kind == "name" and not _PREFIX.fullmatch(value):
            return "must be 1 to 24 of a-z, 0-9 and _, starting with a letter"
        if self.kind == "duration":
            try:
                parse_duration(value)
            except ValueError as error:
                return str(error)
        return ""


class Cell(_Part):
    """A part of an axis."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
    title: _Text
    when: dict[str, Any] | None = None
    advice: _Text | None = None


class Axis(_Part):
    """A question with one answer for everybody."""

    title: _Text
    cells: Annotated[list[Cell], Field(min_length=2, max_length=10)]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if any(cell.when is None for cell in self.cells[:-1]) or self.cells[-1].when is not None:
            raise ValueError("all cells but the last need a `when`")
        return self

    def conditions(self) -> list[dict[str, Any]]:
        """For each cell, the condition that puts a person into it and no other."""
        whens = [cell.when for cell in self.cells if cell.when is not None]
        fits = [{"all": [when, {"none": whens[:i]}]} if i else when for i, when in enumerate(whens)]
        return [*fits, {"none": whens}]


class Grid(_Part):
    """Axes over those for whom `of` holds (missing: everybody)."""

    name: str
    axes: Annotated[list[Axis], Field(min_length=1, max_length=3)]
    of: dict[str, Any] | None = None

    def documents(self) -> Iterator[Made]:
        """A segment for each combination of cells."""
        rows = product(*(zip(axis.cells, axis.conditions(), strict=True) for axis in self.axes))
        for row in rows:
            cells = [cell for cell, _ in row]
            conditions = [*([self.of] if self.of else []), *(condition for _, condition in row)]
            document: dict[str, Any] = {
                "condition": {"all": conditions} if len(conditions) > 1 else conditions[0],
                "description": "; ".join(cell.title for cell in cells),
            }
            if advice := " ".join(cell.advice for cell in cells if cell.advice):
                document["advice"] = advice
            yield Made("segment", "_".join((self.name, *(cell.name for cell in cells))), document)


class Single(_Part):
    """One definition."""

    kind: str
    name: str
    document: dict[str, Any]


@dataclass(frozen=True)
class Made:
    """A document that is ready to be put under a name."""

    kind: str
    name: str
    document: Mapping[str, Any]


class Template(_Part):
    """A set of definitions that belong together, with what may be chosen."""

    title: _Text
    description: _Text
    parameters: dict[str, Parameter]
    definitions: list[Single] = []
    grids: list[Grid] = []

    def made(self, chosen: Mapping[str, Any]) -> list[Made]:
        """The definitions with these parameters, defaults for the rest; each comes after those it refers to.

        Raises:
            Invalid: `unknown_parameter` or `invalid_parameter`.
        """
        for name in chosen:
            if name not in self.parameters:
                raise Invalid("unknown_parameter", f"parameters: one of {', '.join(self.parameters)}")
        values = {
            name: parameter.check(name, chosen.get(name, parameter.default))
            for name, parameter in self.parameters.items()
        }
        filled = _filled(
            {"definitions": self._written(self.definitions), "grids": self._written(self.grids)}, values
        )
        singles = [Single.model_validate(one) for one in filled["definitions"]]
        grids = [Grid.model_validate(one) for one in filled["grids"]]
        return [
            *(Made(one.kind, one.name, one.document) for one in singles),
            *(made for grid in grids for made in grid.documents()),
        ]

    @staticmethod
    def _written(parts: Sequence[BaseModel]) -> list[dict[str, Any]]:
        return [part.model_dump() for part in parts]


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {_text(key, values): _filled(child, values) for key, child in value.items()}
    if isinstance(value, list):
        return list(_chosen(value, values))
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value)
        return values[whole[1]] if whole else _text(value, values)
    return value


def _chosen(children: Iterable[Any], values: Mapping[str, Any]) -> Iterator[Any]:
    for child in children:
        if isinstance(child, Mapping) and "$if" in child:
            if values[child["$if"]] is not None:
                yield _filled(child["then"], values)
        else:
            yield _filled(child, values)


def _text(text: str, values: Mapping[str, Any]) -> str:
    return _REFERENCE.sub(lambda found: str(values[found[1]]), text)
