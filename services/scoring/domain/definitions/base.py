"""What every kind of definition has in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from services.shared.conditions import Reference
from services.shared.errors import Invalid

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}", re.ASCII)


class Definition(Protocol):
    """A valid document of some kind."""

    kind: ClassVar[str]

    @property
    def name(self) -> str:
        """Its name among those of its kind."""
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
