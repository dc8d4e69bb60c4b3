"""Profiles that are no more: their walks go on as somebody else's, or end."""

from __future__ import annotations

from collections.abc import Iterable

from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.merging import ERASED, Gone, decide
from services.journeys.ports import Definitions, Standings, Walks
from services.shared.clock import Clock
from services.shared.contracts.ingest import Merge

ATTEMPTS = 25
"""Times one walk is looked at again because it, or the winner's, changed meanwhile."""


class Contended(Exception):
    """Others changed a walk all the time; the caller's batch must be retried."""


class Merging:
    """Empties profiles that are gone. Again is the same, and goes on where a worker died."""

    def __init__(self, definitions: Definitions, walks: Walks, standings: Standings, clock: Clock) -> None:
        self._definitions = definitions
        self._walks = walks
        self._standings = standings
        self._clock = clock

    def merge(self, merges: Iterable[Merge]) -> int:
        """Hand over the walks of every loser, unless it was given back since; how many walks.

        Raises:
            Contended: a walk kept changing.
        """
        handed_over = 0
        for one in sorted(merges, key=lambda m: m.at):
            if self._standings.leave(one.loser, Gone(one.winner, one.at)):
                handed_over += self.settle(one.loser)
        return handed_over

    def settle(self, profile_id: str) -> int:
        """Hand over the walks of a profile if it is gone, and on from there if its winner is gone as well; how many.

        Whoever notes that a profile is gone reads its walks afterwards, and whoever writes a walk asks afterwards
        whether its profile is gone, so one of them sees both.
        """
        settled, seen = 0, set[str]()
        while profile_id not in seen:
            seen.add(profile_id)
            gone = self._standings.gone(profile_id)
            if gone is None:
                break
            if gone.erased:
                return settled + self.forget(profile_id)
            for walk in self._walks.of_profile(profile_id):
                settled += not walk.moved_to and self._hand_over(walk, gone.into)
            profile_id = gone.into
        return settled

    def forget(self, profile_id: str) -> int:
        """End and remove all walks of a profile; how many there were."""
        active = [(walk, ERASED) for walk in self._walks.of_profile(profile_id) if walk.active]
        self._walks.stop(active, self._clock.now())
        return self._walks.forget(profile_id)

    def _hand_over(self, lost: Enrolment, winner: str) -> bool:
        entry = self._definitions.get(lost.journey, lost.version).document.entry
        standing = self._standings.find([winner]).get(winner)
        for _ in range(ATTEMPTS):
            current = self._walks.find([lost.profile_id, winner], lost.journey)
            walk, won = current.get(lost.profile_id), current.get(winner)
            if walk is None or walk.moved_to:
                return False
            verdict = decide(walk, won, winner, standing.version if standing else 0, entry.reentry)
            if self._walks.hand_over(walk, won, verdict, winner, self._clock.now()):
                return True
        raise Contended(f"a walk through {lost.journey} kept changing")
