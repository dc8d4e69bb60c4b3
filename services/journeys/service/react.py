"""What ingest and scoring tell: follow merges, keep the newest standing, end walks, begin walks, in this order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.journeys.domain.enrolment import Enrolment, Entrant, exit_reason, is_stale, left_since
from services.journeys.domain.entries import Called
from services.journeys.domain.entries import SegmentEntered as SegmentWay
from services.journeys.ports import Attributes, Definition, Definitions, Standings, Walks
from services.journeys.service.join import Joining
from services.journeys.service.merge import Merging
from services.shared.clock import Clock
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import AttributesChanged, ProfilesErased, ProfilesMerged
from services.shared.contracts.scoring import (
    Firing,
    ScoreChanged,
    SegmentEntered,
    SegmentExited,
    SegmentMove,
    Standing,
    StrategyCellChanged,
    StrategyMove,
    TriggerFired,
)

Way = tuple[str, str]
"""How one comes into a journey: ("segment", its name), or ("called", the journey's own)."""

Reason = tuple[Way, Entrant]


@dataclass(frozen=True)
class Reaction:
    """What a batch of facts came to."""

    standings: int
    entered: int
    exited: int
    stale: int
    handed_over: int


class Reacting:
    """Turns facts into walks. The same facts again, in any order, change nothing."""

    def __init__(
        self,
        definitions: Definitions,
        walks: Walks,
        standings: Standings,
        joining: Joining,
        merging: Merging,
        attributes: Attributes,
        clock: Clock,
    ) -> None:
        self._definitions = definitions
        self._walks = walks
        self._standings = standings
        self._joining = joining
        self._merging = merging
        self._attributes = attributes
        self._clock = clock

    def react(self, facts: Sequence[Fact]) -> Reaction:
        """Take a batch of `AttributesChanged`, `ProfilesMerged`, `ProfilesErased`, `ScoreChanged`, `SegmentEntered`,
        `SegmentExited`, `StrategyCellChanged` and `TriggerFired`. What is said of a profile that is gone counts for
        nothing: its winner is told everything again.

        Raises:
            NoRoom, Contended: others were in the way all the time; the batch must be retried.
        """
        for registry in (one for f in facts if isinstance(f, AttributesChanged) for one in f.changes):
            self._attributes.keep(registry)
        handed_over = self._merging.merge(m for f in facts if isinstance(f, ProfilesMerged) for m in f.merges)
        for erasure in (e for f in facts if isinstance(f, ProfilesErased) for e in f.erasures):
            handed_over += sum(self._merging.settle(profile_id) for profile_id in erasure.profile_ids)
        newest = self._standings.keep({s.profile_id: s for s in _in_order(facts)}.values())
        exited = self._exits([m for f in facts if isinstance(f, SegmentExited) for m in f.moves])
        entered = stale = 0
        reasons = [reason for reason in _reasons(facts) if reason[1].profile_id in newest]
        for definition, entrants in self._entrants(reasons):
            overtaken = [
                e for e in entrants if is_stale(definition.document, e.standing, newest.get(e.profile_id))
            ]
            current = [e for e in entrants if e not in overtaken]
            stale += len(overtaken)
            if overtaken:
                self._joining.finish_starts(definition, overtaken)
            entered += self._joining.enter(definition, current)
            exited += self._exit_overtaken(definition, current)
        return Reaction(len(newest), entered, exited, stale, handed_over)

    def _exits(self, moves: Iterable[SegmentMove]) -> int:
        """End walks whose own version says that leaving this segment ends it."""
        latest: dict[tuple[str, str], SegmentMove] = {}
        for move in sorted(moves, key=lambda m: m.standing.version):
            latest[(move.segment, move.standing.profile_id)] = move
        by_segment: dict[str, list[SegmentMove]] = defaultdict(list)
        for move in latest.values():
            by_segment[move.segment].append(move)
        return sum(self._exit_all(segment, group) for segment, group in by_segment.items())

    def _exit_all(self, segment: str, moves: Sequence[SegmentMove]) -> int:
        exits_on = {d.journey for d in self._definitions.all() if segment in d.document.exit_segments()}
        ended = 0
        for journey in sorted(exits_on):
            walks = self._walks_of([m.standing.profile_id for m in moves], journey)
            ending = [
                (walk, exit_reason(segment))
                for move in moves
                for walk in walks[move.standing.profile_id]
                if walk.active and self._ends(walk, move)
            ]
            ended += self._walks.stop(ending, self._clock.now())
        return ended

    def _walks_of(self, profile_ids: Sequence[str], journey: str) -> Mapping[str, list[Enrolment]]:
        """All walks of people through a journey: several a person where each matter is a walk of its own."""
        found: dict[str, list[Enrolment]] = defaultdict(list)
        if any(d.document.entry.keyed for d in self._definitions.all() if d.journey == journey):
            for profile_id in dict.fromkeys(profile_ids):
                found[profile_id] = self._walks.of_profile(profile_id, journey)
        else:
            for walk in self._walks.find(profile_ids, journey).values():
                found[walk.profile_id].append(walk)
        return found

    def _ends(self, walk: Enrolment, move: SegmentMove) -> bool:
        document = self._definitions.get(walk.journey, walk.version).document
        return move.segment in document.exit_segments() and move.standing.version > walk.entry_version

    def _entrants(self, reasons: Iterable[Reason]) -> list[tuple[Definition, list[Entrant]]]:
        """Who has a reason to enter which journey, each person once a journey by their newest reason."""
        found: dict[Way, dict[str, Entrant]] = defaultdict(dict)
        for way, entrant in sorted(reasons, key=lambda reason: reason[1].standing.version):
            found[way][entrant.ref] = entrant
        newest: Mapping[str, Definition] = {
            d.journey: d for d in sorted(self._definitions.all(), key=lambda d: d.version)
        }
        ways = [(definition, way) for definition in newest.values() for way in _ways_in(definition)]
        return [(definition, list(found[way].values())) for definition, way in ways if way in found]

    def _exit_overtaken(self, definition: Definition, entrants: Sequence[Entrant]) -> int:
        """End walks that another worker could not end, because it looked before they had begun.

        Each side writes first (walk or standing) and reads the other afterwards, so one of them sees both.
        """
        if not entrants or not definition.document.exit_on:
            return 0
        newest = self._standings.find([e.profile_id for e in entrants])
        left = {
            e.ref: reason
            for e in entrants
            if (reason := left_since(definition.document, e.standing, newest.get(e.profile_id)))
        }
        walks = self._walks.find(left, definition.journey).values() if left else ()
        ending = [
            (walk, left[walk.ref])
            for walk in walks
            if walk.active and walk.entry_version < newest[walk.profile_id].version
        ]
        return self._walks.stop(ending, self._clock.now())


def _ways_in(definition: Definition) -> Iterator[Way]:
    for way in definition.document.entry.on:
        if isinstance(way, SegmentWay):
            yield "segment", way.segment_entered
        elif isinstance(way, Called):
            yield "called", definition.journey


def _reasons(facts: Iterable[Fact]) -> Iterator[Reason]:
    """Every reason to enter that facts give."""
    for fact in facts:
        if isinstance(fact, SegmentEntered):
            yield from ((("segment", move.segment), _entrant(move)) for move in fact.moves)
        elif isinstance(fact, StrategyCellChanged):
            yield from ((("called", move.journey), _entrant(move)) for move in fact.moves if move.journey)
        elif isinstance(fact, TriggerFired):
            yield from ((("called", one.journey), _entrant(one)) for one in fact.firings if one.journey)


def _entrant(row: SegmentMove | StrategyMove | Firing) -> Entrant:
    return Entrant(row.standing.profile_id, row.at, row.standing, row.accepted_at)


def _in_order(facts: Iterable[Fact]) -> list[Standing]:
    standings: list[Standing] = []
    for fact in facts:
        if isinstance(fact, ScoreChanged):
            standings += [change.standing for change in fact.changes]
        elif isinstance(fact, SegmentEntered | SegmentExited | StrategyCellChanged):
            standings += [move.standing for move in fact.moves]
        elif isinstance(fact, TriggerFired):
            standings += [one.standing for one in fact.firings]
    return sorted(standings, key=lambda s: s.version)
