"""The use case of services that address people: who is in a segment as of now, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.scoring.domain.definitions import Segment
from services.scoring.domain.places import MEMBER
from services.scoring.domain.standing import ProfileStanding
from services.scoring.ports import DefinitionReader, PlaceBook, Standings
from services.scoring.service.outbox import snapshot
from services.shared.contracts.audience import MOST, PARTS, AudienceAnswer, AudienceQuestion, Present
from services.shared.contracts.scoring import Standing


class Audience:
    """Answers by the members' lists, which are a moment behind, and checks each of them by its standing."""

    def __init__(self, definitions: DefinitionReader, places: PlaceBook, standings: Standings) -> None:
        self._definitions = definitions
        self._places = places
        self._standings = standings

    def answer(self, question: AudienceQuestion) -> AudienceAnswer:
        """Whoever is in the segment all the while is in exactly one page, however slowly they are read.

        Raises:
            ValueError: a part or a number that there is not.
        """
        if not (0 <= question.part < PARTS and 1 <= question.limit <= MOST >= len(question.profile_ids)):
            raise ValueError(f"part: 0 to {PARTS - 1}; limit: 1 to {MOST}")
        if not question.segment:
            found = self._standings_of(question.profile_ids)
            return AudienceAnswer(people=[Present(standing=one) for one in found])
        return self._members(question)

    def _members(self, question: AudienceQuestion) -> AudienceAnswer:
        if self._definitions.load().get(Segment.kind, question.segment) is None:
            return AudienceAnswer(known=False)
        seat = (Segment.kind, question.segment, "")
        listed, after = self._places.part(seat, MEMBER, question.part, question.after, question.limit)
        since = {one.profile_id: one.since for one in listed}
        people = [
            Present(standing=one, since=since[one.profile_id])
            for one in self._standings_of(since)
            if question.segment in one.segments
        ]
        return AudienceAnswer(people=people, after=after)

    def _standings_of(self, profile_ids: Iterable[str]) -> Iterator[Standing]:
        found = self._standings.load(dict.fromkeys(profile_ids), consistent=True)
        for _, standing in sorted(found.items()):
            if isinstance(standing, ProfileStanding) and standing.gone is None:
                yield snapshot(standing)
