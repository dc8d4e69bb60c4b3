"""Works large exports off, in rounds that can stop anywhere: each step writes parts under new names and then says so
in the job, so that a step done twice, or by two workers, leaves parts that belong together."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

from pydantic_core import to_json

from services.ingest.domain.export import ExportJob, lake_days
from services.ingest.domain.history import Cursor
from services.ingest.domain.person import Person, met
from services.ingest.people.export import Gatherer, timeline_shown
from services.ingest.people.ports import ExportFiles, ExportQueue, LakeBusy, People, StaleExport
from services.shared.clock import Clock, from_iso, to_iso

PART_EVENTS = 1_000
"""Events in a part, and in memory."""

STEP_DAYS = 3
"""Days of the lake that one step reads."""

ROUND_SECONDS = 60.0
"""How long a round takes up steps before it leaves the rest to the next."""

MOST_ATTEMPTS = 8
BUSY_SECONDS = 60
"""A busy lake is asked so many times, so far apart; then the export says that it is missing."""


class ExportWorker:
    """The use case behind the queue of exports."""

    def __init__(
        self,
        *,
        people: People,
        gatherer: Gatherer,
        files: ExportFiles,
        queue: ExportQueue,
        clock: Clock,
        new_id: Callable[[str], str],
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._people = people
        self._gatherer = gatherer
        self._files = files
        self._queue = queue
        self._clock = clock
        self._new_id = new_id
        self._elapsed = elapsed

    def work(self, profile_id: str, export_id: str) -> bool:
        """One round; whether there is nothing left to do. If there is, the next round is in the queue. Nothing is left
        of the export of somebody who was erased or merged meanwhile."""
        found = self._files.job(profile_id)
        if found is None or found[0].export_id != export_id or found[0].is_done:
            return True
        person = self._people.by_id(profile_id)
        if person is None or person.profile_id != profile_id:
            self._files.forget((profile_id,))
            return True
        try:
            job = self._round(person, *found)
        except StaleExport:  # another worker goes on with it, or an erasure has ended it
            return True
        if not job.is_done:
            self._queue.send(job, delay_seconds=BUSY_SECONDS if job.attempts else 0)
        return job.is_done

    def _round(self, person: Person, job: ExportJob, version: str) -> ExportJob:
        stop = self._elapsed() + ROUND_SECONDS
        job = job.on(person)
        while True:
            before = job.attempts
            job = replace(self._step(person, job), touched_at=from_iso(to_iso(self._clock.now())))
            version = self._files.keep(job, version)
            if job.is_done or job.attempts > before or self._elapsed() > stop:
                return job

    def _step(self, person: Person, job: ExportJob) -> ExportJob:
        if job.stage == "timeline":
            return self._timeline(person, job)
        if job.stage == "received" and job.days:
            return self._received(person, job)
        return self._about(person, job)

    def _timeline(self, person: Person, job: ExportJob) -> ExportJob:
        at, _, message_id = job.cursor.partition(" ")
        before = Cursor(from_iso(at), message_id) if at else None
        page = self._gatherer.timeline.read(person.strips, before=before, limit=PART_EVENTS)
        after = self._part(job, "timeline", timeline_shown(page.events))
        after = replace(
            after,
            met=job.met.joined(met(page.events)),
            days=tuple(sorted({*job.days, *lake_days(person, page.events)})),
        )
        if page.next is None:
            return replace(after, stage="received", cursor="")
        return replace(after, cursor=f"{to_iso(page.next.at)} {page.next.message_id}")

    def _received(self, person: Person, job: ExportJob) -> ExportJob:
        days, rest = job.days[:STEP_DAYS], job.days[STEP_DAYS:]
        after = job
        try:
            lines = self._gatherer.received(person, days)
            while some := list(islice(lines, PART_EVENTS)):
                after = self._part(after, "received", some)
        except LakeBusy:
            if job.attempts < MOST_ATTEMPTS:
                return replace(job, attempts=job.attempts + 1)
            return replace(job, days=(), attempts=0, unavailable=("lake",))
        return replace(after, days=rest, attempts=0)

    def _about(self, person: Person, job: ExportJob) -> ExportJob:
        about = self._gatherer.about(person, job.met)
        missing = (*about.pop("unavailable"), *job.unavailable)
        return replace(self._part(job, "about", about), stage="done", unavailable=missing)

    def _part(self, job: ExportJob, what: str, content: Any) -> ExportJob:
        body = to_json({"export_id": job.export_id, "part": len(job.parts) + 1, what: content})
        name = f"{len(job.parts) + 1:04}-{what}-{self._new_id('prt')[-8:]}.json"
        self._files.put(job, name, body)
        return job.with_part(name, len(body))
