"""The window of an event clause, moving with time over the marks of its track."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.shared.conditions.holding import Holding
from services.shared.conditions.instants import LAST
from services.shared.conditions.measures import Measure
from services.shared.conditions.tracks import Mark, State, TrackSpec, key_of, time_of

View = Mapping[str, Any]
_NOTHING: State = {}


@dataclass(frozen=True)
class Clause:
    """An event clause. `within` is in milliseconds; with a key (`spec.per`) it holds if it does for some value of it
    that has an event in the window."""

    spec: TrackSpec
    since: TrackSpec | None
    within: int | None
    measure: Measure
    test: Holding

    def check(self, view: View, now: int) -> bool:
        """Whether it holds."""
        state = self._state(view)
        if not self.spec.per:
            return self.test.holds(self._value(view, now), view, now)
        return any(
            self.test.holds(self.measure.of(marks, state), view, now)
            for _, marks in self._keyed(view, now)
            if marks
        )

    def seen(self, view: View, now: int) -> Any:
        """What was measured; with a key, for how many of its values the clause holds."""
        if not self.spec.per:
            return self._value(view, now)
        state = self._state(view)
        values = [self.measure.of(marks, state) for _, marks in self._keyed(view, now) if marks]
        return sum(self.test.holds(value, view, now) for value in values)

    def moments(self, view: View, now: int) -> Iterator[int]:
        """Marks come and go, anchors come, and what was measured ages."""
        for mark in self._state(view).get("m", ()):
            at = time_of(mark)
            if now < at <= LAST:
                yield at
            if self.within is not None and now < at + self.within <= LAST:
                yield at + self.within
            if self.test.timing is not None:
                yield from self.test.moments(self.measure.of([mark], _NOTHING), view, now)
        for mark in self._anchors(view):
            if now < time_of(mark) <= LAST:
                yield time_of(mark)

    def notes(self, view: View, now: int) -> Mapping[str, bool]:
        """`capped`: what was forgotten might change the answer. `at_least`: there may be more than was counted."""
        found: dict[str, bool] = {}
        if self._capped(view, now):
            found["capped"] = True
        need = self.spec.keep.need
        if not self.spec.per and need is not None and self.measure.counts and self._value(view, now) >= need:
            found["at_least"] = True
        return found

    def _state(self, view: View) -> State:
        return (view.get("tracks") or _NOTHING).get(self.spec.signature) or _NOTHING

    def _anchors(self, view: View) -> Sequence[Mark]:
        if self.since is None:
            return ()
        state: State = (view.get("tracks") or _NOTHING).get(self.since.signature) or _NOTHING
        marks: Sequence[Mark] = state.get("m", ())
        return marks

    def _value(self, view: View, now: int) -> Any:
        state = self._state(view)
        marks = state.get("m", ())
        low = self._lowest(self._anchors(view), now)
        start = 0 if low is None else bisect_right(marks, low, key=time_of)
        return self.measure.of(marks[start : bisect_right(marks, now, key=time_of)], state)

    def _keyed(self, view: View, now: int) -> Iterator[tuple[str, Sequence[Mark]]]:
        """The marks in the window of each value of the key."""
        marks: dict[str, list[Mark]] = defaultdict(list)
        for mark in self._state(view).get("m", ()):
            if time_of(mark) <= now:
                marks[key_of(mark)].append(mark)
        anchors: dict[str, list[Mark]] = defaultdict(list)
        for anchor in self._anchors(view):
            anchors[key_of(anchor)].append(anchor)
        for key, those in marks.items():
            low = self._lowest(anchors[key], now)
            yield key, those if low is None else those[bisect_right(those, low, key=time_of) :]

    def _lowest(self, anchors: Sequence[Mark], now: int) -> int | None:
        """The time after which the window begins; `None` when it has no beginning."""
        newest = bisect_right(anchors, now, key=time_of)
        since = time_of(anchors[newest - 1]) if newest else None
        if self.within is None:
            return since
        return now - self.within if since is None else max(since, now - self.within)

    def _capped(self, view: View, now: int) -> bool:
        state = self._state(view)
        bound = state.get("b")
        if "n" in state:
            return now < int(state["b"])
        if self._anchor_lost(view, now):
            return True
        low = self._lowest(() if self.spec.per else self._anchors(view), now)
        if bound is None or (low is not None and bound <= low):
            return False
        need = self.spec.keep.need
        if self.spec.per or need is None:
            return True
        known = [
            mark
            for mark in state["m"]
            if bound < time_of(mark) <= now and (low is None or time_of(mark) > low)
        ]
        return len({mark[1] for mark in known} if self.spec.keep.kind == "distinct" else known) < need

    def _anchor_lost(self, view: View, now: int) -> bool:
        """Whether what was forgotten might be the newest anchor."""
        if self.since is None:
            return False
        state: State = (view.get("tracks") or _NOTHING).get(self.since.signature) or _NOTHING
        if "b" not in state or (self.within is not None and state["b"] <= now - self.within):
            return False
        return bool(self.spec.per) or not any(time_of(mark) <= now for mark in state["m"])
