"""The version of each journey that people enter."""

from __future__ import annotations

from collections.abc import Iterable

from services.journeys.ports.definitions import Definition


def newest_versions(definitions: Iterable[Definition]) -> dict[str, Definition]:
    """The newest version of each journey, by name."""
    return {one.journey: one for one in sorted(definitions, key=lambda one: one.version)}
