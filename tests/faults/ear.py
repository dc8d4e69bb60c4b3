"""A listener to what ingest tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from services.shared.contracts.ingest import ProfileChange


@dataclass
class Ear:
    """A consumer as the contract allows: it takes each version of a profile once, starts over when `since` grows, and
    gives up losers of a merge. What is told again must be what it was told before."""

    versions: dict[str, dict[int, list[str]]] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)
    traits: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)

    def hear(self, change: ProfileChange) -> None:
        """Take a change."""
        known = self.versions.setdefault(change.profile_id, {})
        if change.since > self.since.get(change.profile_id, 0):
            known.clear()
            self.merged.pop(change.profile_id, None)
            self.since[change.profile_id] = change.since
        if change.version < self.since.get(change.profile_id, 0):
            return
        said = [one.message_id for one in change.events]
        assert known.setdefault(change.version, said) == said, "a version was told with other events"
        if change.traits_version >= self.traits.get(change.profile_id, (0, {}))[0]:
            self.traits[change.profile_id] = (change.traits_version, change.traits)

    def heard(self, profile_id: str) -> list[str]:
        """The messages of a profile."""
        return sorted(one for some in self.versions.get(profile_id, {}).values() for one in some)
