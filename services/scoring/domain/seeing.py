"""What conditions see of a person, and why that puts the person somewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.scoring.domain.definitions import Definitions, Segment
from services.scoring.domain.definitions.hearing import is_watch
from services.scoring.domain.definitions.models import Seen
from services.scoring.domain.memory import Memory
from services.scoring.domain.places import Place
from services.scoring.domain.points import Score, Scores
from services.scoring.domain.standing import ProfileStanding
from services.scoring.domain.trace import empty_places, show
from services.shared.clock import to_iso
from services.shared.conditions import number_at
from services.shared.conditions.instants import milliseconds


def seen_by_models(memory: Memory, traits: Mapping[str, Any]) -> Seen:
    """What models see of a person with that memory."""
    return Seen(memory.tally.counts, memory.tracks, memory.tally.facts(), traits)


def scores_of(seen: Seen, definitions: Definitions) -> dict[str, Score]:
    """Every model's score: a number, or a curve where time changes it."""
    scores: dict[str, Score] = {}
    for model in definitions.models:
        scores[model.name] = model.score(seen, scores)
    return scores


def numbers(scores: Scores, now: datetime) -> dict[str, float]:
    """What they are at `now`."""
    at = milliseconds(now)
    return {name: number_at(score, at) for name, score in scores.items()}


def explained_scores(
    standing: ProfileStanding, definitions: Definitions, now: datetime
) -> dict[str, dict[str, Any]]:
    """Every score at `now`, and where its points come from."""
    seen, at = seen_by_models(standing.memory, standing.traits), milliseconds(now)
    scores = scores_of(seen, definitions)
    return {model.name: model.explained(seen, scores, at) for model in definitions.models}


def worth(memory: Memory, definitions: Definitions) -> dict[str, float]:
    """The customer value by each margin table; nothing of who never bought."""
    held = memory.pieces() if definitions.margin_tables else None
    return {} if held is None else {table.name: table.value(held) for table in definitions.margin_tables}


def explained_worth(memory: Memory, definitions: Definitions) -> dict[str, dict[str, Any]]:
    """The customer value by each margin table, and what each product held brings."""
    held = memory.pieces() if definitions.margin_tables else None
    return {} if held is None else {table.name: table.explained(held) for table in definitions.margin_tables}


def known(standing: ProfileStanding, memory: Memory, definitions: Definitions) -> dict[str, Any]:
    """What conditions see of a person with that memory, but for places."""
    seen = seen_by_models(memory, standing.traits)
    return {
        "facts": {**seen.facts, **worth(memory, definitions)},
        "traits": standing.traits,
        "consents": standing.consents,
        "scores": scores_of(seen, definitions),
        "tracks": memory.tracks,
        "relations": memory.relations(definitions.needs),
        "profile_id": standing.profile_id,
    }


def shown_segments(standing: ProfileStanding) -> dict[str, str]:
    """The segments the person is in, as people see them: since when (ISO), without watches."""
    return {name: to_iso(since) for name, since in sorted(standing.segments.items()) if not is_watch(name)}


def view_of_places(standing: ProfileStanding, definitions: Definitions) -> dict[str, Any]:
    """What conditions see of a person, places as they stand."""
    view = {**known(standing, standing.memory, definitions), **empty_places()}
    held = _held(standing)
    for one in definitions.judged:
        show(view, one, held.get((one.kind, one.name), {}))
    return view


def explained(standing: ProfileStanding, definitions: Definitions, now: datetime) -> dict[str, Any]:
    """Why the person is where they are, by name of the segment, or `stage/<name>`."""
    view, held = view_of_places(standing, definitions), _held(standing)
    return {
        one.name if one.kind == Segment.kind else f"{one.kind}/{one.name}": one.explained(
            view, held.get((one.kind, one.name), {}), now
        )
        for one in sorted(definitions.judged, key=lambda one: (one.kind, one.name))
        if not is_watch(one.name)
    }


def _held(standing: ProfileStanding) -> dict[tuple[str, str], dict[str, Place]]:
    """Places by kind and name of the definition, then by subject."""
    held: dict[tuple[str, str], dict[str, Place]] = {}
    for (kind, name, subject), place in standing.places.items():
        held.setdefault((kind, name), {})[subject] = place
    return held
