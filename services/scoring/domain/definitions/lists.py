"""Static segments: people who were put on a list, and stay until they are taken off it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from services.scoring.domain.definitions.base import OfPerson
from services.scoring.domain.definitions.needs import Needs
from services.scoring.domain.places import MEMBER, Held
from services.shared.clock import to_iso
from services.shared.conditions import Reference, View


@dataclass(frozen=True)
class StaticSegment(OfPerson):
    """Membership follows nothing: the list is made by hand or by an import."""

    kind: ClassVar[str] = "segment"
    needs: ClassVar[Needs] = Needs()

    name: str
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def list(self) -> str:
        """What its list is called in `Definitions.introduced`: it outlives changes of the document, and a segment that
        is deleted and defined again has a new one, empty."""
        return f"list/{self.name}"

    @property
    def values(self) -> tuple[str, ...]:
        return (MEMBER,)

    def document(self) -> dict[str, Any]:
        return {"name": self.name, "static": True, **self.texts}

    def references(self) -> Iterable[Reference]:
        return ()

    def settle(self, view: View, held: Held, at: datetime) -> Held:
        return held

    def explained(self, view: View, held: Held, at: datetime) -> dict[str, Any]:
        since = to_iso(held[""].since) if held else None
        return {"clause": {"static": True}, "verdict": bool(held), "seen": since}

    def next_flip(self, view: View, held: Held, after: datetime) -> datetime | None:
        return None
