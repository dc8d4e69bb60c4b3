"""The slow reference: what a definition means, read from all raw events, straight from docs/conditions.md.

It shares no code with what it judges: it keeps nothing, knows no tracks, and computes with exact fractions. A person is
`{"facts": ..., "traits": ..., "events": [Told, ...], ...}`.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


@dataclass(frozen=True)
class Told:
    """One event as it was told."""

    name: str
    at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)
    type: str = "track"


def holds(document: Mapping[str, Any], person: Mapping[str, Any], now: datetime) -> bool:
    """Does the condition hold for the person at `now`?"""
    if "all" in document:
        return all(holds(one, person, now) for one in document["all"])
    if "any" in document:
        return any(holds(one, person, now) for one in document["any"])
    if "none" in document:
        return not any(holds(one, person, now) for one in document["none"])
    for head, judge in _LEAVES.items():
        if head in document:
            return judge(document, person, now)
    raise AssertionError(document)


def _value(document: Mapping[str, Any], person: Mapping[str, Any], now: datetime) -> bool:
    for kind, section in (("fact", "facts"), ("trait", "traits"), ("score", "scores")):
        if kind in document:
            return _operation(document, person.get(section, {}).get(document[kind]), person, now, {kind})
    raise AssertionError(document)


def _operation(
    document: Mapping[str, Any], seen: Any, person: Mapping[str, Any], now: datetime, besides: Iterable[str]
) -> bool:
    [(operator, literal)] = [(k, v) for k, v in document.items() if k not in {*besides, "zone", "of"}]
    if operator == "exists":
        return (seen is not None) == literal
    if seen is None:
        return False
    if operator in ("older_than", "within", "within_next"):
        return _age(operator, literal, seen, now)
    if operator == "anniversary":
        return _anniversary(literal, seen, _zone(document, person), now)
    return _compare(operator, literal, seen)


def _compare(operator: str, literal: Any, seen: Any) -> bool:
    if operator == "eq":
        return _equal(seen, literal)
    if operator == "ne":
        return not _equal(seen, literal)
    if operator in ("in", "not_in"):
        return any(_equal(seen, one) for one in literal) == (operator == "in")
    if operator == "between":
        return _compare("gte", literal[0], seen) and _compare("lte", literal[1], seen)
    if operator in _ORDERINGS:
        left, right = (_instant(seen), _instant(literal)) if isinstance(literal, str) else (seen, literal)
        return _orderable(left) and _orderable(right) and _ORDERINGS[operator](left, right)
    if operator == "contains":
        if isinstance(seen, list):
            return any(_equal(one, literal) for one in seen)
        return isinstance(seen, str) and isinstance(literal, str) and literal in seen
    if operator == "near":
        return _kilometres(seen, literal) <= literal["km"]
    return isinstance(seen, str) and getattr(seen, operator.replace("_", ""))(literal)


def _orderable(value: Any) -> bool:
    return isinstance(value, int | float | datetime | Fraction) and not isinstance(value, bool)


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool) or isinstance(left, str) or isinstance(right, str):
        return type(left) is type(right) and left == right
    return isinstance(left, int | float) and left == right


def _instant(seen: Any) -> datetime | None:
    if not isinstance(seen, str):
        return None
    if re.fullmatch(r"\d\d\d\d-\d\d-\d\d", seen):
        seen += "T00:00:00Z"
    try:
        at = datetime.fromisoformat(seen)
    except ValueError:
        return None
    return None if at.tzinfo is None else at


def length(text: str) -> timedelta:
    """A duration of days or of hours."""
    number = int("".join(c for c in text if c.isdigit()))
    return timedelta(days=number) if text.endswith("D") else timedelta(hours=number)


def _age(operator: str, literal: str, seen: Any, now: datetime) -> bool:
    at = _instant(seen)
    if at is None:
        return False
    if operator == "older_than":
        return now - at >= length(literal)
    if operator == "within":
        return now - length(literal) < at <= now
    return now < at <= now + length(literal)


def _zone(document: Mapping[str, Any], person: Mapping[str, Any]) -> Any:
    named = document.get("zone", person.get("zone", "UTC"))
    return ZoneInfo(person["traits"].get("timezone", "UTC") if named == "trait:timezone" else named)


def _anniversary(literal: Any, seen: Any, zone: Any, now: datetime) -> bool:
    """Day by day: is any of today and the days ahead the day that is kept?"""
    if re.fullmatch(r"\d\d\d\d-\d\d-\d\d", str(seen)):
        born = date.fromisoformat(seen)
    else:
        at = _instant(seen)
        if at is None:
            return False
        born = at.astimezone(zone).date()
    ahead = 0 if literal == "today" else length(literal["within_next"]).days
    today = now.astimezone(zone).date()
    for days in range(ahead + 1):
        day = today + timedelta(days=days)
        leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
        wanted = (2, 28) if (born.month, born.day) == (2, 29) and not leap else (born.month, born.day)
        if (day.month, day.day) == wanted and day.year > born.year:
            return True
    return False


def _kilometres(seen: Any, circle: Mapping[str, float]) -> float:
    """By the spherical law of cosines."""
    try:
        lat, lon = (
            (float(seen["lat"]), float(seen["lon"]))
            if isinstance(seen, dict)
            else map(float, seen.split(","))
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return math.inf
    a, b = math.radians(lat), math.radians(circle["lat"])
    turn = math.radians(lon - circle["lon"])
    cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(turn)
    return 6_371.0088 * math.acos(max(-1.0, min(1.0, cosine)))


def _passes(where: Mapping[str, Any], properties: Any, person: Mapping[str, Any], now: datetime) -> bool:
    """A filter of events, and of rows."""
    for operator, decide in (("all", all), ("any", any), ("none", lambda found: not any(found))):
        if operator in where:
            return bool(decide([_passes(one, properties, person, now) for one in where[operator]]))
    if "line" in where:
        lines = properties.get(where["line"])
        return isinstance(lines, list) and any(
            _passes(where["where"], line, person, now) for line in lines if isinstance(line, dict)
        )
    head = "prop" if "prop" in where else "field"
    return _operation(where, _dig(properties, where[head]), person, now, {head})


def _dig(container: Any, path: Any) -> Any:
    for key in path if isinstance(path, list) else [path]:
        container = container.get(key) if isinstance(container, dict) else None
    return container


def _matching(
    clause: Mapping[str, Any], person: Mapping[str, Any], now: datetime, per: Any, value: Any
) -> list[Told]:
    return [
        event
        for event in person.get("events", [])
        if event.at <= now
        and event.type == clause.get("type", "track")
        and clause["event"] in (event.name, "*")
        and ("where" not in clause or _passes(clause["where"], event.properties, person, now))
        and event.properties.get("direction", "inbound")
        == clause.get("direction", event.properties.get("direction", "inbound"))
        and (per is None or _key(event, per) == value)
    ]


def _key(event: Told, per: Any) -> str | None:
    seen = _dig(event.properties, per)
    return None if _plain(seen) is None else json.dumps(_plain(seen))


def _plain(seen: Any) -> Any:
    if isinstance(seen, bool):
        return seen
    if isinstance(seen, str):
        return seen if len(seen) <= 200 else None
    if isinstance(seen, int | float) and abs(seen) <= 2**53 - 1:
        return int(seen) if seen == int(seen) else seen
    return None


def _keys(clauses: Iterable[Mapping[str, Any]], person: Mapping[str, Any], per: Any) -> list[Any]:
    if per is None:
        return [None]
    return sorted({key for event in person.get("events", []) if (key := _key(event, per)) is not None})


def _event(clause: Mapping[str, Any], person: Mapping[str, Any], now: datetime) -> bool:
    per = clause.get("per")
    return any(_window_holds(clause, person, now, per, key) for key in _keys([clause], person, per))


def _window_holds(
    clause: Mapping[str, Any], person: Mapping[str, Any], now: datetime, per: Any, key: Any
) -> bool:
    events = _matching(clause, person, now, per, key)
    if "within" in clause:
        events = [e for e in events if e.at > now - length(clause["within"])]
    if "from" in clause:
        events = [e for e in events if e.at >= _instant(clause["from"])]
    if "until" in clause:
        events = [e for e in events if e.at < _instant(clause["until"])]
    if "since" in clause:
        anchors = [e.at for e in _matching(clause["since"], person, now, per, key)]
        events = [e for e in events if not anchors or e.at > max(anchors)]
    if per is not None and not _measurable(clause, events):
        return False
    return _measure(clause, events, person, now)


def _measurable(clause: Mapping[str, Any], events: list[Told]) -> bool:
    for name in ("sum", "average", "distinct", "first", "last"):
        if name in clause and clause[name]["of"] != "@at":
            return any(_taken(name, e, clause[name]["of"]) is not None for e in events)
    return bool(events)


def _taken(name: str, event: Told, of: Any) -> Any:
    seen = _dig(event.properties, of)
    if name in ("sum", "average"):
        ok = isinstance(seen, int | float) and not isinstance(seen, bool) and abs(seen) <= 2**53 - 1
        return Fraction(str(seen)) if ok else None
    return _plain(seen)


def _measure(clause: Mapping[str, Any], events: list[Told], person: Mapping[str, Any], now: datetime) -> bool:
    for name in ("sum", "average", "distinct", "first", "last"):
        if name not in clause:
            continue
        test = clause[name]
        if test["of"] == "@at":
            times = sorted(e.at for e in events)
            seen = (times[0] if name == "first" else times[-1]).isoformat() if times else None
            return _operation(test, seen, person, now, set())
        taken = [(e.at, v) for e in events if (v := _taken(name, e, test["of"])) is not None]
        return _operation(test, _summary(name, taken), person, now, set())
    return _operation(clause.get("count", {"gte": 1}), len(events), person, now, set())


def _summary(name: str, taken: list[tuple[datetime, Any]]) -> Any:
    if name == "sum":
        return _number(sum((v for _, v in taken), Fraction(0)))
    if name == "average":
        return _number(sum((v for _, v in taken), Fraction(0)) / len(taken)) if taken else None
    if name == "distinct":
        return len({json.dumps(v) for _, v in taken})
    ordered = sorted(taken, key=lambda one: (one[0], json.dumps([one[1]])))
    return (ordered[0] if name == "first" else ordered[-1])[1] if ordered else None


def _number(exact: Fraction) -> int | float:
    return int(exact) if exact.denominator == 1 else float(exact)


def _sequence(clause: Mapping[str, Any], person: Mapping[str, Any], now: datetime) -> bool:
    per = clause.get("per")
    for key in _keys(clause["sequence"], person, per):
        for done in _completions(clause["sequence"], 0, None, person, now, per, key):
            if "within" not in clause or done > now - length(clause["within"]):
                return True
    return False


def _completions(
    steps: list[Mapping[str, Any]],
    i: int,
    before: datetime | None,
    person: Mapping[str, Any],
    now: datetime,
    per: Any,
    key: Any,
) -> list[datetime]:
    """Every way to go on from `before`: when each is complete."""
    if i == len(steps):
        return [before] if before is not None else []
    step = steps[i]
    events = _matching(step, person, now, per, key)
    if before is not None:
        events = [e for e in events if e.at > before]
        if "within" in step:
            events = [e for e in events if e.at <= before + length(step["within"])]
        if step.get("absent"):
            over = before + length(step["within"])
            return [over] if over <= now and not events else []
    return [done for e in events for done in _completions(steps, i + 1, e.at, person, now, per, key)]


def _relation(clause: Mapping[str, Any], person: Mapping[str, Any], now: datetime) -> bool:
    records = [
        record
        for record in person.get("relations", {}).get(clause["relation"], [])
        if "where" not in clause or _passes(clause["where"], record, person, now)
    ]
    if "sum" in clause:
        amounts = [_dig(record, clause["sum"]["of"]) for record in records]
        exact = sum((Fraction(str(a)) for a in amounts if _orderable(a)), Fraction(0))
        return _operation(clause["sum"], _number(exact), person, now, set())
    return _operation(clause.get("count", {"gte": 1}), len(records), person, now, set())


def _stage(clause: Mapping[str, Any], person: Mapping[str, Any], now: datetime) -> bool:
    standing = person.get("stages", {}).get(clause["stage"], {}).get(clause.get("product", ""), {})
    if not _operation(clause, standing.get("stage"), person, now, {"stage", "product", "longer_than"}):
        return False
    return "longer_than" not in clause or _age(
        "older_than", clause["longer_than"], standing.get("since"), now
    )


def _consent(clause: Mapping[str, Any], person: Mapping[str, Any], now: datetime) -> bool:
    states = person.get("consents", {}).get(clause["consent"], {})
    return bool(states.get(clause["channel"], "none") == clause["eq"])


def _bucket(clause: Mapping[str, Any], person: Mapping[str, Any], now: datetime) -> bool:
    drawn = hashlib.sha256((clause["bucket"] + person["profile_id"]).encode()).hexdigest()
    percent = Fraction(int(drawn[:16], 16) % 10_000, 100)
    return Fraction(str(clause["from"])) <= percent < Fraction(str(clause["to"]))


_LEAVES: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any], datetime], bool]] = {
    "sequence": _sequence,
    "event": _event,
    "relation": _relation,
    "stage": _stage,
    "consent": _consent,
    "bucket": _bucket,
    "segment": lambda clause, person, now: clause["segment"] in person.get("segments", []),
    "fact": _value,
    "trait": _value,
    "score": _value,
}
