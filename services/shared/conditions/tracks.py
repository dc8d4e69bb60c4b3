"""What is kept of events, so that conditions can be judged without them.

A track is the memory of one kind of events of one profile: marks (their times, with a value and a key where a clause
needs them), or what older ones added up to. Its state is plain JSON:

    {"m": [mark, ...]}       ascending; a mark is its time in ms, or [time, value], or [time, value, key]
    "n", "s"                 events that were settled, and what their amounts add up to (millionths)
    "b"                      up to here not every mark is known any more, or (with "n") all are settled

Events may come in any order, each once: the answer at any later time is the same. A mark of the future counts from its
own time on. A track never holds more than MAX_MARKS marks: above it the oldest are settled or forgotten, which changes
no answer about times after "b"; `explain` says `capped` where an answer may need more than that.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from services.shared.conditions.instants import milliseconds
from services.shared.conditions.limits import MAX_MARKS, MAX_VALUE
from services.shared.conditions.matching import Pattern
from services.shared.conditions.operators import LARGEST, is_number, is_text, value_at
from services.shared.contracts.ingest import CustomerEvent
from services.shared.interaction import interaction_of

Mark = Any
State = Mapping[str, Any]
States = Mapping[str, State]

MILLION = 10**6


@dataclass(frozen=True)
class Keep:
    """What a track must hold on to.

    `marks`: those of the last `horizon` ms (None: all), of them the newest `need` (None: all), and all of the future.
    `distinct`: the same, but only the newest mark of each value. `total`: the number and sum of what is past, and marks
    of the future. `first`: the earliest mark.
    """

    kind: Literal["marks", "distinct", "total", "first"]
    horizon: int | None = None
    need: int | None = None


@dataclass(frozen=True)
class TrackSpec:
    """Which events a track is about, what it takes from each, and what it keeps.

    `take` is nothing, the scalar at a path (`value`), its digest (`digest`) or its amount in millionths (`amount`);
    events without it are passed over, and so are those without a scalar at `per`, outside of [`start`, `end`) or of
    another `direction`. Marks before the newest one of the track `floor` are not needed.
    """

    pattern: Pattern
    keep: Keep
    take: Literal["", "value", "digest", "amount"] = ""
    of: tuple[str, ...] = ()
    per: tuple[str, ...] = ()
    direction: str = ""
    start: int | None = None
    end: int | None = None
    floor: str = ""

    @cached_property
    def signature(self) -> str:
        """What names its state: the same for all clauses that need the same."""
        where = self.pattern.where
        parts = [self.pattern.key, where.document if where else None, asdict(self.keep), self.take, self.of]
        rest = [self.per, self.direction, self.start, self.end, self.floor]
        return hashlib.sha256(canonical([*parts, *rest]).encode()).hexdigest()[:12]

    def mark_of(self, event: CustomerEvent) -> Mark | None:
        """What is kept of an event that matches the pattern; `None` when it is passed over."""
        at = milliseconds(event.at)
        if (self.start is not None and at < self.start) or (self.end is not None and at >= self.end):
            return None
        if self.direction and interaction_of(event).direction != self.direction:
            return None
        if not self.take and not self.per:
            return at
        value = _TAKE[self.take](value_at(event.properties, self.of))
        if not self.per:
            return None if value is None else [at, value]
        key = digest(value_at(event.properties, self.per))
        return None if value is None or key is None else [at, value, key]


def tracks_of(tracks: Iterable[TrackSpec]) -> tuple[TrackSpec, ...]:
    """Each track once, in an order of their own: the patterns of these are what a matcher is compiled of."""
    by_signature = {track.signature: track for track in tracks}
    return tuple(by_signature[signature] for signature in sorted(by_signature))


def fold(states: States, event: CustomerEvent, specs: Sequence[TrackSpec], matched: Iterable[int]) -> States:
    """The states with one more event, which matches the patterns of the `specs` numbered in `matched`; `states` itself
    when it changes nothing."""
    changed: dict[str, State] | None = None
    for number in matched:
        spec = specs[number]
        mark = spec.mark_of(event)
        if mark is None:
            continue
        changed = dict(states) if changed is None else changed
        changed[spec.signature] = _ADD[spec.keep.kind](changed.get(spec.signature, {}), mark)
    return states if changed is None else changed


def prune(states: States, specs: Sequence[TrackSpec], now: datetime) -> States:
    """The states without what no answer from `now` on can need; tracks that `specs` do not name go wholly."""
    kept, at = dict[str, State](), milliseconds(now)
    for spec in specs:
        state = states.get(spec.signature)
        if state is not None:
            shorter = _PRUNE[spec.keep.kind](state, spec, at, _floors(states.get(spec.floor), at))
            if shorter:
                kept[spec.signature] = shorter
    return states if kept == states else kept


def canonical(value: Any) -> str:
    """JSON in one form only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def scalar(value: Any) -> Any:
    """A value as it is remembered: text, a number that JSON keeps exact, true or false; `None` for all else."""
    if isinstance(value, bool) or is_text(value, MAX_VALUE):
        return value
    if not is_number(value) or abs(value) > LARGEST:
        return None
    return int(value) if value == int(value) else float(value)


def digest(value: Any) -> str | None:
    """A short stand-in for a scalar, the same for equal ones."""
    plain = scalar(value)
    return None if plain is None else hashlib.sha256(canonical(plain).encode()).hexdigest()[:12]


def amount(value: Any) -> int | None:
    """A number in millionths, rounded half to even: so sums are the same in any order."""
    if not is_number(value) or abs(value) > LARGEST:
        return None
    return round(Decimal(str(value)) * MILLION)


_TAKE: Mapping[str, Callable[[Any], Any]] = {
    "": lambda value: 0,
    "value": scalar,
    "digest": digest,
    "amount": amount,
}


def time_of(mark: Mark) -> int:
    """The time of a mark."""
    return int(mark[0]) if isinstance(mark, list) else int(mark)


def key_of(mark: Mark) -> str:
    """The key of a mark, empty where there is none."""
    return str(mark[2]) if isinstance(mark, list) and len(mark) > 2 else ""


def _order(mark: Mark) -> tuple[int, str]:
    """By time, then by value: one order, whatever the order of arrival."""
    return (int(mark[0]), canonical(mark[1:])) if isinstance(mark, list) else (int(mark), "")


def _inserted(marks: Sequence[Mark], mark: Mark) -> list[Mark]:
    if not marks or time_of(marks[-1]) < time_of(mark):
        return [*marks, mark]
    longer = list(marks)
    insort(longer, mark, key=_order)
    return longer


def _add_mark(state: State, mark: Mark) -> State:
    marks = _inserted(state.get("m", ()), mark)
    if len(marks) <= MAX_MARKS:
        return {**state, "m": marks}
    lost = time_of(marks[0])
    return {**state, "m": marks[1:], "b": max(lost, state.get("b", lost))}


def _add_to_total(state: State, mark: Mark) -> State:
    if "b" in state and time_of(mark) <= state["b"]:
        return _settled(state, [mark], state["b"])
    marks = _inserted(state.get("m", ()), mark)
    if len(marks) <= MAX_MARKS:
        return {**state, "m": marks}
    return _settled({**state, "m": marks[1:]}, marks[:1], time_of(marks[0]))


def _settled(state: State, marks: Sequence[Mark], until: int) -> State:
    settled = {**state, "n": state.get("n", 0) + len(marks), "b": max(until, state.get("b", until))}
    if any(isinstance(mark, list) for mark in marks):
        settled["s"] = state.get("s", 0) + sum(mark[1] for mark in marks)
    return settled


def _add_first(state: State, mark: Mark) -> State:
    return {"m": [min([*state.get("m", ()), mark], key=_order)]}


_ADD: Mapping[str, Callable[[State, Mark], State]] = {
    "marks": _add_mark,
    "distinct": _add_mark,
    "total": _add_to_total,
    "first": _add_first,
}


def _floors(state: State | None, now: int) -> Mapping[str, int]:
    """By key, the newest time up to `now`."""
    marks = state.get("m", ()) if state else ()
    return {key_of(mark): time_of(mark) for mark in marks if time_of(mark) <= now}


def _prune_marks(state: State, spec: TrackSpec, now: int, floors: Mapping[str, int]) -> State:
    marks = state.get("m", [])
    split = bisect_right(marks, now, key=time_of)
    lowest = -1 if spec.keep.horizon is None else now - spec.keep.horizon
    seen: dict[str, int] = defaultdict(int)
    values: set[Any] = set()
    kept: list[Mark] = []
    for mark in reversed(marks[:split]):
        key, at = key_of(mark), time_of(mark)
        if at <= lowest and spec.keep.horizon is not None:
            break
        if at <= floors.get(key, at - 1) or (spec.keep.need is not None and seen[key] >= spec.keep.need):
            continue
        if spec.keep.kind == "distinct":
            if (mark[1], key) in values:
                continue
            values.add((mark[1], key))
        seen[key] += 1
        kept.append(mark)
    return _with_bound(state, [*reversed(kept), *marks[split:]], spec, lowest, sum(seen.values()))


def _with_bound(state: State, marks: list[Mark], spec: TrackSpec, lowest: int, past: int) -> State:
    rest: State = {"m": marks} if marks else {}
    if "b" not in state:
        return rest
    bound, need = int(state["b"]), spec.keep.need
    if spec.keep.horizon is not None and bound <= lowest:
        return rest
    if need is not None and not spec.per and past >= need and time_of(marks[past - need]) > bound:
        return rest  # what was lost is older than all that is needed
    return {"m": marks, "b": bound}


def _prune_total(state: State, spec: TrackSpec, now: int, floors: Mapping[str, int]) -> State:
    marks = state.get("m", [])
    split = bisect_right(marks, now, key=time_of)
    if not split:
        return state
    settled = {**_settled(state, marks[:split], now), "m": marks[split:]}
    return settled if settled["m"] else {key: settled[key] for key in ("n", "s", "b") if key in settled}


def _prune_first(state: State, spec: TrackSpec, now: int, floors: Mapping[str, int]) -> State:
    return state


_PRUNE: Mapping[str, Callable[[State, TrackSpec, int, Mapping[str, int]], State]] = {
    "marks": _prune_marks,
    "distinct": _prune_marks,
    "total": _prune_total,
    "first": _prune_first,
}
