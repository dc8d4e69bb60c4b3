"""The use case behind questions about the past: histories by version, as they were told."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from services.ingest.domain.profile import Profile
from services.ingest.domain.traits import visible
from services.ingest.ports import Behind, Profiles, Timeline
from services.shared.contracts.history import HistoryAnswer, HistoryQuestion, ProfileHistory, ToldVersion

MOST_BYTES = 4_000_000
"""Of events in an answer: a synchronous invocation answers 6 MB."""


class Retelling:
    """Answers `HistoryQuestion`."""

    def __init__(self, profiles: Profiles, timeline: Timeline, *, most_bytes: int = MOST_BYTES) -> None:
        self._profiles = profiles
        self._timeline = timeline
        self._most_bytes = most_bytes

    def answer(self, question: HistoryQuestion) -> HistoryAnswer:
        """Histories in the order asked for, while there is room: a profile whose newest events are not stored yet is
        left out, one that is gone has none."""
        known = self._profiles.load(question.profiles)
        histories: dict[str, ProfileHistory] = {}
        room = self._most_bytes
        for profile_id, after in question.profiles.items():
            if room <= 0:
                break
            profile = known.get(profile_id)
            if profile is None or profile.merged_into or profile.is_erased:
                histories[profile_id] = ProfileHistory()
                continue
            try:
                self._timeline.check_complete(profile.strips())
            except Behind:
                continue
            histories[profile_id], room = self._told(profile, after, room)
        return HistoryAnswer(histories=histories)

    def _told(self, profile: Profile, after: int, room: int) -> tuple[ProfileHistory, int]:
        bases: Mapping[str, int] = {strip.profile_id: strip.base for strip in profile.strips()}
        chunks = sorted(
            (
                (bases[chunk.profile_id] + chunk.version, chunk)
                for chunk in self._timeline.all(profile.strips())
            ),
            key=lambda row: (row[0], row[1].place),
        )
        told: list[ToldVersion] = []
        more = False
        for version, rows in groupby(chunks, key=lambda row: row[0]):
            if version <= after:
                continue
            if room <= 0:
                more = True
                break
            one = ToldVersion(version=version, events=[e.told() for _, chunk in rows for e in chunk.events])
            room -= len(one.model_dump_json())
            told.append(one)
        return ProfileHistory(told=told, traits=visible(profile.known_traits()), more=more), room
