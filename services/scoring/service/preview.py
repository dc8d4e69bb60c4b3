"""The use case of a marketer who asks how many a segment would hold, before saving it.

People are read in the store's order, which is that of a hash of their ids and has nothing to do with what they did; so
a stretch of it, from a random place on, is a random sample. Few people are all read, and the answer is exact.

What the segment needs and nobody remembers yet is asked of ingest, as the pass after saving would: the answer is what
will come of it, at the cost of reading fewer people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from services.scoring.domain.definitions import Definitions, Segment, kind_of
from services.scoring.domain.estimate import Estimate, counted, estimated
from services.scoring.domain.permissions import NOWHERE, Reached
from services.scoring.domain.recalling import History, is_behind, recalled
from services.scoring.domain.seeing import view_of_places
from services.scoring.domain.standing import ProfileStanding
from services.scoring.ports import DefinitionReader, Histories, Standings, UnreadableStanding
from services.scoring.service.reach import Nobody, Phonebook, reached_by
from services.shared.clock import Clock
from services.shared.conditions import evaluate
from services.shared.errors import Invalid
from services.shared.ids import new_id

MOST_READ = 5_000
"""People read for an answer."""

MOST_PASTS = 1_000
"""People whose past is asked for, for an answer."""

PAGE = 100
SHOWN = 20
"""Ids shown of those who fit."""


@dataclass
class Tally:
    """What was seen so far: items `read`, of which people are `living`; of these `judged`, of which some `fit`.
    `unsure` ones were judged by what is not up to date."""

    read: int = 0
    living: int = 0
    judged: int = 0
    unsure: int = 0
    pasts: int = 0
    hits: int = 0
    fit: list[str] = field(default_factory=list)
    complete: bool = False

    @property
    def exact(self) -> bool:
        """Was everybody judged, by what is up to date?"""
        return self.complete and self.judged == self.living and not self.unsure


@dataclass(frozen=True)
class Plan:
    """A segment beside what is defined: `following` are the definitions with it."""

    segment: Segment
    definitions: Definitions
    following: Definitions

    @cached_property
    def needs_past(self) -> bool:
        """Does it need what nobody remembers?"""
        return not self.segment.needs.names <= self.definitions.needs.names

    @cached_property
    def judged_from(self) -> int:
        """The version by which all that it refers to is judged as it is defined now."""
        words = (f"{one.kind}/{one.name}" for one in self.segment.references())
        return max((self.definitions.introduced.get(word, 0) for word in words), default=0)

    def asks(self, standing: ProfileStanding) -> bool:
        """Must the past of somebody be asked for?"""
        return self.needs_past or is_behind(standing, self.definitions)

    def judge(
        self, standing: ProfileStanding, history: History | None, reached: Reached, now: datetime
    ) -> bool:
        """Would somebody be in it?"""
        if history is not None:
            standing = recalled(standing, history, self.following, reached)
        return evaluate(self.segment.condition, view_of_places(standing, self.following), now)


class Preview:
    """How many, how sure, and some of them."""

    def __init__(
        self,
        definitions: DefinitionReader,
        standings: Standings,
        histories: Histories,
        clock: Clock,
        phonebook: Phonebook | None = None,
    ) -> None:
        self._definitions = definitions
        self._standings = standings
        self._histories = histories
        self._clock = clock
        self._phonebook = phonebook or Nobody()

    def of(self, name: str, document: Mapping[str, Any], has_time: Callable[[], bool]) -> dict[str, Any]:
        """`{"count", "of", "exact", "interval": [low, high], "sample": [profile id], "took_reads", "took_pasts"}`;
        nothing is written. The interval holds the true number in 95 of 100 cases.

        Raises:
            Invalid: as saving it would, or `invalid_segment`, it is a list.
        """
        plan = self._plan(name, document)
        tally = self._look(plan, has_time)
        total, found = self._estimate(tally)
        return {
            "count": found.count,
            "of": total,
            "exact": tally.exact,
            "interval": [found.low, found.high],
            "sample": tally.fit,
            "took_reads": tally.read,
            "took_pasts": tally.pasts,
        }

    def _plan(self, name: str, document: Mapping[str, Any]) -> Plan:
        segment = kind_of(Segment.kind).parse(name, document)
        if not isinstance(segment, Segment):
            raise Invalid("invalid_segment", "static: a list holds whoever is put on it")
        definitions = self._definitions.load()
        return Plan(segment, definitions, definitions.with_(segment))

    def _look(self, plan: Plan, has_time: Callable[[], bool]) -> Tally:
        tally, now = Tally(), self._clock.now()
        for page, people in self._walk():
            if tally.read and (tally.read >= MOST_READ or tally.pasts >= MOST_PASTS or not has_time()):
                return tally
            tally.read += len(page)
            tally.unsure += sum(isinstance(one, UnreadableStanding) for one in page)
            tally.living += len(people)
            asked = [one.profile_id for one in people if plan.asks(one)]
            pasts = self._histories.of(asked) if asked else {}
            traits = {profile_id: past.traits for profile_id, past in pasts.items()}
            reached = reached_by(self._phonebook, traits, plan.following)
            tally.pasts += len(asked)
            for one in people:
                if not plan.asks(one) or one.profile_id in pasts:
                    past, where = pasts.get(one.profile_id), reached.get(one.profile_id, NOWHERE)
                    _count(tally, plan, one, hit=plan.judge(one, past, where, now))
        tally.complete = True
        return tally

    def _walk(self) -> Iterator[tuple[list[ProfileStanding | UnreadableStanding], list[ProfileStanding]]]:
        """Everybody, page by page, from a random place on and around: what was read, and who of it is new and alive."""
        seen: set[str] = set()
        after, around = new_id("prf"), False
        while True:
            page = self._standings.page(after, PAGE)
            fresh = [one for profile_id, one in page.standings.items() if profile_id not in seen]
            living = [one for one in fresh if isinstance(one, ProfileStanding) and not one.gone]
            yield list(page.standings.values()), living
            if len(fresh) < len(page.standings) or (around and not page.last):
                return
            seen.update(page.standings)
            after, around = page.last, around or not page.last

    def _estimate(self, tally: Tally) -> tuple[int, Estimate]:
        if tally.complete:
            whole = tally.judged == tally.living
            found = counted(tally.hits) if whole else estimated(tally.hits, tally.judged, tally.living)
            return tally.living, found
        total = round(max(self._standings.size(), tally.read) * tally.living / max(1, tally.read))
        return total, estimated(tally.hits, tally.judged, total)


def _count(tally: Tally, plan: Plan, standing: ProfileStanding, *, hit: bool) -> None:
    tally.judged += 1
    tally.unsure += standing.definitions < plan.judged_from
    if hit:
        tally.hits += 1
        if len(tally.fit) < SHOWN:
            tally.fit.append(standing.profile_id)
