"""The use cases of marketers who begin with what is ready-made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.scoring.domain.definitions import kind_of
from services.scoring.domain.library import Made, Template
from services.scoring.service.definition_desk import Desk
from services.shared.errors import Invalid, NotFound


class LibraryDesk:
    """What the routes of the library do."""

    def __init__(self, templates: Mapping[str, Template], desk: Desk) -> None:
        self._templates = templates
        self._desk = desk

    def shelf(self) -> dict[str, Any]:
        """What there is, and what may be chosen of each: `{"library": [{"id", "title", "description",
        "parameters"}]}`."""
        return {
            "library": [
                {"id": name, **template.model_dump(include={"title", "description", "parameters"})}
                for name, template in self._templates.items()
            ]
        }

    def made(self, name: str, parameters: Any) -> dict[str, Any]:
        """The documents that these parameters make, nothing written.

        Raises:
            NotFound: there is no such template.
            Invalid: a parameter is none, or these make no valid documents.
        """
        return {"definitions": [_shown(one) for one in self._made(name, parameters)]}

    def create(self, name: str, parameters: Any) -> dict[str, Any]:
        """Define them, in place of namesakes. The same again changes nothing; what was begun is ended by it.

        Raises:
            NotFound, Invalid: as `made`, or the documents do not fit with what is defined.
            Conflict: others changed definitions at the same time, again and again.
        """
        found = self._made(name, parameters)
        return {
            "definitions": [
                {
                    "kind": one.kind,
                    "name": one.name,
                    "revision": self._desk.put(kind_of(one.kind), one.name, one.document).number,
                }
                for one in found
            ]
        }

    def _made(self, name: str, parameters: Any) -> list[Made]:
        if name not in self._templates:
            raise NotFound("not_found", f"the library has no {name!r}; it has {', '.join(self._templates)}")
        if not isinstance(parameters, Mapping):
            raise Invalid("invalid_parameter", "parameters: must be an object")
        found = self._templates[name].made(parameters)
        for one in found:
            kind_of(one.kind).parse(one.name, one.document)
        return found


def _shown(made: Made) -> dict[str, Any]:
    return {"kind": made.kind, "name": made.name, "document": made.document}
