"""Traits that journeys reckon with: told when they change, and when they are first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.scoring.domain.definitions import Definitions
from services.scoring.domain.definitions.book import carry_word
from services.scoring.domain.standing import ProfileStanding

LONGEST = 200
"""Characters of a text that is carried: dates and time zones are short, and nothing else is reckoned with."""


def carried(
    before: ProfileStanding, traits: Mapping[str, Any], definitions: Definitions
) -> dict[str, Any] | None:
    """The traits to tell of somebody who has `traits` now, or `None` when that is known."""
    names = definitions.hearing.carries
    if not names:
        return None
    now = {name: traits[name] for name in sorted(names & traits.keys()) if _is_short(traits[name])}
    was = {
        name: before.traits[name] for name in names & before.traits.keys() if _is_short(before.traits[name])
    }
    new = any(definitions.introduced[carry_word(name)] > before.definitions for name in now)
    return now if new or now != was else None


def _is_short(value: Any) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= LONGEST)
