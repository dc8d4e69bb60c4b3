"""What once happened, row by row: lines of the lake, or rows of a table of events."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from services.shared.contracts.ingest import CallType
from services.shared.errors import Invalid
from services.simulations.domain.deeds import Being, Deed
from services.simulations.domain.population import ANSWERS, Habits

_TYPES: Mapping[str, CallType] = {"track": "track", "page": "page", "screen": "screen"}
_ADDRESSES = {"email": "email", "sms": "phone"}


def beings_of(rows: Iterable[Mapping[str, Any]], habits: Habits, seed: int) -> list[Being]:
    """Everybody of whom there is a row: a line of the lake that counts, or one with `person`, `event`, `at` and perhaps
    `properties` (an object) and `type`. Traits that somebody ever told of are there from the beginning. The lake knows
    no permissions: `habits.granted` is the share who is taken to have given each.

    What people did with the messages of that time is left out: they get others now.

    Raises:
        Invalid: `wrong_history`, a row lacks a field, or a time can't be read.
    """
    traits: dict[str, dict[str, Any]] = {}
    deeds: dict[str, list[Deed]] = {}
    for row in rows:
        deed, told = _read(row)
        traits.setdefault(deed.who, {}).update(told)
        if deed.event and deed.event not in ANSWERS:
            deeds.setdefault(deed.who, []).append(deed)
    return [
        Being(who, known, _permitted(who, known, habits, seed), tuple(deeds.get(who, ())))
        for who, known in sorted(traits.items())
    ]


def span_of(beings: list[Being]) -> tuple[datetime, datetime]:
    """From the first to the last thing that anybody did.

    Raises:
        Invalid: nobody did anything.
    """
    times = [deed.at for being in beings for deed in being.deeds]
    if not times:
        raise Invalid("wrong_history", "nothing happened in this history")
    return min(times), max(times)


def _read(row: Mapping[str, Any]) -> tuple[Deed, Mapping[str, Any]]:
    """What somebody did (an empty deed: nothing that counts here), and what they told of themselves."""
    try:
        at = _instant(row["at"])
        if "disposition" in row:
            said, who, name = json.loads(row["event"]), str(row["profile_id"]), str(row["name"])
            kind, properties, traits = row["type"], said.get("properties") or {}, said.get("traits") or {}
        else:
            who, name, properties = str(row["person"]), str(row["event"]), _object(row.get("properties"))
            kind, traits = row.get("type") or ("identify" if name == "identify" else "track"), properties
    except (KeyError, ValueError) as error:
        raise Invalid("wrong_history", f"{error} is missing or can't be read") from error
    if kind in _TYPES:
        return Deed(at, who, name, properties, _TYPES[kind]), {}
    return Deed(at, who), traits if kind == "identify" else {}


def _object(value: Any) -> dict[str, Any]:
    found = json.loads(value) if isinstance(value, str) and value else value
    return {name: one for name, one in found.items() if one is not None} if isinstance(found, dict) else {}


def _instant(value: Any) -> datetime:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _permitted(who: str, traits: Mapping[str, Any], habits: Habits, seed: int) -> dict[str, dict[str, str]]:
    chance = random.Random(f"{seed}:permits:{who}")  # noqa: S311 no secret
    found: dict[str, dict[str, str]] = {}
    for purpose in habits.purposes:
        for channel, trait in _ADDRESSES.items():
            if chance.random() < habits.granted and isinstance(traits.get(trait), str):
                found.setdefault(purpose, {})[channel] = "granted"
    return found
