"""The lists of static segments, kept in the standings of who is on them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from services.scoring.domain.definitions import Definitions, StaticSegment
from services.scoring.domain.leaving import merge
from services.scoring.domain.listing import enlist, lists_of
from services.scoring.domain.standing import ProfileStanding
from services.scoring.ports import DefinitionReader, Standings, UnreadableStanding
from services.scoring.service.rewriting import Rewriter, Unready
from services.shared.clock import Clock
from services.shared.contracts.ingest import Merge

LONGEST_CHAIN = 32
"""Merges followed from an id to who that is now."""


@dataclass(frozen=True)
class Listed:
    """What became of a list's changes: how many went on it and off it, whose place was as wanted, the profiles that
    nothing is known of (or that were erased), and those that have to be asked for again."""

    added: int
    removed: int
    unchanged: int
    unknown: tuple[str, ...]
    failed: tuple[str, ...]


class Lists:
    """Puts people on lists and takes them off."""

    def __init__(self, standings: Standings, definitions: DefinitionReader, clock: Clock) -> None:
        self._standings = standings
        self._definitions = definitions
        self._clock = clock
        self._rewriter = Rewriter(standings)

    def enlist(self, name: str, wanted: Mapping[str, bool], *, silent: bool = False) -> Listed:
        """Put profiles on the list of a static segment (`True`) or take them off it, under whatever id of theirs; the
        same again changes nothing. Where two ids are one person by now, who is wanted on it is.

        Where the segment is not static (any more), all are `failed`.
        """
        current = {given: end for given, end in self._ends(wanted).items() if not end.gone}
        people: dict[str, bool] = {}
        for given, standing in current.items():
            people[standing.profile_id] = people.get(standing.profile_id, False) or wanted[given]
        moved: dict[str, bool] = {}

        def judge(profile_id: str, standing: ProfileStanding | None) -> ProfileStanding | None:
            if standing is None or standing.gone:
                raise Unready(profile_id)  # it was merged in this moment
            definitions = self._definitions_for(standing)
            if (StaticSegment.kind, name) not in definitions.lists:
                raise Unready(profile_id)
            member, now = people[profile_id], self._clock.now()
            after = enlist(standing, name, definitions, now, member=member, silent=silent)
            if after:
                moved[profile_id] = member
            return after

        loaded = {standing.profile_id: standing for standing in current.values()}
        outcome = self._rewriter.settle(list(people), loaded, judge)
        done = [member for profile_id, member in moved.items() if profile_id not in outcome.failed]
        return Listed(
            added=sum(done),
            removed=len(done) - sum(done),
            unchanged=outcome.unchanged,
            unknown=tuple(given for given in wanted if given not in current),
            failed=tuple(given for given, one in current.items() if one.profile_id in outcome.failed),
        )

    def of(self, standing: ProfileStanding) -> frozenset[str]:
        """The lists that somebody is on."""
        return lists_of(standing, self._definitions_for(standing))

    def pass_on(
        self, merges: Mapping[str, Merge], loaded: Mapping[str, ProfileStanding | UnreadableStanding]
    ) -> dict[str, frozenset[str]]:
        """Put winners on the lists of their losers; by loser, the lists that nothing is missing from any more."""
        lists: dict[str, list[str]] = {}
        for loser, standing in loaded.items():
            if isinstance(standing, ProfileStanding) and merge(loser, standing, merges[loser]):
                for name in self.of(standing):
                    lists.setdefault(name, []).append(loser)
        passed_on: dict[str, frozenset[str]] = {}
        for name, losers in sorted(lists.items()):
            winners = {merges[loser].winner for loser in losers}
            listed = self.enlist(name, dict.fromkeys(winners, True))
            erased = self._ends(listed.unknown).keys()
            missing = {*listed.failed, *listed.unknown} - erased
            for loser in losers:
                if merges[loser].winner not in missing:
                    passed_on[loser] = passed_on.get(loser, frozenset()) | {name}
        return passed_on

    def _ends(self, profile_ids: Collection[str]) -> dict[str, ProfileStanding]:
        """Where merges have led to: the standings of profiles as they are called by now, the remains of erased ones
        too. Who is not known, or can't be read, is left out."""
        found: dict[str, ProfileStanding] = {}
        asked = {given: given for given in profile_ids}
        for _ in range(LONGEST_CHAIN):
            if not asked:
                break
            loaded = self._standings.load(dict.fromkeys(asked.values()), consistent=True)
            following: dict[str, str] = {}
            for given, current in asked.items():
                standing = loaded.get(current)
                if not isinstance(standing, ProfileStanding):
                    continue
                if standing.gone and standing.gone.into:
                    following[given] = standing.gone.into
                else:
                    found[given] = standing
            asked = following
        return found

    def _definitions_for(self, standing: ProfileStanding) -> Definitions:
        """Never older than those the standing was judged by."""
        return self._definitions.load(standing.definitions)
