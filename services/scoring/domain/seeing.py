"""What conditions see of a person, and why that puts the person somewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.scoring.domain.definitions import Definitions, Segment
from services.scoring.domain.facts import Tally
from services.scoring.domain.memory import Memory
from services.scoring.domain.places import Place
from services.scoring.domain.standing import ProfileStanding
from services.scoring.domain.trace import show


def scores_of(tally: Tally, definitions: Definitions) -> dict[str, float]:
    """Every model's score."""
    return {model.name: model.score(tally.counts) for model in definitions.models}


def known(standing: ProfileStanding, memory: Memory, definitions: Definitions) -> dict[str, Any]:
    """What conditions see of a person with that memory, but for places."""
    return {
        "facts": memory.tally.facts(),
        "traits": standing.traits,
        "consents": standing.consents,
        "scores": scores_of(memory.tally, definitions),
        "tracks": memory.tracks,
        "relations": memory.relations(definitions.needs),
        "profile_id": standing.profile_id,
    }


def explained(standing: ProfileStanding, definitions: Definitions, now: datetime) -> dict[str, Any]:
    """Why the person is where they are, by name of the segment, or `stage/<name>`."""
    view = {**known(standing, standing.memory, definitions), "segments": set(), "stages": {}}
    held: dict[tuple[str, str], dict[str, Place]] = {}
    for (kind, name, subject), place in standing.places.items():
        held.setdefault((kind, name), {})[subject] = place
    for one in definitions.judged:
        show(view, one, held.get((one.kind, one.name), {}))
    return {
        one.name if one.kind == Segment.kind else f"{one.kind}/{one.name}": one.explained(
            view, held.get((one.kind, one.name), {}), now
        )
        for one in sorted(definitions.judged, key=lambda one: (one.kind, one.name))
    }
