"""A journey walked in plain Python: the engine's own inputs in the order of time, and the trace that comes of them.

It decides nothing by itself: who is let in, what happens at a node, what a signal means and when a cohort leaves are
the functions that the engine asks. Of one moment, what is told (and what is at once done about it) comes before what
was due then: who leaves in time has left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from services.journeys.domain.acting import concerns, remembered
from services.journeys.domain.agenda import Agenda, Course, Passage
from services.journeys.domain.cohort import GRACE, entry_slots
from services.journeys.domain.document import Document
from services.journeys.domain.enrolment import exit_reason, is_repeated, is_stale, left_since
from services.journeys.domain.entering import ACTIVE, Last, ended_by, refused, stage_ends
from services.journeys.domain.moves import Memory, Seen, Walker, had_in_all, memory_of_next, shared_memory
from services.journeys.domain.nodes import Wait
from services.journeys.domain.operating import PAUSED
from services.journeys.domain.reasons import events_awaited_in, plans_by
from services.journeys.domain.signals import Told, called, signals_of, standings_in, told_in
from services.journeys.domain.traces import Step
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import Merge, ProfilesMerged
from services.shared.contracts.scoring import StageChanged, Standing, TraitsCarried


class Interpreter:
    """One version of a journey, from `now` on. `winners`: arms that have won splits; `trace`: what happened."""

    def __init__(
        self,
        document: Document,
        now: datetime,
        *,
        version: int = 1,
        winners: Mapping[str, str] | None = None,
    ) -> None:
        self.trace: list[Step] = []
        self._document = document
        self._version = version
        self._winners = winners or {}
        self._signals = signals_of(document)
        self._awaited = events_awaited_in(document)
        self._agenda = Agenda(document, now, seen=self._seen, departed=self._departed, tell=self.trace.append)
        self._standings: dict[str, Standing] = {}
        self._traits: dict[str, tuple[int, Mapping[str, object]]] = {}
        self._gone: dict[str, datetime] = {}
        self._courses: dict[str, dict[str, Course]] = {}
        self._noted: dict[str, dict[tuple[str, str], Told]] = {}

    @property
    def now(self) -> datetime:
        return self._agenda.now

    @property
    def steps(self) -> int:
        """Nodes that people have passed."""
        return self._agenda.steps

    @property
    def next_at(self) -> datetime | None:
        """Nothing happens by time alone before then; `None`: nothing at all."""
        return self._agenda.next_at

    @property
    def passed(self) -> Counter[Passage]:
        """How often each way from node to node was taken."""
        return self._agenda.passed

    @property
    def where(self) -> Counter[str]:
        """How many walks are at each node."""
        walks = (course for mine in self._courses.values() for course in mine.values())
        return Counter(course.node for course in walks if course.active)

    def call(self, standing: Standing, at: datetime, now: datetime) -> None:
        """The journey is called for somebody."""
        self._agenda.run(now, inclusive=False)
        self._keep(standing)
        self._hear(Told(called(self._document.name), at, standing), staged=False)

    def occasion(self, standing: Standing, at: datetime, now: datetime) -> None:
        """A moment of a schedule, or something in the world, is a reason to enter for somebody."""
        self._agenda.run(now, inclusive=False)
        self._keep(standing)
        self._let_in(Told("", at, standing, event=True))

    def run_until(self, at: datetime) -> None:
        """Let everything happen that is due until then."""
        self._agenda.run(at)

    def take(self, fact: Fact, now: datetime) -> None:
        """Tell a fact at `now`. What is told of profiles that are gone counts for nothing."""
        self._agenda.run(now, inclusive=False)
        if isinstance(fact, ProfilesMerged):
            for merge in fact.merges:
                self._merge(merge)
        if isinstance(fact, TraitsCarried):
            for carried in fact.carried:
                self._carry(carried.profile_id, carried.version, carried.traits)
        for standing in standings_in(fact):
            self._keep(standing)
        for told in told_in(fact):
            if told.standing.profile_id in self._standings:
                self._note(told)
                self._hear(told, staged=isinstance(fact, StageChanged))

    def pause(self, now: datetime, policy: Literal["hold", "drop"] = "hold") -> None:
        """From `now` on the journey stands still, or goes on without meeting people."""
        self._agenda.run(now, inclusive=False)
        self._agenda.pause(policy)

    def resume(self, now: datetime) -> None:
        """The pause is over."""
        self._agenda.run(now, inclusive=False)
        self._agenda.resume()

    # What is known

    def _seen(self, profile_id: str) -> Seen:
        _, traits = self._traits.get(profile_id, (0, {}))
        walks = self._courses.get(profile_id, {}).values()
        had = had_in_all(course.walker.memory for course in walks)
        return Seen(self._standings.get(profile_id), traits, self._winners, had)

    def _keep(self, standing: Standing) -> None:
        profile_id, known = standing.profile_id, self._standings.get(standing.profile_id)
        gone_at = self._gone.get(profile_id)
        if gone_at is not None:
            if standing.since_at is None or standing.since_at <= gone_at:
                return
            del self._gone[profile_id]
        if known is None or standing.version > known.version:
            self._standings[profile_id] = standing
            self._replan(profile_id, facts=True)

    def _carry(self, profile_id: str, version: int, traits: Mapping[str, object]) -> None:
        known, _ = self._traits.get(profile_id, (-1, {}))
        if version > known:
            self._traits[profile_id] = (version, traits)
            self._replan(profile_id, facts=False)

    def _replan(self, profile_id: str, *, facts: bool) -> None:
        for course in self._active(profile_id) if plans_by(self._document, facts=facts) else ():
            self._agenda.hear(course, "")

    def _active(self, profile_id: str) -> Iterator[Course]:
        return (course for course in list(self._courses.get(profile_id, {}).values()) if course.active)

    # What is told

    def _note(self, told: Told) -> None:
        """The newest of each event that anybody may wait for, and matter: it may turn out to be somebody else's."""
        if not told.event or told.signal not in self._awaited:
            return
        mine = self._noted.setdefault(told.standing.profile_id, {})
        known = mine.get((told.signal, told.key))
        if known is None or (known.at, known.version) < (told.at, told.version):
            mine[told.signal, told.key] = told

    def _hear(self, told: Told, *, staged: bool) -> None:
        for course in self._active(told.standing.profile_id):
            if not self._is_after(course.walker, told):
                continue
            reason = ended_by(self._document, course.walker, told.signal, told.key, told.at)
            if staged:
                reason = reason or stage_ends(self._document, self._standings[told.standing.profile_id])
            if reason:
                self._agenda.end(course, reason)
            else:
                self._listen(course, told)
        if told.signal in self._signals.entries:
            self._let_in(told)

    def _is_after(self, walker: Walker, told: Told) -> bool:
        if told.event:
            return walker.counts(told.at, told.version)
        return told.standing.version > walker.entry_version

    def _listen(self, course: Course, told: Told) -> None:
        walker, signal = course.walker, told.signal
        keyed = {self._signals.entries.get(signal)} | {
            keyed for awaited, keyed in self._signals.waits.values() if awaited == signal
        }
        if not any(one is not None and concerns(one, told.key, walker) for one in keyed):
            return
        newest = max(told.at, walker.heard.get(signal, told.at))
        kept = {**walker.kept, **remembered(self._document, signal, told.kept)}
        course.walker = replace(walker, heard={**walker.heard, signal: newest}, kept=kept)
        self._agenda.hear(course, signal)

    # Beginning

    def _let_in(self, told: Told) -> None:
        document, now = self._document, self.now
        key = told.key if self._signals.entries.get(told.signal) else ""
        profile_id, newest = told.standing.profile_id, self._standings[told.standing.profile_id]
        last = self._courses.get(profile_id, {}).get(key)
        reason = (told.standing.version, told.at)
        if last and (not self._is_after(last.walker, told) or is_repeated(reason, last.turned_away)):
            return
        if is_stale(document, told.standing, newest):
            return
        kept = remembered(document, told.signal, told.kept)
        walker = Walker(
            profile_id,
            key,
            min(told.at, now),
            kept,
            memory=memory_of_next(last.walker.memory) if last else Memory(),
            entry_version=told.standing.version,
        )
        before = Last(last.walker.entered_at, last.active, last.number) if last else None
        shut = PAUSED if self._agenda.drops else ""
        if why := refused(document, walker, before, self._seen(profile_id), now) or shut:
            self.trace.append(Step(now, profile_id, key, "", "refused", why))
            if last and why == ACTIVE:
                last.turned_away = reason
            return
        self._begin(walker, told, last.number + 1 if last else 1)
        if why := left_since(document, told.standing, newest):
            self._agenda.end(self._courses[profile_id][key], why)

    def _begin(self, walker: Walker, told: Told, number: int) -> None:
        document, agenda = self._document, self._agenda
        member = f"{walker.profile_id}#{walker.key}" if walker.key else walker.profile_id
        slots = entry_slots(document, self._version, told.at, self.now, member)
        slot = next(one for one in slots if one.key not in agenda.closed)
        waiting = isinstance(document.nodes[document.start], Wait)
        course = Course(walker, number, document.start, slot.due, slot.at, waiting, slot.key)
        self._courses.setdefault(walker.profile_id, {})[walker.key] = course
        agenda.note(course, "entered")
        agenda.start(course, timedelta(0) if waiting or not document.admission else GRACE)

    # Merging

    def _merge(self, merge: Merge) -> None:
        """As `merging.decide` says: a person walks a journey once at a time, and where nobody enters twice, once."""
        loser, winner = merge.loser, merge.winner
        self._gone[loser] = merge.at
        self._standings.pop(loser, None)
        reenters = self._document.entry.reentry != "never"
        theirs = self._courses.setdefault(winner, {})
        for key, lost in self._courses.pop(loser, {}).items():
            won = theirs.get(key)
            self._agenda.note(lost, "merged", winner)
            if won is None or (reenters and lost.active and not won.active):
                self._take_over(lost, won, winner)
                theirs[key] = lost
                continue
            if not reenters or lost.active:
                won.asked |= lost.asked
            memory = shared_memory(won.walker.memory, lost.walker.memory)
            won.walker = replace(won.walker, memory=memory)
            lost.active = False
        self._hear_of_loser(loser, Standing(profile_id=winner, version=0, at=merge.at))

    def _hear_of_loser(self, loser: str, winner: Standing) -> None:
        """What either has done is heard on all walks of the person: it is the same whether it or the merge is told
        first. An end comes before everything else."""
        for told in self._noted.pop(loser, {}).values():
            self._note(replace(told, standing=self._standings.get(winner.profile_id, winner), version=0))
        noted = sorted(self._noted.get(winner.profile_id, {}).values(), key=lambda told: told.at)
        for course in self._active(winner.profile_id):
            mine = [told for told in noted if self._is_after(course.walker, told)]
            ends = (ended_by(self._document, course.walker, one.signal, one.key, one.at) for one in mine)
            if reason := next(filter(None, ends), ""):
                self._agenda.end(course, reason)
                continue
            for told in mine:
                if course.active:
                    self._listen(course, told)

    def _take_over(self, lost: Course, won: Course | None, winner: str) -> None:
        standing = self._standings.get(winner)
        version = standing.version if standing else 0
        memory = shared_memory(lost.walker.memory, won.walker.memory) if won else lost.walker.memory
        lost.walker = replace(lost.walker, profile_id=winner, entry_version=version, memory=memory)
        lost.number = won.number + 1 if won else 1
        lost.absorbed, lost.turned_away = True, None

    def _departed(self, course: Course) -> str:
        """Why a walk that was taken over must end: its new owner is not in a segment that it must be in, and
        nothing will tell of their leaving one that they never were in."""
        standing = self._standings.get(course.walker.profile_id)
        missing = self._document.exit_segments() - set(standing.segments) if standing else frozenset()
        return exit_reason(min(missing)) if missing else ""
