"""Forgetting a person, everywhere, for good: in rounds that can stop anywhere and be taken up again.

Stages: `profile` (identifiers become tombstones, the profile a mark that refuses writes), one per other service,
`history` (traits, timeline, records, exports) and `lake`. The last two are gone through a second time, in a round after
every function that had begun before the first must have ended. A stage that is not done is tried again in the next
round, for as long as it takes; when all are, the subject goes and a receipt remains.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from services.ingest.domain.erasure import FIRST, SECOND, Erasure, Progress
from services.ingest.domain.forget import Subject
from services.ingest.people.find import Directory
from services.ingest.people.ports import (
    ErasureQueue,
    Erasures,
    Exports,
    Forgetting,
    Histories,
    LakeBusy,
    LakeDays,
    Memberships,
    People,
    RecordStore,
    Services,
    Tombstones,
)
from services.ingest.ports import StaleProfile
from services.shared.clock import Clock
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import Erasure as ErasureTold
from services.shared.contracts.ingest import ProfilesErased
from services.shared.contracts.person import PersonQuestion
from services.shared.errors import NotFound
from services.shared.ids import stable_id

PROFILE, HISTORY, LAKE = "profile", "history", "lake"
LAKE_SECONDS = 40.0
"""How long a round takes up days of the lake before it leaves the rest to the next."""


@dataclass(frozen=True)
class Stores:
    """Everything of ingest's own that holds something of a person."""

    people: People
    tombstones: Tombstones
    histories: Histories
    records: RecordStore
    lake: LakeDays
    exports: Exports
    forgetting: Forgetting
    memberships: Memberships


class ErasureDesk:
    """Takes requests and shows how far they are."""

    def __init__(
        self, *, directory: Directory, erasures: Erasures, queue: ErasureQueue, clock: Clock
    ) -> None:
        self._directory = directory
        self._erasures = erasures
        self._queue = queue
        self._clock = clock

    def request(self, text: str) -> Erasure:
        """Begin to forget the person that `text` names. A person is forgotten once, so asking again is the same.

        Raises:
            NotFound: nobody is known by it.
        """
        person = self._directory.find(text)
        wanted = Erasure(
            erasure_id=stable_id("ers", person.profile_id),
            profile_id=person.profile_id,
            requested_at=self._clock.now(),
        )
        erasure = self._erasures.start(wanted)
        self._queue.send(erasure.erasure_id)
        return erasure

    def get(self, erasure_id: str) -> Erasure:
        """One erasure.

        Raises:
            NotFound: there is none of this id.
        """
        found = self._erasures.get(erasure_id)
        if found is None:
            raise NotFound("unknown_erasure", "there is no such erasure")
        return found

    def repeat(self, erasure_id: str) -> Erasure:
        """Forget again what a restored backup has brought back.

        Raises:
            NotFound: there is none of this id.
        """
        self.get(erasure_id)
        self._erasures.again(erasure_id)
        self._queue.send(erasure_id)
        return self.get(erasure_id)


class Eraser:
    """Works erasures off, a round at a time."""

    def __init__(
        self,
        *,
        stores: Stores,
        services: Services,
        erasures: Erasures,
        queue: ErasureQueue,
        publish: Callable[[list[Fact]], None],
        clock: Clock,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stores = stores
        self._services = services
        self._erasures = erasures
        self._queue = queue
        self._publish = publish
        self._clock = clock
        self._elapsed = elapsed

    def work(self, erasure_id: str) -> bool:
        """One round; whether the erasure is done. If not, its next round is in the queue.

        Raises:
            NotFound: there is none of this id.
        """
        erasure = self._erasures.get(erasure_id)
        if erasure is None:
            raise NotFound("unknown_erasure", "there is no such erasure")
        if erasure.finished_at:
            return True
        subject = erasure.subject or self._gather(erasure)
        progress = self._round(erasure, subject)
        if all(stage.done for stage in progress.values()):
            self._erasures.finish(erasure_id, self._clock.now())
            return True
        self._queue.send(erasure_id, delay_seconds=replace(erasure, stages=progress).wait_seconds())
        return False

    def _gather(self, erasure: Erasure) -> Subject:
        """Who it is, kept with the erasure before anything goes. Those outside of Halte hear of it first: what is kept
        already would not be told any more by the round after a crash."""
        person = self._stores.people.by_id(erasure.profile_id)
        if person is None:
            subject = Subject((erasure.profile_id,), (), (), since=f"{erasure.requested_at:%Y-%m-%d}")
        else:
            began = (person.created_at or erasure.requested_at) - timedelta(days=1)
            known = self._stores.records.of(person.strips)
            parted = self._stores.people.parted(person)
            subject = Subject(
                profile_ids=person.profile_ids,
                identifiers=tuple(self._stores.people.names(person)),
                addresses=tuple(self._stores.people.addresses(person, known)),
                since=f"{began:%Y-%m-%d}",
                parted=parted.profile_ids,
                others=parted.others,
            )
        told = ErasureTold(
            erasure_id=erasure.erasure_id, profile_ids=list(subject.profile_ids), at=erasure.requested_at
        )
        self._publish([ProfilesErased(erasures=[told])])
        self._erasures.gather(erasure.erasure_id, subject)
        return subject

    def _round(self, erasure: Erasure, subject: Subject) -> dict[str, Progress]:
        """Every stage that is not done yet, the profile first: nothing may be written while the rest is removed."""
        progress = {name: erasure.stages.get(name, Progress()) for name in self._stages()}
        self._attempt(erasure, subject, PROFILE, progress)
        if progress[PROFILE].done:
            self._ask_services(erasure, subject, progress)
            for name in (HISTORY, LAKE):
                self._attempt(erasure, subject, name, progress)
        return progress

    def _stages(self) -> tuple[str, ...]:
        return (PROFILE, *self._services.names, HISTORY, LAKE)

    def _attempt(self, erasure: Erasure, subject: Subject, name: str, progress: dict[str, Progress]) -> None:
        before = progress[name]
        if before.done:
            return
        run = {PROFILE: self._forget_profile, HISTORY: self._forget_history, LAKE: self._forget_lake}[name]
        try:
            after = run(erasure, subject, before)
        except StaleProfile as error:
            after = _held_up(before, type(error).__name__)
        progress[name] = after
        self._erasures.advance(erasure.erasure_id, name, after)

    def _forget_profile(self, erasure: Erasure, subject: Subject, before: Progress) -> Progress:
        """Tombstones first, so that there is no moment in which the identifiers are simply free."""
        person = self._stores.people.by_id(erasure.profile_id)
        names = {*subject.identifiers, *(self._stores.people.names(person) if person else ())}
        marked = self._stores.tombstones.put(sorted(names), erasure.requested_at)
        self._stores.forgetting.forget(names, erasure.erasure_id, erasure.requested_at)
        items = self._stores.people.forget(person, erasure.requested_at) if person else 0
        return _done(before, {"tombstones": marked, "profile": items})

    def _ask_services(self, erasure: Erasure, subject: Subject, progress: dict[str, Progress]) -> None:
        open_ = [name for name in self._services.names if not progress[name].done]
        question = PersonQuestion(
            ask="erase",
            profile_ids=list(subject.profile_ids),
            addresses=list(subject.addresses),
            erasure_id=erasure.erasure_id,
            at=erasure.requested_at,
        )
        answers = self._services.ask(question, open_) if open_ else None
        for name in open_:
            answer = answers.of.get(name) if answers else None
            if answer is None:
                progress[name] = _held_up(progress[name], "no answer")
            else:
                counts = {store: int(n) for store, n in answer.stores.items() if isinstance(n, int)}
                after = _done(progress[name], counts)
                progress[name] = replace(after, done=False) if answer.more else after
            self._erasures.advance(erasure.erasure_id, name, progress[name])

    def _forget_history(self, _: Erasure, subject: Subject, before: Progress) -> Progress:
        """Twice, because a write that was under way when the profile went may still be stored."""
        gone = {
            "history": self._stores.histories.forget(subject.profile_ids),
            "exports": self._stores.exports.forget(subject.profile_ids),
            "memberships": self._stores.memberships.forget(subject.profile_ids),
        }
        after = replace(_done(before, gone), cursor=SECOND)
        return after if before.cursor == SECOND else replace(after, done=False)

    def _forget_lake(self, erasure: Erasure, subject: Subject, before: Progress) -> Progress:
        """Day after day from where the last round stopped; and once more, in a later round, those since the request,
        for what was on its way to the lake while it was read."""
        stop = self._elapsed() + LAKE_SECONDS
        reading, _, done_to = before.cursor.partition(" ")
        since = f"{erasure.requested_at:%Y-%m-%d}" if reading == SECOND else subject.since
        so_far = replace(before, done=False, waiting_for="", cursor=f"{reading or FIRST} {done_to}")
        try:
            for day in self._stores.lake.days(max(since, done_to)):
                if day == done_to:
                    continue
                if self._elapsed() > stop:
                    return replace(so_far, attempts=0)
                changed = self._stores.lake.forget(day, subject)
                cursor = f"{reading or FIRST} {day}"
                so_far = replace(_done(so_far, {"lines": changed}), done=False, cursor=cursor)
        except LakeBusy:
            return _held_up(so_far, "lake busy")
        after = _done(so_far, {"lines": 0})
        return after if reading == SECOND else replace(after, done=False, cursor=f"{SECOND} ")


def _done(before: Progress, counts: Mapping[str, int]) -> Progress:
    added = {name: before.stores.get(name, 0) + counts.get(name, 0) for name in {*before.stores, *counts}}
    return Progress(added, done=True, cursor=before.cursor)


def _held_up(before: Progress, reason: str) -> Progress:
    return replace(before, waiting_for=reason, attempts=before.attempts + 1)
