"""The use cases of marketers: define what people are judged by, and look at one person's standing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from services.scoring.domain.definitions import (
    Definitions,
    FitModel,
    Kind,
    MarginTable,
    Segment,
    StaticSegment,
    Strategy,
)
from services.scoring.domain.definitions.hearing import is_watch
from services.scoring.domain.seeing import (
    explained,
    explained_scores,
    explained_worth,
    numbers,
    scores_of,
    seen_by_models,
    shown_segments,
)
from services.scoring.domain.standing import ProfileStanding
from services.scoring.ports import DefinitionReader, DefinitionStore, Revision, Standings
from services.scoring.service.current import current_standing
from services.shared.clock import Clock, to_iso
from services.shared.errors import Conflict, Invalid, NotFound, Stale

ATTEMPTS = 5
CACHE_SECONDS = 5.0
MOST_LISTED = 100
NEWEST = 10**8 - 1
"""Before this come all revisions."""

SETTLED = timedelta(seconds=60)
"""From then on nobody creates a standing under definitions of before: the cache and a reactor's run are shorter."""


class CachedDefinitions:
    """Definitions kept for `CACHE_SECONDS` of the process's own time, so that a batch costs no query."""

    def __init__(self, source: DefinitionReader, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._monotonic = monotonic
        self._kept: tuple[float, Definitions] | None = None

    def load(self, at_least: int = 0) -> Definitions:
        kept = self._kept
        if not kept or self._monotonic() - kept[0] >= CACHE_SECONDS or kept[1].version < at_least:
            self._kept = kept = (self._monotonic(), self._source.load())
        return kept[1]


class Desk:
    """What the marketers' routes do."""

    def __init__(self, definitions: DefinitionStore, standings: Standings, clock: Clock) -> None:
        self._definitions = definitions
        self._standings = standings
        self._clock = clock

    def put(
        self, kind: Kind, name: str, document: Mapping[str, Any], expected: int | None = None
    ) -> Revision:
        """Define something, or define it anew; from a minute later on, everybody is judged by it.

        `expected` is the revision that the caller saw last (0: none; `None`: whatever stands is replaced).

        Raises:
            Invalid: the document breaks a rule, refers to what is not defined, or closes a circle.
            Stale: another revision stands.
            Conflict: others changed definitions at the same time, again and again.
        """
        new = kind.parse(name, document)
        for _ in range(ATTEMPTS):
            current, stands = self._definitions.load(), self._definitions.revision(kind.name, name)
            _check_expected(stands, expected)
            if stands and current.get(kind.name, name) == new:
                return stands
            following, now = current.with_(new), self._clock.now()
            number = self._last_number(kind, name) + 1
            if self._definitions.save(new, number, following, now, now + SETTLED):
                return Revision(number, new.document(), now)
        raise Conflict("conflict", "definitions are being changed by others; try again")

    def delete(self, kind: Kind, name: str, expected: int | None = None) -> None:
        """Let go of a definition; whoever was placed by it leaves. Its revisions stay readable.

        Raises:
            NotFound: there is none of that name.
            Conflict: others refer to it.
            Stale: another revision stands.
        """
        for _ in range(ATTEMPTS):
            current = self._definitions.load()
            stands = self._standing_revision(kind, name)
            _check_expected(stands, expected)
            following, now = current.without(kind.name, name), self._clock.now()
            number = self._last_number(kind, name) + 1
            if self._definitions.delete(kind.name, name, number, following, now, now + SETTLED):
                return
        raise Conflict("conflict", "definitions are being changed by others; try again")

    def validate(self, kind: Kind, name: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """The document as it would be stored, nothing written.

        Raises:
            Invalid: as `put` would.
        """
        new = kind.parse(name, document)
        self._definitions.load().with_(new)
        return new.document()

    def list(self, kind: Kind) -> dict[str, Any]:
        """All of a kind, by name."""
        return {kind.listed: [one.document() for one in self._definitions.load().of_kind(kind.name)]}

    def get(self, kind: Kind, name: str) -> Revision:
        """One definition as it stands.

        Raises:
            NotFound: there is none of that name.
        """
        return self._standing_revision(kind, name)

    def revisions(self, kind: Kind, name: str, cursor: str = "", limit: int = 20) -> dict[str, Any]:
        """All that a definition was, the newest first; without a `document` it was deleted.

        Raises:
            Invalid: `bad_cursor` or `bad_limit`.
        """
        if not 1 <= limit <= MOST_LISTED:
            raise Invalid("bad_limit", f"limit: is not between 1 and {MOST_LISTED}")
        if cursor and not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
            raise Invalid("bad_cursor", "cursor: is none of ours")
        found = self._definitions.revisions(kind.name, name, int(cursor or NEWEST), limit)
        following = str(found[-1].number) if len(found) == limit and found[-1].number > 1 else None
        return {"revisions": [one.shown() for one in found], "cursor": following}

    def standing(self, profile_id: str) -> dict[str, Any]:
        """Facts, scores with the rules behind them, and each segment with why the person is in it or not; of a
        merged profile, those of the one it is part of.

        Raises:
            NotFound: nothing is known of the profile.
            UnreadableStanding: what is stored is none; a bug, not the caller's.
        """
        standing = current_standing(self._standings, profile_id)
        definitions, now = self._definitions.load(), max(self._clock.now(), standing.at)
        waiting = definitions.waiting(standing.remembered)
        return {
            "profile_id": standing.profile_id,
            "version": standing.version,
            "at": to_iso(standing.at),
            "facts": standing.facts,
            "values": explained_worth(standing.memory, definitions),
            "scores": explained_scores(standing, definitions, now),
            "segments": shown_segments(standing),
            "stages": {
                name: {subject: place.value for subject, place in sorted(held.items())}
                for name, held in sorted(standing.stages.items())
            },
            "advice": _advice(standing, definitions),
            "fits": standing.values(FitModel.kind),
            "cells": standing.values(Strategy.kind),
            "explained": explained(standing, definitions, now),
            "waiting": sorted(f"{kind}/{name}" for kind, name in waiting if not is_watch(name)),
        }

    def offers(self, profile_id: str, table: str) -> dict[str, Any]:
        """What to offer one person: products of a margin table that they do not hold, by margin times propensity as it
        is now, the best first.

        Raises:
            NotFound: nothing is known of the profile, or there is no such table.
            Conflict: `waiting`, what the person holds is still being looked up.
        """
        standing, definitions = current_standing(self._standings, profile_id), self._definitions.load()
        margins = definitions.get(MarginTable.kind, table)
        if not isinstance(margins, MarginTable):
            raise NotFound("not_found", f"there is no margin table named {table!r}")
        if (margins.kind, margins.name) in definitions.waiting(standing.remembered):
            raise Conflict("waiting", "the table is new, and this person's past is still being looked up")
        seen = seen_by_models(standing.memory, standing.traits)
        scores = numbers(scores_of(seen, definitions), max(self._clock.now(), standing.at))
        offers = margins.offers(standing.memory.pieces() or {}, scores)
        return {"profile_id": standing.profile_id, "offers": [asdict(one) for one in offers]}

    def _standing_revision(self, kind: Kind, name: str) -> Revision:
        found = self._definitions.revision(kind.name, name)
        if found is None:
            raise NotFound("not_found", f"there is no {kind.name.replace('-', ' ')} named {name!r}")
        return found

    def _last_number(self, kind: Kind, name: str) -> int:
        """Deleted ones count too, so that a number never means two documents."""
        last = self._definitions.revisions(kind.name, name, NEWEST, 1)
        return last[0].number if last else 0


def _advice(standing: ProfileStanding, definitions: Definitions) -> dict[str, str]:
    """What the segments that the person is in advise, by segment."""
    texts = {one.name: one.texts for one in definitions.judged if isinstance(one, Segment | StaticSegment)}
    return {
        name: texts[name]["advice"] for name in sorted(standing.segments) if "advice" in texts.get(name, {})
    }


def _check_expected(stands: Revision | None, expected: int | None) -> None:
    number = stands.number if stands else 0
    if expected is not None and expected != number:
        raise Stale(
            "stale", f"If-Match: revision {number} stands" if number else "If-Match: there is none yet"
        )
