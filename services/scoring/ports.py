"""What the use cases need from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.scoring.domain.definitions import Definitions, Segment
from services.scoring.domain.models import ScoreModel
from services.scoring.domain.standing import ProfileStanding
from services.shared.contracts.base import Fact

DUE_SHARDS = 8
"""Partitions of the due index: 8,000 profiles a second may become due."""


class UnreadableStanding(Exception):
    """What is stored under a profile is no standing."""


@dataclass(frozen=True)
class Saved:
    """The write stands."""


@dataclass(frozen=True)
class Overtaken:
    """Somebody else wrote first; `current` is what stands now."""

    current: ProfileStanding | None


@dataclass(frozen=True)
class NotSaved:
    """The store failed."""

    error: Exception


SaveResult = Saved | Overtaken | NotSaved


class Standings(Protocol):
    """One standing per profile, written only over the version it was made from."""

    def load(self, profile_ids: Iterable[str]) -> Mapping[str, ProfileStanding | UnreadableStanding]:
        """The standings that exist, as they are now (never stale); one that can't be read is its error."""
        ...

    def save(self, standings: Sequence[ProfileStanding]) -> Sequence[SaveResult]:
        """Write each if the stored version is the one before it; one result for each, in order."""
        ...

    def due(self, shard: int, until: str) -> Iterator[str]:
        """Ids of a shard that the index has as due at or before `until` (ISO), earliest first; may be stale."""
        ...


class DefinitionReader(Protocol):
    """The marketers' definitions."""

    def load(self) -> Definitions:
        """All of them, at one version."""
        ...


class DefinitionStore(DefinitionReader, Protocol):
    """The same, to change."""

    def save(self, document: Segment | ScoreModel, version: int) -> bool:
        """Write it as definitions `version`; `False` if that version is taken."""
        ...


class Publisher(Protocol):
    """The event bus."""

    def publish(self, facts: Iterable[Fact]) -> None:
        """Put every fact on the bus, or raise."""
        ...
