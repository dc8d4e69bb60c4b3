"""What is published decides what journeys must hear of people; scoring is told whenever that changes."""

from __future__ import annotations

from collections.abc import Iterable

from services.journeys.domain.listening import needs_of
from services.journeys.domain.operating import Running
from services.journeys.ports.definitions import Definition, Definitions
from services.journeys.ports.running import Runnings
from services.shared.aws.bus import pack
from services.shared.contracts.base import Fact
from services.shared.contracts.journeys import JourneyListens, Listening


def listens(journeys: Iterable[str], definitions: Definitions, runnings: Runnings) -> list[Fact]:
    """The facts that say what these journeys need by now, for all of their versions that are not retired: people walk
    old ones too."""
    rows = [
        _listening(versions, runnings.get(one)) for one in journeys if (versions := definitions.versions(one))
    ]
    return pack(rows, lambda some: JourneyListens(listening=some))


def _listening(versions: list[Definition], running: Running) -> Listening:
    walked = [one.document for one in versions if one.version not in running.retired]
    watches, listeners, carries = needs_of(walked)
    newest = versions[-1]
    return Listening(
        journey=newest.journey,
        # Grows with each version, and whenever one is retired or walked again; told again, it is the same.
        revision=newest.version + running.tellings,
        at=newest.published_at,
        watches=watches,
        listeners=listeners,
        carries=carries,
    )
