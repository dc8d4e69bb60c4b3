"""Which events a clause, an anchor or a step is about: the part that they have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from services.shared.conditions.matching import Pattern
from services.shared.conditions.nodes import Reference
from services.shared.conditions.reading import InvalidCondition, Keys, choice, name
from services.shared.conditions.where import Where, parse_where
from services.shared.contracts.ingest import CallType
from services.shared.interaction import Direction

TYPES: tuple[str, ...] = get_args(CallType)
DIRECTIONS: tuple[str, ...] = get_args(Direction)


@dataclass(frozen=True)
class Watched:
    """Events of a type and name that pass a filter and went one way (`direction`, empty for any)."""

    pattern: Pattern
    direction: str
    reference: Reference


def read_watched(keys: Keys) -> Watched | None:
    """`{"event": name or "*", "type"?: call type, "where"?: filter, "direction"?: direction}` of a larger object."""
    event = keys.need("event", name)
    kind = keys.may("type", choice(*TYPES)) or "track"
    direction = keys.may("direction", choice(*DIRECTIONS)) or ""
    where = _where(keys) if "where" in keys else None
    if event is None:
        return None
    key = f"{kind}:{event}"
    return Watched(Pattern(key, where), direction, Reference("event", key, f"{keys.path}event"))


def _where(keys: Keys) -> Where | None:
    document: Any = keys.raw("where")
    try:
        return parse_where(document, f"{keys.path}where", keys.problems.budget, keys.depth + 1)
    except InvalidCondition as error:
        keys.problems.found.extend(error.problems)
        return None
