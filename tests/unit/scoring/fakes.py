"""Ports of scoring in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from services.scoring.domain.definitions import Definitions, Segment
from services.scoring.domain.models import ScoreModel
from services.scoring.domain.standing import ProfileStanding
from services.scoring.ports import NotSaved, Overtaken, Page, Saved, SaveResult
from services.shared.clock import to_iso


class FakeStandings:
    """Conditional like the real one. `rivals` write first, one per attempt; `broken` ids can't be saved."""

    def __init__(self, *standings: ProfileStanding) -> None:
        self.stored = {standing.profile_id: standing for standing in standings}
        self.rivals: list[ProfileStanding] = []
        self.broken: set[str] = set()
        self.writes = 0

    def load(self, profile_ids: Iterable[str]) -> Mapping[str, ProfileStanding]:
        return {p: self.stored[p] for p in profile_ids if p in self.stored}

    def save(self, standings: Sequence[ProfileStanding]) -> Sequence[SaveResult]:
        return [self._save(standing) for standing in standings]

    def due(self, shard: int, until: str) -> Iterator[str]:
        if shard:
            return iter(())
        return iter([p for p, s in self.stored.items() if s.due_at and to_iso(s.due_at) <= until])

    def page(self, after: str, size: int) -> Page:
        ids = [profile_id for profile_id in sorted(self.stored) if profile_id > after]
        return Page({p: self.stored[p] for p in ids[:size]}, ids[size - 1] if len(ids) > size else "")

    def _save(self, standing: ProfileStanding) -> SaveResult:
        if standing.profile_id in self.broken:
            return NotSaved(OSError("connection lost"))
        if self.rivals:
            rival = self.rivals.pop(0)
            self.stored[rival.profile_id] = rival
        current = self.stored.get(standing.profile_id)
        if (current.version if current else 0) != standing.version - 1:
            return Overtaken(current)
        self.stored[standing.profile_id] = standing
        self.writes += 1
        return Saved()


class FakeDefinitions:
    """Counts how often it is read. `rival` is a document somebody else writes before the first `save`."""

    def __init__(self, definitions: Definitions, rival: Segment | None = None) -> None:
        self.current = definitions
        self.rival = rival
        self.reads = 0

    def load(self, at_least: int = 0) -> Definitions:
        self.reads += 1
        return self.current

    def save(self, document: Segment | ScoreModel, version: int, pass_at: datetime) -> bool:
        if self.rival:
            self.current, self.rival = self.current.with_segment(self.rival), None
        if version != self.current.version + 1:
            return False
        if isinstance(document, Segment):
            self.current = self.current.with_segment(document)
        else:
            self.current = self.current.with_model(document)
        return True
