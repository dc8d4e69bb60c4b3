"""The calendar of world events, and the matrix of propositions and products."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any

from pydantic import ValidationError

from services.journeys.domain.propositions import Proposition, shown
from services.journeys.ports.planning import Propositions, World, WorldEvent
from services.shared.clock import Clock, from_iso, to_iso
from services.shared.errors import Invalid, NotFound, explain

STALE = timedelta(days=1)
"""What happened longer ago is no news."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FIELDS = {"kind", "title", "at"}


class Plans:
    """Use cases of both."""

    def __init__(self, world: World, propositions: Propositions, clock: Clock) -> None:
        self._world = world
        self._propositions = propositions
        self._clock = clock

    def put_event(self, id: str, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Put something into the calendar: `{"kind", "title", "at"}`. What is moved to another time is told then, even
        if it was told before.

        Raises:
            Invalid: `invalid_world_event`.
        """
        event = self._read_event(id, raw)
        standing = self._world.get(id)
        if standing is not None and (standing.kind, standing.at) == (event.kind, event.at):
            event = WorldEvent(event.id, event.kind, event.title, event.at, standing.told)
        elif event.at < self._clock.now() - STALE:
            raise Invalid("invalid_world_event", "at: is longer ago than a day")
        self._world.put(event)
        return _event(event)

    def events(self) -> list[dict[str, Any]]:
        """The calendar, in order of time."""
        return [_event(event) for event in sorted(self._world.all(), key=lambda event: (event.at, event.id))]

    def event(self, id: str) -> dict[str, Any]:
        """One of it.

        Raises:
            NotFound: there is none of that id.
        """
        found = self._world.get(id)
        if found is None:
            raise NotFound("not_found", f"there is no world event {id!r}")
        return _event(found)

    def remove_event(self, id: str) -> None:
        """Take it out of the calendar; runs that have begun go on."""
        self._world.remove(id)

    def put_proposition(self, name: str, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Put a row of the matrix: `{"title", "class", "products", "valid_from", "valid_until"?}`.

        Raises:
            Invalid: `invalid_proposition`, with all that is wrong.
        """
        try:
            proposition = Proposition.model_validate({**raw, "name": name})
        except ValidationError as error:
            raise Invalid("invalid_proposition", explain(error)) from None
        self._propositions.put(proposition)
        return shown(proposition, self._clock.now())

    def propositions(self) -> list[dict[str, Any]]:
        """The matrix, by name."""
        now = self._clock.now()
        return [shown(one, now) for _, one in sorted(self._propositions.all().items())]

    def _read_event(self, id: str, raw: Mapping[str, Any]) -> WorldEvent:
        if raw.keys() != _FIELDS or not all(isinstance(raw[field], str) for field in _FIELDS):
            raise Invalid("invalid_world_event", "must have kind, title and at, all texts")
        for name, text in (("id", id), ("kind", raw["kind"])):
            if not _NAME.fullmatch(text):
                raise Invalid("invalid_world_event", f"{name}: must be a name such as world_cup")
        if not 1 <= len(raw["title"]) <= 200:
            raise Invalid("invalid_world_event", "title: must have 1 to 200 characters")
        try:
            at = from_iso(raw["at"]).astimezone(UTC)
        except ValueError:
            raise Invalid(
                "invalid_world_event", "at: must be a time with a zone, such as 2026-06-11T18:00:00Z"
            ) from None
        return WorldEvent(id, raw["kind"], raw["title"], at)


def _event(event: WorldEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "kind": event.kind,
        "title": event.title,
        "at": to_iso(event.at),
        "told": event.told,
    }
