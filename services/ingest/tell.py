"""The outbox: what a change of the profiles table tells the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from services.shared.aws.bus import pack
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import ProfileChange, ProfilesChanged


class Publisher(Protocol):
    """Where facts go."""

    def publish(self, facts: Iterable[Fact]) -> None:
        """All of them, or an exception."""
        ...


def tell(profile_changes: list[ProfileChange], publisher: Publisher) -> int:
    """Publish changes in as few facts as they fit into; how many facts that was."""
    facts = pack(profile_changes, lambda rows: ProfilesChanged(changes=rows))
    publisher.publish(facts)
    return len(facts)
