"""The use cases that move standings: take in changes of profiles, let time pass, and let go of profiles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from services.scoring.domain.definitions import Definitions
from services.scoring.domain.definitions.lifecycles import Lifecycle
from services.scoring.domain.judging import let_time_pass, put_in_place, take_in
from services.scoring.domain.leaving import erase, merge
from services.scoring.domain.permissions import NOWHERE
from services.scoring.domain.permitting import permit
from services.scoring.domain.places import Place
from services.scoring.domain.recalling import catch_up, is_behind
from services.scoring.domain.standing import ProfileStanding
from services.scoring.ports import DUE_SHARDS, DefinitionReader, Histories, Standings, UnreadableStanding
from services.scoring.service.lists import Lists
from services.scoring.service.reach import Nobody, Phonebook, Reach
from services.scoring.service.rewriting import Judge, Outcome, Rewriter, Unready
from services.shared.clock import Clock, to_iso
from services.shared.contracts.ingest import Merge, ProfileChange
from services.shared.errors import Invalid, NotFound

PAGE = 100
"""Profiles swept between two looks at the time that remains."""


PORTION = 200
"""Events of a profile that one write tells of: what journeys listen to must fit into an item."""


@dataclass(frozen=True)
class Swept:
    """Profiles whose due time was handled, and whether some are left."""

    swept: int
    more: bool
    failed: int


def portions_of(changes: Iterable[ProfileChange]) -> list[dict[str, list[ProfileChange]]]:
    """Changes by profile, in portions of which none has more than `PORTION` events of one profile, unless they are
    one change. Nearly always there is one portion."""
    portions: list[dict[str, list[ProfileChange]]] = []
    filled: dict[str, tuple[int, int]] = {}
    for change in changes:
        number, events = filled.get(change.profile_id, (0, 0))
        if events and events + len(change.events) > PORTION:
            number, events = number + 1, 0
        filled[change.profile_id] = number, events + len(change.events)
        if number == len(portions):
            portions.append({})
        portions[number].setdefault(change.profile_id, []).append(change)
    return portions


class Scoring:
    """Keeps the standing of every profile."""

    def __init__(
        self,
        standings: Standings,
        definitions: DefinitionReader,
        clock: Clock,
        phonebook: Phonebook | None = None,
    ) -> None:
        self._standings = standings
        self._definitions = definitions
        self._clock = clock
        self._phonebook = phonebook or Nobody()
        self._rewriter = Rewriter(standings)
        self._lists = Lists(standings, definitions, clock)

    def take_in(self, changes: Iterable[ProfileChange]) -> Outcome:
        """Fold changes into standings: one write per profile (more where one has too many for that), each change once
        however often it is delivered."""
        portions = portions_of(changes)
        outcome = self._take_in(portions[0] if portions else {})
        for portion in portions[1:]:
            outcome = outcome.and_then(self._take_in(portion))
        return outcome

    def _take_in(self, by_profile: Mapping[str, Sequence[ProfileChange]]) -> Outcome:
        now = self._clock.now()
        newest = {p: max(told, key=lambda change: change.version) for p, told in by_profile.items()}

        def addresses_of(
            profile_id: str, standing: ProfileStanding | None, definitions: Definitions
        ) -> Mapping[str, str] | None:
            found = self._phonebook.addresses(newest[profile_id].traits, definitions)
            if standing and standing.addresses == found and standing.definitions == definitions.version:
                return None
            return found

        reach = Reach(self._phonebook, addresses_of)

        def judge(profile_id: str, standing: ProfileStanding | None) -> ProfileStanding | None:
            definitions, reached = reach.of(profile_id)
            return take_in(profile_id, standing, by_profile[profile_id], definitions, now, reached)

        ids = list(by_profile)
        return self._settle(ids, self._standings.load(ids), judge, reach)

    def permit(self, profile_ids: Iterable[str]) -> Outcome:
        """Judge profiles by what is permitted now at the addresses they have."""
        now, ids = self._clock.now(), sorted(profile_ids)
        reach = Reach(self._phonebook, lambda _, standing, __: standing.addresses if standing else None)

        def judge(profile_id: str, standing: ProfileStanding | None) -> ProfileStanding | None:
            definitions, reached = reach.of(profile_id)
            return permit(standing, reached, definitions, now) if standing and reached else None

        # A stale standing could look as if it knew already.
        return self._settle(ids, self._standings.load(ids, consistent=True), judge, reach)

    def merge(self, merges: Iterable[Merge]) -> Outcome:
        """Let go of profiles that are part of others now. The lists they are on get the winner first."""
        newest: dict[str, Merge] = {}
        for one in sorted(merges, key=lambda m: m.at):
            newest[one.loser] = one
        loaded = self._standings.load(newest, consistent=True)
        passed_on = self._lists.pass_on(newest, loaded)

        def judge(loser: str, standing: ProfileStanding | None) -> ProfileStanding | None:
            after = merge(loser, standing, newest[loser])
            if after and standing and not self._lists.of(standing) <= passed_on.get(loser, frozenset()):
                raise Unready(loser)
            return after

        return self._rewriter.settle(list(newest), loaded, judge)

    def erase(self, profile_ids: Iterable[str], at: datetime) -> Outcome:
        """Forget profiles for good; again is the same."""
        return self._rewrite(
            list(dict.fromkeys(profile_ids)), lambda profile_id, standing: erase(profile_id, standing, at)
        )

    def catch_up(
        self,
        standings: Mapping[str, ProfileStanding | UnreadableStanding],
        version: int,
        histories: Histories,
    ) -> Outcome:
        """Judge those of `standings` (maybe stale) that were last judged before definitions `version`, and let those
        who need to know more of their past remember it."""
        now = self._clock.now()
        seen = {p: s for p, s in standings.items() if isinstance(s, ProfileStanding)}
        definitions = self._definitions.load(max([version, *(one.definitions for one in seen.values())]))
        behind = [p for p, standing in seen.items() if is_behind(standing, definitions)]
        past = histories.of(behind) if behind else {}

        def addresses_of(
            profile_id: str, _: ProfileStanding | None, known: Definitions
        ) -> Mapping[str, str] | None:
            history = past.get(profile_id)
            return self._phonebook.addresses(history.traits, known) if history else None

        reach = Reach(self._phonebook, addresses_of)

        def judge(profile_id: str, standing: ProfileStanding | None) -> ProfileStanding | None:
            if standing is None:
                return None
            known, reached = reach.of(profile_id)
            if is_behind(standing, known) and (
                profile_id not in past or standing.version != seen[profile_id].version
            ):
                raise Unready(
                    profile_id
                )  # a past that was read before the newest change came is not all of it
            return catch_up(standing, past.get(profile_id), known, now, reached or NOWHERE)

        return self._settle(list(standings), standings, judge, reach)

    def move_by_hand(self, profile_id: str, lifecycle: str, product: object, to: object) -> Place:
        """Put somebody in another stage, along a transition there is; the rules go on from there.

        Raises:
            NotFound: there is no such lifecycle, or nothing is known of the profile.
            Invalid: no such product or stage.
            Conflict: no transition leads there.
            Contended: other writers were first each time.
        """
        found: list[Place] = []

        def judge(_: str, standing: ProfileStanding | None) -> ProfileStanding | None:
            definitions = self._definitions_for(standing)
            machine = definitions.get(Lifecycle.kind, lifecycle)
            if not isinstance(machine, Lifecycle) or standing is None or standing.gone:
                raise NotFound("not_found", "there is no such profile or lifecycle")
            seat = (Lifecycle.kind, lifecycle, product if isinstance(product, str) else "")
            if seat[2] not in machine.subjects:
                raise Invalid("unknown_product", f"product: must be one of {', '.join(machine.subjects)}")
            now = max(self._clock.now(), standing.at)
            found.append(machine.moved(standing.places.get(seat), str(to), now))
            return put_in_place(standing, seat, found[-1], definitions, now)

        outcome = self._rewrite([profile_id], judge)
        for error in outcome.failed.values():
            raise error
        return found[-1]

    def sweep(self, has_time: Callable[[], bool]) -> Swept:
        """Judge every profile that is due, while `has_time()`; the index only says whom to look at."""
        now = self._clock.now()

        def judge(_: str, standing: ProfileStanding | None) -> ProfileStanding | None:
            return let_time_pass(standing, self._definitions_for(standing), now) if standing else None

        swept = failed = 0
        for shard in range(DUE_SHARDS):
            due = self._standings.due(shard, to_iso(now))
            while page := list(dict.fromkeys(islice(due, PAGE))):  # a stale index may name one twice
                outcome = self._rewrite(page, judge)
                swept += outcome.written
                failed += len(outcome.failed)
                if not has_time():
                    return Swept(swept, True, failed)
        return Swept(swept, False, failed)

    def _definitions_for(self, standing: ProfileStanding | None) -> Definitions:
        """Never older than those the standing was judged by: it would leave segments only to enter them again."""
        return self._definitions.load(standing.definitions if standing else 0)

    def _rewrite(self, profile_ids: Sequence[str], judge: Judge) -> Outcome:
        return self._rewriter.settle(profile_ids, self._standings.load(profile_ids), judge)

    def _settle(
        self,
        profile_ids: Sequence[str],
        loaded: Mapping[str, ProfileStanding | UnreadableStanding],
        judge: Judge,
        reach: Reach,
    ) -> Outcome:
        def look_up(current: Mapping[str, ProfileStanding | None]) -> None:
            reach.look_up(current, self._definitions_for)

        return self._rewriter.settle(profile_ids, loaded, judge, look_up)
