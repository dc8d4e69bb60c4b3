"""What is published decides what journeys must hear of people; scoring is told whenever that changes."""

from __future__ import annotations

from collections.abc import Iterable

from services.journeys.domain.listening import needs_of
from services.journeys.ports import Definition, Definitions
from services.shared.aws.bus import pack
from services.shared.contracts.base import Fact
from services.shared.contracts.journeys import JourneyListens, Listening


def listens(journeys: Iterable[str], definitions: Definitions) -> list[Fact]:
    """The facts that say what these journeys need by now, for all of their versions: people walk old ones too."""
    rows = [_listening(versions) for one in journeys if (versions := definitions.versions(one))]
    return pack(rows, lambda some: JourneyListens(listening=some))


def _listening(versions: list[Definition]) -> Listening:
    watches, listeners, carries = needs_of(one.document for one in versions)
    newest = versions[-1]
    return Listening(
        journey=newest.journey,
        # Grows with each version; told again, it is the same.
        revision=newest.version,
        at=newest.published_at,
        watches=watches,
        listeners=listeners,
        carries=carries,
    )
