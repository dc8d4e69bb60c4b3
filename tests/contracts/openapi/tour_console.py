"""What a browser fetches of the console."""

from __future__ import annotations

from tests.contracts.openapi.tour import Tour


def files(tour: Tour) -> None:
    """The page, one of its modules, and what is none."""
    tour.ask("GET /console")
    tour.ask("GET /console/{name}", "app.mjs")
    tour.ask("GET /console/{name}", "none.mjs", expect=404)
