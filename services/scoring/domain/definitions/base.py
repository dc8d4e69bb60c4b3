"""What every kind of definition has in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from services.scoring.domain.definitions.needs import Needs
from services.shared.conditions import Condition, Reference, parse
from services.shared.errors import Invalid

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}", re.ASCII)


class Definition(Protocol):
    """A valid document of some kind."""

    kind: ClassVar[str]

    @property
    def name(self) -> str:
        """Its name among those of its kind."""
        ...

    @property
    def needs(self) -> Needs:
        """What must be remembered of events for it."""
        ...

    def document(self) -> dict[str, Any]:
        """It as JSON; reading that gives the same definition."""
        ...

    def references(self) -> Iterable[Reference]:
        """What it depends on; `kind` of a reference is fact, trait or a kind of definition."""
        ...


@dataclass(frozen=True)
class Kind:
    """A kind of definition: how errors and items call it, where the API has it, how a document of it is read, and how
    many there may be; `places`: people are in one or are not."""

    name: str
    path: str
    read: Callable[[str, Mapping[str, Any]], Definition]
    most: int
    places: bool = False

    @property
    def listed(self) -> str:
        """The key of the list in an answer."""
        return self.path.replace("-", "_")

    def parse(self, name: str, document: Mapping[str, Any]) -> Definition:
        """The definition that a document describes; a `name` in the document must be the same.

        Raises:
            Invalid: `invalid_name`, or what the kind says of the rest.
            pydantic.ValidationError: a field breaks its rule.
        """
        if not _NAME.fullmatch(name):
            raise Invalid("invalid_name", "name: 1 to 64 of a-z, 0-9, _ and -, starting with a letter")
        if document.get("name", name) != name:
            raise Invalid("invalid_name", "name: differs from the one in the path")
        return self.read(name, document)


class Part(BaseModel):
    """A part of a document: nothing unknown is let in."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Named(Part):
    """A whole document."""

    name: str


SourceT = TypeVar("SourceT", bound=Named)


@dataclass(frozen=True)
class Written(Generic[SourceT]):
    """A definition that keeps the document it was read from."""

    source: SourceT

    @property
    def name(self) -> str:
        return self.source.name

    def document(self) -> dict[str, Any]:
        return self.source.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)


class OfPerson:
    """A definition that puts people somewhere as whole persons, not by product."""

    @property
    def subjects(self) -> tuple[str, ...]:
        return ("",)


def condition_at(path: str, document: Any) -> Condition:
    """The condition at `path` of a document.

    Raises:
        Invalid: `invalid_condition`, with its path in the whole document.
    """
    try:
        return parse(document)
    except Invalid as error:
        raise Invalid(error.code, f"{path}.{error.message}") from error


def references_at(path: str, condition: Condition) -> Iterator[Reference]:
    """What the condition at `path` of a document refers to."""
    return (replace(one, path=f"{path}.{one.path}") for one in condition.references())
