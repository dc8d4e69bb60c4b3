"""Which events that only say that a message arrived have to be told of."""

from __future__ import annotations

from collections.abc import Iterator

from services.scoring.domain.definitions.book import Definitions
from services.shared.interaction import ARRIVALS


def arrivals_asked_for(definitions: Definitions) -> frozenset[str]:
    """Those of `ARRIVALS` that a definition or a journey looks at. Pitches do: of the messages that arrived they know
    how many are answered."""
    if definitions.pitches:
        return ARRIVALS
    keys = set(_keys(definitions))
    return frozenset(name for name in ARRIVALS if keys & {f"track:{name}", "track:*"})


def order_of(definitions: Definitions) -> int:
    """Grows with everything that `arrivals_asked_for` goes by. What only journeys asked for need not be a new
    version."""
    return definitions.version + sum(one.listening.revision for one in definitions.hearing.requests)


def _keys(definitions: Definitions) -> Iterator[str]:
    """Who asks for what people did of themselves, whatever that is, does not ask for what arrived."""
    yield from (t.pattern.key for t in definitions.needs.tracks if t.direction in ("", "outbound"))
    yield from definitions.needs.counted
    yield from (f"{one.type}:{one.event}" for one in definitions.hearing.listeners)
    for table in definitions.trigger_tables:
        yield from (f"{one.type}:{one.event}" for one in table.source.triggers)
