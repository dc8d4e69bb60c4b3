"""The use cases of marketers: define segments and score models, and look at one person's standing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from services.scoring.domain import definitions as rules
from services.scoring.domain.definitions import Definitions, Segment
from services.scoring.domain.models import ScoreModel
from services.scoring.domain.standing import ProfileStanding
from services.scoring.ports import DefinitionReader, DefinitionStore, Standings, UnreadableStanding
from services.shared.clock import Clock, to_iso
from services.shared.conditions import explain
from services.shared.errors import Conflict, NotFound

ATTEMPTS = 5
CACHE_SECONDS = 5.0

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

    def put_segment(self, name: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Define a segment, or define it anew; from a minute later on, everybody is judged by it.

        Raises:
            Invalid: the document breaks a rule, refers to what is not defined, or closes a circle of segments.
            Conflict: others changed definitions at the same time, again and again.
        """
        segment = rules.segment(name, document)
        self._put(segment, lambda current: current.with_segment(segment))
        return segment.document()

    def put_model(self, name: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Define a score model, or define it anew; from a minute later on, everybody is judged by it.

        Raises:
            Invalid: the name or a rule is not one, or there are too many.
            Conflict: others changed definitions at the same time, again and again.
        """
        model = rules.score_model(name, document)
        self._put(model, lambda current: current.with_model(model))
        return model.model_dump(exclude_none=True)

    def segments(self) -> dict[str, Any]:
        """All segments, by name."""
        segments = sorted(self._definitions.load().segments, key=lambda one: one.name)
        return {"segments": [segment.document() for segment in segments]}

    def segment(self, name: str) -> dict[str, Any]:
        """One segment.

        Raises:
            NotFound: there is none of that name.
        """
        for segment in self._definitions.load().segments:
            if segment.name == name:
                return segment.document()
        raise NotFound("not_found", f"there is no segment named {name!r}")

    def models(self) -> dict[str, Any]:
        """All score models, by name."""
        models = self._definitions.load().models
        return {"score_models": [model.model_dump(exclude_none=True) for model in models]}

    def standing(self, profile_id: str) -> dict[str, Any]:
        """Facts, scores with the rules behind them, and each segment with why the person is in it or not; of a
        merged profile, those of the one it is part of.

        Raises:
            NotFound: nothing is known of the profile.
            UnreadableStanding: what is stored is none; a bug, not the caller's.
        """
        standing = self._current(profile_id)
        definitions, now = self._definitions.load(), self._clock.now()
        facts, counts = standing.tally.facts(), standing.tally.counts
        view = {
            "facts": facts,
            "traits": standing.traits,
            "scores": standing.scores,
            "segments": standing.segments,
        }
        return {
            "profile_id": standing.profile_id,
            "version": standing.version,
            "at": to_iso(standing.at),
            "facts": facts,
            "scores": {
                model.name: {"score": standing.scores.get(model.name, 0), "rules": model.ledger(counts)}
                for model in definitions.models
            },
            "segments": {name: to_iso(since) for name, since in sorted(standing.segments.items())},
            "explained": {
                segment.name: explain(segment.condition, view, now).document()
                for segment in sorted(definitions.segments, key=lambda one: one.name)
            },
        }

    def _current(self, profile_id: str) -> ProfileStanding:
        seen: set[str] = set()
        while profile_id not in seen:
            seen.add(profile_id)
            standing = self._standings.load([profile_id]).get(profile_id)
            if isinstance(standing, UnreadableStanding):
                raise standing
            if standing and not standing.gone:
                return standing
            profile_id = standing.gone.into if standing and standing.gone else ""
        raise NotFound("not_found", "nothing is known of this profile")

    def _put(self, document: Segment | ScoreModel, change: Callable[[Definitions], Definitions]) -> None:
        for _ in range(ATTEMPTS):
            current = self._definitions.load()
            if document in (*current.segments, *current.models):
                return
            if self._definitions.save(document, change(current).version, self._clock.now() + SETTLED):
                return
        raise Conflict("conflict", "definitions are being changed by others; try again")
