"""Clauses about events: how many, how much, how many different, the first, the last; in a window, and keyed.

    {"event": "Order Completed", "where": {"prop": "revenue", "gte": 50}, "within": "P90D", "count": {"gte": 2}}

The window is what all of these leave: `within` (the last so and so long, now included and its far edge not), `from` and
`until` (instants; `until` not included), `since` (after the newest such event up to now; without one, everything).
"""

from __future__ import annotations

import math

from services.shared.conditions.holding import Holding, plain, read_holding
from services.shared.conditions.limits import MAX_MARKS
from services.shared.conditions.measures import MEASURES, TIMES, Measure
from services.shared.conditions.nodes import Leaf, Reference
from services.shared.conditions.operators import COUNTING, PLAIN
from services.shared.conditions.reading import Keys, instant, path_of, window
from services.shared.conditions.tracks import Keep, TrackSpec
from services.shared.conditions.watching import Watched, read_watched
from services.shared.conditions.windows import Clause

AT = "@at"
"""Stands for the time of the event, where `first` and `last` name a property."""

AT_OPERATORS = ("gt", "gte", "lt", "lte", "between")


def event_leaf(keys: Keys) -> Leaf | None:
    """An event clause, compiled; its tracks are what it needs to be kept of events."""
    watched = read_watched(keys)
    within, per = keys.may("within", window), keys.may("per", path_of) or ()
    start, end = keys.may("from", instant), keys.may("until", instant)
    since = _since(keys, per, within)
    measure, of, test = _measured(keys)
    if start is not None and end is not None and start >= end:
        keys.problems.add(f"{keys.path}until", "must be after from")
    if per and within is None:
        keys.problems.add(
            f"{keys.path}per", "needs within: what is remembered of each value must come to an end"
        )
    if not keys.done() or watched is None or measure is None or test is None:
        return None
    need = _need(test) if measure.counts else None
    bounded = bool(within or since)
    if need is not None and need > MAX_MARKS and (bounded or measure.take == "digest"):
        keys.problems.add(
            f"{keys.path}{measure.name}",
            f"must be below {MAX_MARKS} within a window or since an event, and for distinct values",
        )
        return None
    spec = TrackSpec(
        watched.pattern,
        _keep(measure, within, need, bounded),
        measure.take,
        of,
        per,
        watched.direction,
        start,
        end,
        since.signature if since else "",
    )
    clause = Clause(spec, since, within, measure, test)
    return _leaf(keys, clause, watched)


def _leaf(keys: Keys, clause: Clause, watched: Watched) -> Leaf:
    references = [watched.reference]
    if clause.since is not None:
        references.append(Reference("event", clause.since.pattern.key, f"{keys.path}since.event"))
    if clause.test.own_zone:
        references.append(Reference("trait", "timezone", f"{keys.path}{clause.measure.name}.zone"))
    tracks = (clause.spec,) if clause.since is None else (clause.spec, clause.since)
    return Leaf(
        keys.document,
        clause.check,
        clause.seen,
        clause.moments,
        clause.test.by_day,
        tuple(references),
        tracks,
        clause.notes,
    )


def _keep(measure: Measure, within: int | None, need: int | None, bounded: bool) -> Keep:
    """The least that can answer: a number where nothing ever leaves the window, else the marks that may yet decide."""
    if measure.name == "last":
        return Keep("marks", within, 1)
    if measure.name == "distinct":
        return Keep("distinct", within, need)
    if bounded:
        return Keep("marks", within, need)
    return Keep("first") if measure.name == "first" else Keep("total")


def _since(keys: Keys, per: tuple[str, ...], within: int | None) -> TrackSpec | None:
    if "since" not in keys:
        return None
    inner = Keys(keys.raw("since"), f"{keys.path}since.", keys.problems, keys.depth + 1)
    watched = read_watched(inner)
    if not inner.done() or watched is None:
        return None
    return TrackSpec(watched.pattern, Keep("marks", within, 1), per=per, direction=watched.direction)


def _measured(keys: Keys) -> tuple[Measure | None, tuple[str, ...], Holding | None]:
    """What is measured, of which property, and what it is held against; at least one event, when nothing is said."""
    given = [measure for measure in MEASURES if measure in keys]
    if not given:
        return MEASURES["count"], (), plain("gte", 1)
    named = keys.one_of(MEASURES)
    if named is None:
        return None, (), None
    measure = MEASURES[named]
    inner = Keys(keys.raw(named), f"{keys.path}{named}.", keys.problems, keys.depth + 1)
    of = inner.need("of", path_of) if measure.take else ()
    if named in TIMES and of == (AT,):
        measure, of = TIMES[named], ()
    test = _read(inner, measure)
    return (measure, of or (), test) if inner.done() and of is not None else (None, (), None)


def _read(keys: Keys, measure: Measure) -> Holding | None:
    """The operator that what was measured is held against."""
    if measure.take == "value":
        return read_holding(keys, PLAIN)
    if measure.name in TIMES:
        return read_holding(keys, {name: PLAIN[name] for name in AT_OPERATORS})
    return read_holding(keys, COUNTING, {})


def _need(test: Holding) -> int:
    """From how many on the answer stays the same."""
    largest: float = max(test.literal) if isinstance(test.literal, tuple) else test.literal
    if test.operator in ("gte", "lt"):
        return max(1, math.ceil(largest))
    return max(1, math.floor(largest) + 1)
