"""Which events and traits a journey names, so that made-up people can do and have them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Named:
    """An event that a journey names: what its properties must be to pass, what tells matters apart, and what is kept.
    `begins`: it lets people in, so each is a matter of its own."""

    event: str
    where: Mapping[str, Any]
    key: str
    keep: tuple[str, ...]
    begins: bool

    def properties(self, chance: random.Random, at: datetime) -> dict[str, Any]:
        """Properties that pass half of the time, with a date in the two weeks to come where one is kept."""
        made: dict[str, Any] = {}
        if self.where and chance.random() < 0.5:
            _meet(self.where, made, chance)
        for name in self.keep:
            if name.endswith(("date", "_at", "_by")):
                made.setdefault(name, f"{at + timedelta(days=chance.randint(2, 14)):%Y-%m-%d}")
        return made


def events_of(raw: Mapping[str, Any]) -> list[Named]:
    """Each event that a document names, once."""
    entry = raw.get("entry") or {}
    found: dict[str, Named] = {}
    for begins, part in ((True, entry.get("on")), (False, raw)):
        for one in _objects(part):
            if isinstance(one.get("event"), str):
                named = Named(
                    one["event"],
                    one.get("where") or {},
                    one.get("key") or "",
                    tuple(one.get("keep") or ()),
                    begins,
                )
                found.setdefault(named.event, named)
    return list(found.values())


def traits_of(raw: Mapping[str, Any]) -> dict[str, list[Any]]:
    """By trait, the values that let people in."""
    found: dict[str, list[Any]] = {}
    for one in _objects((raw.get("entry") or {}).get("on")):
        if isinstance(one.get("trait"), str) and "eq" in one:
            found.setdefault(one["trait"], []).append(one["eq"])
    return found


def _objects(part: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(part, Mapping):
        yield part
        for value in part.values():
            yield from _objects(value)
    elif isinstance(part, list):
        for value in part:
            yield from _objects(value)


def _meet(where: Mapping[str, Any], made: dict[str, Any], chance: random.Random) -> None:
    """Properties that pass a filter, as far as equality, size and membership say it."""
    for one in where.get("all", ()):
        _meet(one, made, chance)
    if where.get("any"):
        _meet(chance.choice(where["any"]), made, chance)
    name = where.get("prop")
    if not isinstance(name, str):
        return
    if "eq" in where:
        made[name] = where["eq"]
    elif "in" in where:
        made[name] = chance.choice(where["in"])
    elif "gte" in where or "gt" in where:
        made[name] = round(where.get("gte", where.get("gt")) * (1 + chance.expovariate(2)) + 0.01, 2)
    elif "lte" in where or "lt" in where:
        made[name] = round(where.get("lte", where.get("lt")) * chance.random(), 2)
