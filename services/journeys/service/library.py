"""Marketers who begin with what is ready-made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.journeys.domain.diagram import dot, mermaid
from services.journeys.domain.library import Ready
from services.journeys.domain.objectives import OBJECTIVES
from services.journeys.domain.validation import read_document
from services.shared.errors import NotFound


class Library:
    """What the routes of the library do. Nothing is written: a document is published by `PUT /journeys/{name}`."""

    def __init__(self, shelf: Mapping[str, Ready]) -> None:
        self._shelf = shelf

    def shelf(self) -> dict[str, Any]:
        """What there is: `{"library": [{"name", "title", "about", "objective", "objective_title", "angle",
        "kpi"}]}`."""
        return {"library": [_headline(name, ready) for name, ready in self._shelf.items()]}

    def one(self, name: str) -> dict[str, Any]:
        """Its document, its messages (class, and template as it would be put), what it uses, and its pictures.

        Raises:
            NotFound: the library has none of that name.
        """
        ready = self._shelf.get(name)
        if ready is None:
            raise NotFound("not_found", f"the library has no {name!r}; it has {', '.join(self._shelf)}")
        document = read_document(ready.journey)
        return {
            **_headline(name, ready),
            "uses": ready.uses,
            "document": ready.journey,
            "templates": {key: message.template() for key, message in ready.messages.items()},
            "diagram": {"mermaid": mermaid(document), "dot": dot(document)},
        }


def _headline(name: str, ready: Ready) -> dict[str, Any]:
    document = read_document(ready.journey)
    return {
        "name": name,
        "title": document.title,
        "about": ready.about,
        "objective": document.objective,
        "objective_title": OBJECTIVES[document.objective].title,
        "angle": document.angle,
        "kpi": document.kpi,
    }
