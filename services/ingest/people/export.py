"""Everything we hold of a person, from every store of every service, for the person (GDPR 15 and 20)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from services.ingest.domain.history import Signed
from services.ingest.domain.person import Person, met, shown
from services.ingest.people.find import Directory
from services.ingest.people.ports import LakeBusy, LakeDays, RecordStore, Services
from services.ingest.people.show import whole_event_shown, whole_history
from services.ingest.ports import Timeline
from services.shared.clock import Clock, to_iso
from services.shared.contracts.person import PersonQuestion

ANSWER_BYTES = 5_000_000
"""A larger export is handed over as a file: Lambda answers at most 6 MB."""


class ExportFiles(Protocol):
    """Where large exports wait to be fetched."""

    def put(self, profile_id: str, name: str, body: bytes) -> str:
        """Keep a file for a day; a link to it that is good for a quarter of an hour."""
        ...


class Exporter:
    """The use case behind `GET /profiles/{id}/export`."""

    def __init__(
        self,
        *,
        directory: Directory,
        timeline: Timeline,
        records: RecordStore,
        lake: LakeDays,
        services: Services,
        files: ExportFiles,
        clock: Clock,
        new_id: Callable[[str], str],
    ) -> None:
        self._directory = directory
        self._timeline = timeline
        self._records = records
        self._lake = lake
        self._services = services
        self._files = files
        self._clock = clock
        self._new_id = new_id

    def export(self, text: str) -> dict[str, Any]:
        """The export itself, or `{"url", "expires_in"}` of one that is too large to answer with.

        Raises:
            NotFound: nobody is known by `text`.
        """
        person = self._directory.find(text)
        body = self._gathered(person)
        encoded = json.dumps(body, default=str, ensure_ascii=False).encode()
        if len(encoded) <= ANSWER_BYTES:
            return body
        url = self._files.put(person.profile_id, self._new_id("exp"), encoded)
        return {"profile_id": person.profile_id, "url": url, "expires_in": 900, "bytes": len(encoded)}

    def _gathered(self, person: Person) -> dict[str, Any]:
        now = self._clock.now()
        known = self._records.of(person.strips)
        history = whole_history(person, self._timeline)
        question = PersonQuestion(
            ask="export",
            profile_ids=list(person.profile_ids),
            addresses=self._directory.addresses(person, known),
            at=now,
        )
        answers = self._services.ask(question, self._services.names)
        received = self._received(person, history, person.created_at or now)
        return {
            "exported_at": to_iso(now),
            "profile": shown(
                person, known, met(one for c in self._timeline.all(person.strips) for one in c.events), now
            ),
            "timeline": [whole_event_shown(one) for one in history],
            "records": [record.shown() for record in known],
            "received": received or [],
            "services": {name: dict(answer.stores) for name, answer in sorted(answers.of.items())},
            "unavailable": [*answers.unavailable, *(["lake"] if received is None else [])],
        }

    def _received(
        self, person: Person, history: Sequence[Signed], created_at: datetime
    ) -> list[dict[str, Any]] | None:
        """The events as they came, from the days of the lake on which the timeline says some did; `None`: the lake
        did not say. Of a person who was parted from somebody the timeline says which are whose."""
        found: dict[str, dict[str, Any]] = {}
        days = _days([one.received_at for one in history], created_at)
        parted = self._directory.parted(person).profile_ids
        own = {one.receipt for one in history}
        try:
            for line in self._lake.lines(days, {*person.profile_ids, *parted}):
                if parted and line["receipt"] not in own:
                    continue
                shown = {n: line[n] for n in ("receipt", "source", "door", "received_at", "event")}
                found.setdefault(line["receipt"], shown)
        except LakeBusy:
            return None
        return list(found.values())


def _days(received: Sequence[datetime], created_at: datetime) -> list[str]:
    """Days of the lake, which are those of processing: the day an event was received, or the next."""
    first = {at.date() for at in (*received, created_at)}
    return sorted({str(day + timedelta(days=more)) for day in first for more in (0, 1)})
