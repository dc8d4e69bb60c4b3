"""Everything we hold of a person, from every store of every service, for the person (GDPR 15 and 20): at once where
that can be had while somebody waits, else as a job."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from services.ingest.domain.export import ExportJob, begun, lake_days
from services.ingest.domain.history import Signed
from services.ingest.domain.person import Met, Person, met, shown
from services.ingest.people.find import Directory
from services.ingest.people.ports import (
    LINK_SECONDS,
    ExportFiles,
    ExportQueue,
    LakeBusy,
    LakeDays,
    RecordStore,
    Services,
    StaleExport,
)
from services.ingest.people.show import whole_event_shown
from services.ingest.ports import Timeline
from services.shared.clock import Clock, to_iso
from services.shared.contracts.person import PersonQuestion

WHOLE_EVENTS, WHOLE_DAYS = 1_000, 30
"""Events, and days of the lake, that an export may have that is answered at once: the API waits 30 seconds."""

ANSWER_BYTES = 4_000_000
"""Lambda answers at most 6 MB, in which every quotation mark of a body takes two."""


class Gatherer:
    """Reads the stores."""

    def __init__(
        self,
        *,
        directory: Directory,
        timeline: Timeline,
        records: RecordStore,
        lake: LakeDays,
        services: Services,
        clock: Clock,
    ) -> None:
        self._directory = directory
        self.timeline = timeline
        self._records = records
        self._lake = lake
        self._services = services
        self._clock = clock

    def about(self, person: Person, history: Met) -> dict[str, Any]:
        """What is known of the person, in ingest and in the other services."""
        now = self._clock.now()
        known = self._records.of(person.strips)
        question = PersonQuestion(
            ask="export",
            profile_ids=list(person.profile_ids),
            addresses=self._directory.addresses(person, known),
            at=now,
        )
        answers = self._services.ask(question, self._services.names)
        return {
            "exported_at": to_iso(now),
            "profile": shown(person, known, history, now),
            "records": [record.shown() for record in known],
            "services": {name: dict(answer.stores) for name, answer in sorted(answers.of.items())},
            "unavailable": list(answers.unavailable),
        }

    def received(self, person: Person, days: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The events as they came, from some days of the lake.

        Raises:
            LakeBusy: the lake does not say.
        """
        seen: set[str] = set()
        parted = self._directory.parted(person).profile_ids
        # Of a person who was parted from somebody the timeline says which are whose.
        own = self._receipts(person) if parted else frozenset()
        for line in self._lake.lines(days, {*person.profile_ids, *parted}):
            if parted and line["receipt"] not in own:
                continue
            if line["receipt"] not in seen:
                seen.add(line["receipt"])
                yield {n: line[n] for n in ("receipt", "source", "door", "received_at", "event")}

    def _receipts(self, person: Person) -> frozenset[str]:
        chunks = self.timeline.all(person.strips)
        return frozenset(one.receipt for chunk in chunks for one in chunk.events)


def timeline_shown(events: Iterable[Signed]) -> list[dict[str, Any]]:
    """Events with all that is kept of them, each message once."""
    return [whole_event_shown(one) for one in {e.call.message_id: e for e in events}.values()]


class Exporter:
    """The use case behind `GET /profiles/{id}/export`."""

    def __init__(
        self,
        *,
        directory: Directory,
        gatherer: Gatherer,
        files: ExportFiles,
        queue: ExportQueue,
        clock: Clock,
        new_id: Callable[[str], str],
    ) -> None:
        self._directory = directory
        self._gatherer = gatherer
        self._files = files
        self._queue = queue
        self._clock = clock
        self._new_id = new_id

    def export(self, text: str) -> tuple[bool, dict[str, Any]]:
        """Is it there, and what is: the export itself, or its job, with links to all parts when it is done.

        Raises:
            NotFound: nobody is known by `text`.
        """
        person = self._directory.find(text)
        found = self._files.job(person.profile_id)
        job = found[0] if found and found[0].is_fresh(self._clock.now()) else None
        if job is None:
            whole = self._whole(person)
            if whole is not None:
                return True, whole
            job = self._begun(person, found[1] if found else "")
        if job.is_stuck(self._clock.now()):
            self._queue.send(job)
        if not job.is_done:
            return False, job.shown()
        parts = [{"name": n, "bytes": size, "url": self._files.link(job, n)} for n, size in job.parts]
        return True, {**job.shown(), "parts": parts, "expires_in": LINK_SECONDS}

    def _whole(self, person: Person) -> dict[str, Any] | None:
        """`None`: it is too much for an answer."""
        page = self._gatherer.timeline.read(person.strips, limit=WHOLE_EVENTS)
        days = sorted(lake_days(person, page.events))
        if page.next or len(days) > WHOLE_DAYS:
            return None
        body = self._gatherer.about(person, met(page.events))
        body["timeline"] = timeline_shown(page.events)
        try:
            body["received"] = list(self._gatherer.received(person, days))
        except LakeBusy:
            body["received"] = []
            body["unavailable"].append("lake")
        return body if len(json.dumps(body, default=str)) <= ANSWER_BYTES else None

    def _begun(self, person: Person, version: str) -> ExportJob:
        """A new job in place of the one of `version`; or that of somebody who asked at the same time."""
        job = begun(self._new_id("exp"), person, self._clock.now())
        try:
            self._files.keep(job, version)
        except StaleExport:
            there = self._files.job(person.profile_id)
            return there[0] if there else job
        self._queue.send(job)
        return job
