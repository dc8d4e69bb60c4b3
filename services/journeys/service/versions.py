"""Which versions of journeys there are."""

from __future__ import annotations

from collections.abc import Iterable

from services.journeys.ports.definitions import Definition, Definitions
from services.shared.errors import NotFound


def newest_versions(definitions: Iterable[Definition]) -> dict[str, Definition]:
    """The newest version of each journey, which people enter, by name."""
    return {one.journey: one for one in sorted(definitions, key=lambda one: one.version)}


def versions_of(definitions: Definitions, journey: str) -> list[Definition]:
    """Every version of a journey, oldest first, as of now.

    Raises:
        NotFound: `unknown_journey`.
    """
    versions = definitions.versions(journey)
    if not versions:
        raise NotFound("unknown_journey", f"there is no journey {journey!r}")
    return versions
