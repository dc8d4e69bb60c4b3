"""The use cases that look at many people: who is in a segment or stage, how many, and who moved from where to where."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, timedelta
from io import StringIO
from typing import Any

from services.scoring.domain.definitions import Kind
from services.scoring.domain.places import Judged
from services.scoring.ports import DefinitionReader, Member, Migration, PlaceBook
from services.scoring.service.definition_desk import MOST_LISTED
from services.shared.cells import neutral
from services.shared.clock import Clock, to_iso
from services.shared.errors import Invalid, NotFound

MOST_DAYS = 400

MOST_EXPORTED = 50_000
"""Rows in an answer: about 3 MB, and Lambda lets 6 through."""


class Whereabouts:
    """What the routes `members`, `counts` and `moves` do, for every kind of definition that places people."""

    def __init__(self, definitions: DefinitionReader, places: PlaceBook, clock: Clock) -> None:
        self._definitions = definitions
        self._places = places
        self._clock = clock

    def members(
        self, kind: Kind, name: str, *, value: str, subject: str, cursor: str, limit: int
    ) -> dict[str, Any]:
        """Some of those in a place: `{"members": [{"profile_id", "since"}], "cursor"}`.

        Raises:
            NotFound: there is no such definition.
            Invalid: `unknown_place`, `bad_cursor` or `bad_limit`.
        """
        if not 1 <= limit <= MOST_LISTED:
            raise Invalid("bad_limit", f"limit: is not between 1 and {MOST_LISTED}")
        found, following = self._page(kind, name, value, subject, cursor, limit)
        rows = [{"profile_id": one.profile_id, "since": to_iso(one.since)} for one in found]
        return {"members": rows, "cursor": following or None}

    def export(
        self, kind: Kind, name: str, *, value: str, subject: str, cursor: str, limit: int
    ) -> tuple[str, str]:
        """The same as CSV with the columns `profile_id` and `since`, a header in each part; and the cursor ("": that
        was the last part).

        Raises:
            NotFound, Invalid: as `members`.
        """
        found, following = self._page(kind, name, value, subject, cursor, limit)
        file = StringIO()
        writer = csv.writer(file)
        writer.writerow(("profile_id", "since"))
        writer.writerows((neutral(one.profile_id), to_iso(one.since)) for one in found)
        return file.getvalue(), following

    def _page(
        self, kind: Kind, name: str, value: str, subject: str, cursor: str, limit: int
    ) -> tuple[list[Member], str]:
        shard, slash, last = cursor.partition("/")
        if cursor and not (slash and last and shard.isascii() and shard.isdecimal() and len(shard) < 3):
            raise Invalid("bad_cursor", "cursor: is none of ours")
        judged = self._judged(kind, name)
        value = value or judged.values[-1]
        if value not in judged.values or subject not in judged.subjects:
            raise Invalid(
                "unknown_place",
                f"value: one of {', '.join(judged.values)}; product: one of {', '.join(judged.subjects) or 'none'}",
            )
        return self._places.members((kind.name, name, subject), value, cursor, limit)

    def counts(self, kind: Kind, name: str) -> dict[str, Any]:
        """How many are in each place now, and how many came and went in the last `MOST_DAYS` days; of those that began
        within them, `entered` - `left` = `in`.

        Every move of these days is read: some 9,000 in a page of 1 MB, which takes 0.22 s of a whole processor.

        Raises:
            NotFound: there is no such definition.
        """
        judged = self._judged(kind, name)
        today = self._clock.now().date()
        moves = self._places.moves(kind.name, name, today - timedelta(days=MOST_DAYS - 1), today)
        entered, left = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for move, number in moves.items():
            entered[move.subject, move.after] += number
            left[move.subject, move.before] += number
        return {
            "counts": [
                {
                    "product": subject,
                    "value": value,
                    "in": self._places.count((kind.name, name, subject), value),
                    "entered": entered[subject, value],
                    "left": left[subject, value],
                }
                for subject in judged.subjects
                for value in judged.values
            ]
        }

    def moves(self, kind: Kind, name: str, first: str, last: str) -> dict[str, Any]:
        """How many went from where to where between two days (UTC, both counted; by default the last 30).

        Raises:
            NotFound: there is no such definition.
            Invalid: `bad_day`.
        """
        self._judged(kind, name)
        until = _day("to", last) if last else self._clock.now().date()
        since = _day("from", first) if first else until - timedelta(days=29)
        if not 0 <= (until - since).days < MOST_DAYS:
            raise Invalid("bad_day", f"from: must be at most {MOST_DAYS - 1} days before to")
        moves = self._places.moves(kind.name, name, since, until)
        return {
            "from": since.isoformat(),
            "to": until.isoformat(),
            "moves": [_shown(m, moves[m]) for m in _sorted(moves)],
        }

    def _judged(self, kind: Kind, name: str) -> Judged:
        found = self._definitions.load().get(kind.name, name)
        if not isinstance(found, Judged):
            raise NotFound("not_found", f"there is no {kind.name} named {name!r}")
        return found


def _sorted(moves: Counter[Migration]) -> list[Migration]:
    return sorted(moves, key=lambda m: (m.subject, m.before, m.after))


def _shown(move: Migration, number: int) -> dict[str, Any]:
    return {"product": move.subject, "before": move.before, "after": move.after, "count": number}


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("bad_day", f"{name}: must be a day such as 2026-11-22") from error
