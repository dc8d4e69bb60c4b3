"""The use case of marketers who ask what to do next for one person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from services.scoring.domain.analysis.habits import habits_of
from services.scoring.domain.analysis.next_best import Action, Channel, Person, action, best_first
from services.scoring.domain.analysis.next_best import Proposition as Proposed
from services.scoring.domain.definitions import Definitions, Pitch, ResponseScore, ScoreModel
from services.scoring.domain.definitions.predictions import features_of
from services.scoring.domain.recalling import History
from services.scoring.domain.seeing import seen_by_models
from services.scoring.domain.standing import ProfileStanding
from services.scoring.ports import DefinitionReader, Histories, Standings
from services.scoring.service.current import current_standing
from services.shared.conditions.reading import ZONE_TRAIT
from services.shared.conditions.timed import zone_in
from services.shared.errors import Conflict, NotFound

PREFERRED = ("preferredChannel", "preferred_channel")
"""Traits by which a person says how they like to be reached."""


class NextBest:
    """What the route `next-best` does."""

    def __init__(self, definitions: DefinitionReader, standings: Standings, histories: Histories) -> None:
        self._definitions = definitions
        self._standings = standings
        self._histories = histories

    def of(self, profile_id: str, names: Collection[str] = ()) -> dict[str, Any]:
        """What to propose to one person, the best first: of all propositions, or those of these names. The same for
        the same standing, past and definitions.

        Raises:
            NotFound: nothing is known of the profile, or there is no such proposition.
            Conflict: `waiting`, the person's past is still being looked up or not complete yet.
        """
        standing, definitions = current_standing(self._standings, profile_id), self._definitions.load()
        offered = _offered(definitions, names)
        waiting = definitions.waiting(standing.remembered)
        past = self._histories.of([standing.profile_id]).get(standing.profile_id)
        if past is None or any((one.kind, one.name) in waiting for one in offered):
            raise Conflict("waiting", "this person's past is still being looked up")
        zone = zone_in({"traits": past.traits}, ZONE_TRAIT)
        return {
            "profile_id": standing.profile_id,
            "zone": str(zone),
            "actions": [_shown(one) for one in _actions(standing, past, zone, definitions, offered)],
        }


def _offered(definitions: Definitions, names: Collection[str]) -> list[Pitch]:
    known = {one.name: one for one in definitions.pitches}
    for name in names:
        if name not in known:
            raise NotFound("not_found", f"there is no pitch named {name!r}")
    return [one for one in known.values() if not names or one.name in names]


def _actions(
    standing: ProfileStanding,
    past: History,
    zone: tzinfo,
    definitions: Definitions,
    offered: Sequence[Pitch],
) -> list[Action]:
    """A tone is the same whichever proposition is written in it: what is known of it is known for all."""
    tones: dict[str, set[str]] = {}
    for one in definitions.pitches:
        for tone, templates in one.source.tones.items():
            tones.setdefault(tone, set()).update(templates)
    events = (event for _, told in past.events for event in told)
    habits = habits_of(events, zone, tones)
    features = features_of(seen_by_models(standing.memory, standing.traits))
    return best_first(
        action(
            _proposed(one, definitions),
            Person(standing.profile_id, features, habits, _channels(one, standing, past.traits)),
            one.everybody,
        )
        for one in offered
    )


def _proposed(one: Pitch, definitions: Definitions) -> Proposed:
    learned = definitions.get(ScoreModel.kind, one.source.propensity)
    assert isinstance(learned, ResponseScore)  # checked when they were put together
    return Proposed(one.name, round(one.source.margin * 100), learned.model, tuple(one.source.tones))


def _channels(one: Pitch, standing: ProfileStanding, traits: Mapping[str, Any]) -> tuple[Channel, ...]:
    """The one that the person prefers first, the others as the proposition has them."""
    preferred = next((traits[name] for name in PREFERRED if traits.get(name)), None)
    permitted = standing.consents.get(one.source.purpose, {})
    return tuple(
        Channel(name, permitted.get(name) == "granted", name in standing.addresses)
        for name in sorted(one.source.channels, key=lambda name: name != preferred)
    )


def _shown(one: Action) -> dict[str, Any]:
    reasons = zip(("propensity", "hour", "tone", "channel"), one.reasons, strict=True)
    return {
        "proposition": one.proposition,
        "propensity": round(one.propensity, 6),
        "expected": round(one.cents / 100, 2),
        "hour": one.hour,
        "tone": one.tone,
        "channel": one.channel,
        "reasons": dict(reasons),
    }
