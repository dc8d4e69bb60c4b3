"""The single customer view: one body whichever identifier is used, the timeline, the visits, the records."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.ingest.domain.history import Cursor, Signed
from services.ingest.domain.person import Met, Person, met, shown
from services.ingest.domain.sessions import Session, sessions_of
from services.ingest.people.find import Directory
from services.ingest.people.ports import RecordStore, Services
from services.ingest.ports import Timeline
from services.shared.clock import Clock, from_iso, to_iso
from services.shared.contracts.person import PersonQuestion
from services.shared.cursors import cursor_of, read_cursor
from services.shared.errors import Invalid
from services.shared.interaction import interaction_of

MOST_EVENTS = 200
SESSION_EVENTS = 2_000
"""Events that one page of visits is read from."""

GLANCE_EVENTS = 5_000
"""Events that the counts of the view are read from; nearly everybody has fewer."""


class SingleView:
    """Reads everything about one person."""

    def __init__(
        self,
        *,
        directory: Directory,
        timeline: Timeline,
        records: RecordStore,
        services: Services,
        clock: Clock,
    ) -> None:
        self._directory = directory
        self._timeline = timeline
        self._records = records
        self._services = services
        self._clock = clock

    def show(self, text: str) -> dict[str, Any]:
        """Everything at a glance. A service that does not answer stands under `unavailable`.

        Raises:
            NotFound: nobody is known by `text`.
        """
        person = self._directory.find(text)
        known = self._records.of(person.strips)
        now = self._clock.now()
        question = PersonQuestion(
            ask="describe",
            profile_ids=list(person.profile_ids),
            addresses=self._directory.addresses(person, known),
            at=now,
        )
        answers = self._services.ask(question, self._services.names)
        return {
            **shown(person, known, self._met(person), now),
            "services": {name: dict(answer.stores) for name, answer in sorted(answers.of.items())},
            "unavailable": list(answers.unavailable),
        }

    def _met(self, person: Person) -> Met:
        page = self._timeline.read(person.strips, limit=GLANCE_EVENTS)
        return met(page.events, complete=page.next is None)

    def timeline(self, text: str, cursor: str = "", limit: int = 50) -> dict[str, Any]:
        """In- and outbound interactions, newest first.

        Raises:
            NotFound: nobody is known by `text`.
            Invalid: cursor or limit are none.
        """
        if not 1 <= limit <= MOST_EVENTS:
            raise Invalid("bad_limit", f"limit is not between 1 and {MOST_EVENTS}")
        before = _before(cursor)
        person = self._directory.find(text)
        page = self._timeline.read(person.strips, before=before, limit=limit)
        return {
            "profile_id": person.profile_id,
            "events": [event_shown(one) for one in page.events],
            "cursor": _cursor(page.next.at, page.next.message_id) if page.next else None,
        }

    def sessions(self, text: str, cursor: str = "") -> dict[str, Any]:
        """Visits, newest first. A page ends before the oldest visit it read, which may have begun earlier.

        Raises:
            NotFound: nobody is known by `text`.
            Invalid: the cursor is none.
        """
        before = _before(cursor)
        person = self._directory.find(text)
        page = self._timeline.read(person.strips, before=before, limit=SESSION_EVENTS)
        found = sessions_of(one.told() for one in page.events)
        following = None
        if page.next:
            whole = found[1:] or found
            begin = _begin(whole, page.events[-1].call.at)
            found, following = whole, _cursor(begin, "")
        return {
            "profile_id": person.profile_id,
            "sessions": [session.shown() for session in reversed(found)],
            "cursor": following,
        }

    def records(self, text: str, type_: str, cursor: str = "", limit: int = 50) -> dict[str, Any]:
        """Related records of a type with their lines, latest changed first.

        Raises:
            NotFound: nobody is known by `text`.
            Invalid: cursor or limit are none.
        """
        if not 1 <= limit <= MOST_EVENTS:
            raise Invalid("bad_limit", f"limit is not between 1 and {MOST_EVENTS}")
        start = read_cursor(cursor, _offset) if cursor else 0
        person = self._directory.find(text)
        found = self._records.of(person.strips, type_)
        page = found[start : start + limit]
        end = start + len(page)
        return {
            "profile_id": person.profile_id,
            "records": [record.shown() for record in page],
            "cursor": cursor_of(end) if end < len(found) else None,
        }


def event_shown(one: Signed) -> dict[str, Any]:
    """An event of the timeline as JSON."""
    call = one.call
    return {
        "message_id": call.message_id,
        "type": call.type,
        "name": call.name,
        "at": to_iso(call.at),
        "source": one.source,
        **interaction_of(one.told(), one.source).shown(),
        "properties": dict(call.properties),
        **({"traits": dict(call.traits)} if call.traits else {}),
    }


def whole_event_shown(one: Signed) -> dict[str, Any]:
    """An event with all that is kept of it, as JSON."""
    return {
        **event_shown(one),
        "received_at": to_iso(one.received_at),
        "identifiers": [{"kind": i.kind, "value": i.value} for i in one.call.identifiers],
    }


def _begin(found: list[Session], oldest: datetime) -> datetime:
    return found[0].started_at if found else oldest


def _cursor(at: datetime, message_id: str) -> str:
    return cursor_of([to_iso(at), message_id])


def _before(cursor: str) -> Cursor | None:
    def read(place: Any) -> Cursor:
        at, message_id = place
        return Cursor(from_iso(at), str(message_id))

    return read_cursor(cursor, read) if cursor else None


def _offset(place: Any) -> int:
    if not isinstance(place, int) or place < 0:
        raise ValueError("is no position")
    return place
