"""Ports of scoring in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from services.scoring.domain.definitions import Definition, Definitions
from services.scoring.domain.recalling import History
from services.scoring.domain.standing import ProfileStanding
from services.scoring.ports import NotSaved, Overtaken, Page, Revision, Saved, SaveResult
from services.shared.clock import to_iso


class FakeStandings:
    """Conditional like the real one. `rivals` write first, one per attempt; `broken` ids can't be saved."""

    def __init__(self, *standings: ProfileStanding) -> None:
        self.stored = {standing.profile_id: standing for standing in standings}
        self.rivals: list[ProfileStanding] = []
        self.broken: set[str] = set()
        self.writes = 0

    def load(self, profile_ids: Iterable[str], *, consistent: bool = False) -> Mapping[str, ProfileStanding]:
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

    def size(self) -> int:
        return len(self.stored)

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

    def __init__(self, definitions: Definitions, rival: Definition | None = None) -> None:
        self.current = definitions
        self.rival = rival
        self.reads = 0
        self.pass_at: datetime | None = None
        self.kept: dict[tuple[str, str], list[Revision]] = {
            (one.kind, one.name): [Revision(1, one.document(), None)] for one in definitions.all
        }

    def load(self, at_least: int = 0) -> Definitions:
        self.reads += 1
        return self.current

    def revision(self, kind: str, name: str) -> Revision | None:
        kept = self.kept.get((kind, name))
        return kept[-1] if kept and kept[-1].document else None

    def revisions(self, kind: str, name: str, before: int, limit: int) -> list[Revision]:
        kept = reversed(self.kept.get((kind, name), []))
        return [one for one in kept if one.number < before][:limit]

    def save(
        self, new: Definition, number: int, following: Definitions, at: datetime, pass_at: datetime
    ) -> bool:
        if self.rival:
            self.current, self.rival = self.current.with_(self.rival), None
        if following.version != self.current.version + 1:
            return False
        self.current = self.current.with_(new)
        self.kept.setdefault((new.kind, new.name), []).append(Revision(number, new.document(), at))
        return True

    def delete(
        self, kind: str, name: str, number: int, following: Definitions, at: datetime, pass_at: datetime
    ) -> bool:
        if following.version != self.current.version + 1:
            return False
        self.current = self.current.without(kind, name)
        self.kept[kind, name].append(Revision(number, None, at))
        return True

    def hear(self, journey: str, following: Definitions, before: int, pass_at: datetime | None) -> bool:
        if self.rival:
            self.current, self.rival = self.current.with_(self.rival), None
        if before != self.current.version:
            return False
        self.current, self.pass_at = following, pass_at
        return True


class NoPast:
    """Histories of profiles that did nothing."""

    def of(self, profile_ids: Collection[str]) -> Mapping[str, History]:
        return {profile_id: History([], {}) for profile_id in profile_ids}
