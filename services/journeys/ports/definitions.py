"""Versions of journeys, and what makes them: drafts, attributes, state machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from services.journeys.domain.document import Document
from services.shared.contracts.ingest import AttributeRegistry


@dataclass(frozen=True)
class Definition:
    """A published version of a journey, with the state machine that runs it."""

    version: int
    document: Document
    digest: str
    state_machine_arn: str
    published_at: datetime
    raw: Mapping[str, Any] = field(compare=False, default_factory=dict)

    @property
    def journey(self) -> str:
        return self.document.name


class Definitions(Protocol):
    """Published versions. A version never changes."""

    def all(self) -> Sequence[Definition]:
        """Every version of every journey; up to a few seconds old."""
        ...

    def versions(self, journey: str) -> list[Definition]:
        """Every version of a journey, oldest first, as of now."""
        ...

    def get(self, journey: str, version: int) -> Definition:
        """One version.

        Raises:
            NotFound: it was never published.
        """
        ...

    def add(self, definition: Definition) -> bool:
        """Store a new version; false when that version exists already."""
        ...


class Attributes(Protocol):
    """What may be known of people, as ingest has told."""

    def known(self) -> frozenset[str] | None:
        """The attributes that profiles may hold, as of now; `None`: any."""
        ...

    def keep(self, registry: AttributeRegistry) -> None:
        """Take over a registry, unless the one here is as new."""
        ...


class Machines(Protocol):
    """Makes state machines."""

    def create(self, journey: str, version: int, definition: Mapping[str, Any]) -> str | None:
        """The ARN of the state machine of a version, made if need be; `None` when one of that name does something
        else."""
        ...


@dataclass(frozen=True)
class Draft:
    """A document that is being written; `revision` counts its changes."""

    document: Mapping[str, Any]
    revision: int
    at: datetime


class Drafts(Protocol):
    """Drafts of journeys, one a name."""

    def get(self, name: str) -> Draft | None:
        """The draft as of now."""
        ...

    def put(self, name: str, draft: Draft) -> bool:
        """Keep the revision that follows the one that stands; `False`: another one came between."""
        ...

    def names(self) -> list[str]:
        """Every journey that has a draft."""
        ...
