"""Steps one after the other, judged over the marks of their tracks."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.shared.conditions.instants import LAST, iso
from services.shared.conditions.tracks import Mark, State, TrackSpec, key_of, time_of

View = Mapping[str, Any]
_NOTHING: State = {}


@dataclass(frozen=True)
class Step:
    """One step: its track, and at most how many ms after the step before it (None: any time). `absent`: it did not
    come."""

    spec: TrackSpec
    within: int | None
    absent: bool = False


@dataclass(frozen=True)
class Chain:
    """Steps in this order, each later than the one before, complete at most `within` ms ago (None: ever).

    With an absent last step, it is complete when the time for that step is over, and holds if it did not come until
    then. With a key, all steps are of the same value of it.
    """

    steps: tuple[Step, ...]
    within: int | None

    def check(self, view: View, now: int) -> bool:
        """Whether some chain is complete."""
        return any(
            self.within is None or now < done + self.within
            for times in self._keyed(view, now)
            for done in self._completed(times, now)
        )

    def seen(self, view: View, now: int) -> Any:
        """When a chain was last completed."""
        done = [at for times in self._keyed(view, now) for at in self._completed(times, now)]
        return iso(max(done)) if done else None

    def moments(self, view: View, now: int) -> Iterator[int]:
        """Steps come, waiting for an absent one ends, and what is complete ages."""
        completing = self.steps[-2] if self.steps[-1].absent else self.steps[-1]
        wait = self.steps[-1].within or 0 if self.steps[-1].absent else 0
        for step in self.steps:
            for mark in self._marks(view, step):
                ends = [time_of(mark)]
                if step is completing:
                    ends += [ends[0] + wait, ends[0] + wait + (self.within or 0)]
                yield from (end for end in ends if now < end <= LAST)

    def notes(self, view: View, now: int) -> Mapping[str, bool]:
        """`capped`: what was forgotten might change the answer."""
        for step in self.steps:
            bound = self._state(view, step).get("b")
            horizon = step.spec.keep.horizon
            if bound is not None and (horizon is None or bound > now - horizon):
                return {"capped": True}
        return {}

    def _completed(self, times: Sequence[Sequence[int]], now: int) -> Iterator[int]:
        """When chains were completed, of those whose last step is later than all it needs."""
        reached: Sequence[int] = times[0]
        last = len(self.steps) - 1
        for i in range(1, last + 1):
            step = self.steps[i]
            if step.absent:
                yield from _missed(reached, times[i], step.within or 0, now)
                return
            reached = _follow(reached, times[i], step.within)
        yield from reached

    def _keyed(self, view: View, now: int) -> Iterator[list[list[int]]]:
        """For each value of the key, the times up to now of each step."""
        by_key: dict[str, list[list[int]]] = defaultdict(lambda: [[] for _ in self.steps])
        for i, step in enumerate(self.steps):
            for mark in self._marks(view, step):
                if time_of(mark) <= now:
                    by_key[key_of(mark)][i].append(time_of(mark))
        yield from by_key.values()

    def _marks(self, view: View, step: Step) -> Sequence[Mark]:
        marks: Sequence[Mark] = self._state(view, step).get("m", ())
        return marks

    def _state(self, view: View, step: Step) -> State:
        return (view.get("tracks") or _NOTHING).get(step.spec.signature) or _NOTHING


def _follow(before: Sequence[int], times: Sequence[int], within: int | None) -> list[int]:
    """The times that come after one of `before`, soon enough: the newest one before decides."""
    reached = []
    for at in times:
        i = bisect_right(before, at - 1)
        if i and (within is None or at <= before[i - 1] + within):
            reached.append(at)
    return reached


def _missed(before: Sequence[int], times: Sequence[int], within: int, now: int) -> Iterator[int]:
    """When waiting ended of those of `before` that nothing in `times` came after."""
    for at in before:
        if at + within <= now and bisect_right(times, at + within) == bisect_right(times, at):
            yield at + within
