"""What scoring tells journeys of customer events: a few lines in its place, for journeys that are walked without it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from services.journeys.domain.document import Document
from services.journeys.domain.listening import needs_of
from services.shared.conditions.limits import Budget
from services.shared.conditions.where import compile_where, parse_where
from services.shared.contracts.journeys import Listener
from services.shared.contracts.scoring import EventHeard, Heard, Standing


class Listening:
    """Hears events for a document's listeners; every event is a new version of its profile."""

    def __init__(self, document: Document) -> None:
        _, listeners, _ = needs_of([document])
        self._by_event: dict[str, list[Listener]] = {}
        for listener in listeners:
            self._by_event.setdefault(listener.event, []).append(listener)
        self._where = {listener.name: _where(listener) for listener in listeners}
        self._versions: Counter[str] = Counter()

    def hear(
        self, profile: str, event: str, at: datetime, properties: Mapping[str, Any]
    ) -> EventHeard | None:
        """What is told of an event; nothing when nobody listens."""
        self._versions[profile] += 1
        standing = Standing(profile_id=profile, version=self._versions[profile], at=at)
        heard = [
            Heard(
                listener=listener.name,
                message_id=f"{profile}-{standing.version}",
                key=str(properties[listener.key]) if listener.key else "",
                kept={name: properties[name] for name in listener.keep if name in properties},
                at=at,
                standing=standing,
            )
            for listener in self._matching(event, properties)
        ]
        return EventHeard(heard=heard) if heard else None

    def _matching(self, event: str, properties: Mapping[str, Any]) -> Iterator[Listener]:
        for listener in self._by_event.get(event, ()):
            passes = self._where[listener.name]
            if passes(properties) and (listener.key is None or listener.key in properties):
                yield listener


def _where(listener: Listener) -> Callable[[Mapping[str, Any]], bool]:
    if listener.where is None:
        return lambda _: True
    return compile_where(parse_where(listener.where, "where", Budget()))
