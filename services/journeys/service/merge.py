"""Profiles that are no more: their walks go on as somebody else's, or end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.journeys.domain.enrolment import Enrolment, walk_ref
from services.journeys.domain.merging import ERASED, Gone, TakeOver, decide
from services.journeys.ports.walks import Walks
from services.journeys.service.contended import ATTEMPTS, Contended
from services.journeys.service.join import Joining
from services.journeys.service.stores import Stores
from services.shared.contracts.ingest import Merge


class Merging:
    """Empties profiles that are gone. Again is the same, and goes on where a worker died."""

    def __init__(self, stores: Stores, joining: Joining) -> None:
        self._stores = stores
        self._joining = joining

    def merge(self, merges: Iterable[Merge]) -> int:
        """Hand over the walks of every loser, unless it was given back since; how many walks.

        Raises:
            Contended, NoRoom: others were in the way all the time.
        """
        handed_over = 0
        for one in sorted(merges, key=lambda m: m.at):
            if self._stores.standings.leave(one.loser, Gone(one.winner, one.at)):
                handed_over += self.settle(one.loser)
        return handed_over

    def settle(self, profile_id: str) -> int:
        """Hand over the walks of a profile if it is gone, and on from there if its winner is gone as well; how many.

        A walk that another worker is just beginning is not there yet. Facts that let profiles go are told twice, the
        second time when whoever had read the profile before is done: an entry need not ask again.
        """
        settled, seen = 0, set[str]()
        while profile_id not in seen:
            seen.add(profile_id)
            gone = self._stores.standings.gone(profile_id)
            if gone is None:
                break
            if gone.erased:
                return settled + forget(self._stores.walks, profile_id, self._stores.clock.now())
            for walk in self._stores.walks.of_profile(profile_id):
                settled += not walk.moved_to and self._hand_over(walk, gone.into)
            profile_id = gone.into
        return settled

    def now_known_as(self, profile_id: str) -> str:
        """The profile that a person is by now; empty: they are erased."""
        return self._way_of(profile_id)[-1]

    def _way_of(self, profile_id: str) -> list[str]:
        """The profiles that a person has been from this one on, and the one they are (empty: they are erased)."""
        way = [profile_id]
        while way[-1] and (gone := self._stores.standings.gone(way[-1])) and gone.into not in way:
            way.append(gone.into)
        return way

    def _heir(self, lost: Enrolment, into: str) -> str:
        """The last profile on the way that can have the walk: not itself, should merges lead in a circle."""
        return [one for one in self._way_of(into) if one and one != lost.profile_id][-1]

    def _hand_over(self, lost: Enrolment, into: str) -> bool:
        """Hand a walk over to the profile that the person is by now: what went on elsewhere asks for nothing any more.
        Whoever is seen to have gone on was known to be gone before."""
        entry = self._stores.definitions.get(lost.journey, lost.version).document.entry
        for _ in range(ATTEMPTS):
            winner = self._heir(lost, into)
            successor = walk_ref(winner, lost.key)
            current = self._stores.walks.find([lost.ref, successor], lost.journey)
            walk, won = current.get(lost.ref), current.get(successor)
            if walk is None or walk.moved_to:
                return False
            if won and won.moved_to and self._heir(lost, into) != winner:
                continue
            standing = self._stores.standings.find([winner]).get(winner)
            verdict = decide(walk, won, winner, standing.version if standing else 0, entry.reentry != "never")
            if self._stores.walks.hand_over(walk, won, verdict, winner, self._stores.clock.now()):
                if isinstance(verdict, TakeOver) and verdict.walk.active:
                    self._joining.make_up_for([verdict.walk])
                return True
        raise Contended(f"a walk through {lost.journey} kept changing")


def forget(walks: Walks, profile_id: str, now: datetime) -> int:
    """End and remove all walks of a profile; how many there were."""
    walks.stop([(walk, ERASED) for walk in walks.of_profile(profile_id) if walk.active], now)
    return walks.forget(profile_id)
