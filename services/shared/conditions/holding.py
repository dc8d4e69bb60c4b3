"""One value held against one operator of a clause: by a predicate, or by a timed operator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any

from services.shared.conditions.operators import PLAIN, Operator, Predicate
from services.shared.conditions.reading import ZONE_TRAIT, Keys, zone
from services.shared.conditions.timed import TIMED, TimedOperator, Timing, zone_in

View = Mapping[str, Any]


@dataclass(frozen=True)
class Holding:
    """An operator bound to its literal; either `predicate` or `timing` is there."""

    operator: str
    literal: Any
    predicate: Predicate
    timing: Timing | None = None
    zone: str | None = None
    by_day: bool = False
    """It counts local days, in `zone` or the person's own; so it has moments for ever."""

    @property
    def own_zone(self) -> bool:
        """Whether it depends on the person's trait `timezone`."""
        return self.zone == ZONE_TRAIT

    def holds(self, value: Any, view: View, now: int) -> bool:
        """The verdict on a value at `now` (ms)."""
        if self.timing is None:
            return self.predicate(value)
        return value is not None and self.timing.holds(value, now, self._zone(view))

    def moments(self, value: Any, view: View, now: int) -> Iterable[int]:
        """When the verdict on a value may change, after `now`."""
        if self.timing is None or value is None:
            return ()
        return self.timing.moments(value, now, self._zone(view))

    def _zone(self, view: View) -> tzinfo:
        return zone_in(view, self.zone) if self.by_day else UTC


def plain(operator: str, literal: Any) -> Holding:
    """What an operator that looks at a value alone says of it."""
    return Holding(operator, literal, PLAIN[operator].test(literal))


def read_holding(
    keys: Keys, operators: Mapping[str, Operator], timed: Mapping[str, TimedOperator] = TIMED
) -> Holding | None:
    """The one operator of an object, and its zone; `None` when something was wrong and was noted."""
    operator = keys.one_of([*operators, *timed])
    if operator is None:
        return None
    if operator in operators:
        literal = keys.need(operator, operators[operator].read)
        return None if literal is None else plain(operator, literal)
    timing = keys.need(operator, timed[operator].read)
    by_day = timed[operator].by_day
    own_zone = keys.may("zone", zone) if by_day else None
    return None if timing is None else Holding(operator, None, _never, timing, own_zone, by_day)


def _never(seen: Any) -> bool:
    return False
