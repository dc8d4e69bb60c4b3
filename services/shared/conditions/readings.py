"""The three readings of a condition: what it says now, why, and when time alone would change it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge
from itertools import chain, groupby
from typing import Any

from services.shared.clock import to_iso
from services.shared.conditions.instants import milliseconds, moment
from services.shared.conditions.nodes import Condition, Group, Leaf, Node, View
from services.shared.conditions.timed import LOOK_AHEAD


@dataclass(frozen=True)
class Explanation:
    """Why a clause holds or not: the clause as written, what was `seen`, and when time alone changes it next.

    `notes`: `capped` says that more was told than is remembered, and the answer may be another one;
    `at_least` that no more was counted than the clause needs to know.
    """

    clause: dict[str, Any]
    verdict: bool
    seen: Any = None
    flips_at: datetime | None = None
    notes: Mapping[str, bool] = field(default_factory=dict)
    children: tuple[Explanation, ...] = ()

    def document(self) -> dict[str, Any]:
        """The tree as JSON: a leaf is `{"clause", "verdict", "seen"}` (`flips_at` and notes where there are any), a
        group `{"clause", "verdict", "children"}` with its operator as the clause."""
        if self.children:
            children = [child.document() for child in self.children]
            return {"clause": next(iter(self.clause)), "verdict": self.verdict, "children": children}
        leaf = {"clause": self.clause, "verdict": self.verdict, "seen": self.seen, **self.notes}
        return leaf if self.flips_at is None else {**leaf, "flips_at": to_iso(self.flips_at)}


def evaluate(condition: Condition, view: View, now: datetime) -> bool:
    """Whether the condition holds for `view` at `now`."""
    return condition.root.check(view, milliseconds(now))


def explain(condition: Condition, view: View, now: datetime) -> Explanation:
    """Every clause with its verdict and what it saw; nothing is short-circuited."""
    return _explain(condition.root, view, milliseconds(now))


def next_flip(condition: Condition, view: View, now: datetime) -> datetime | None:
    """The first instant after `now` at which the verdict changes if nothing but time passes, or `None`.

    Exact: the verdict is constant on [now, flip) and differs at flip. Only where an anniversary has a say and nothing
    changes for three years, the answer is the end of those, and where points that fade keep a score in balance, that of
    what was looked at: the time to look again.
    """
    if not condition.ages:
        return None
    at = milliseconds(now)
    flip = next(_flips(condition.root, view, at), None)
    first = min((end for end in (flip, *_ends(condition, view, at)) if end is not None), default=None)
    return None if first is None else moment(first)


def _ends(condition: Condition, view: View, now: int) -> Iterator[int | None]:
    """Up to when clauses know their moments."""
    for leaf in condition.ages:
        if leaf.known_until:
            yield leaf.known_until(view, now)
        if leaf.repeats and leaf.moments and next(iter(leaf.moments(view, now)), None) is not None:
            yield now + LOOK_AHEAD


def _flips(node: Node, view: View, now: int) -> Iterator[int]:
    """Every moment after `now` at which the verdict changes, ascending."""
    if isinstance(node, Group):
        return _group_flips(node, view, now) if node.timed else iter(())
    return _leaf_flips(node, view, now)


def _leaf_flips(leaf: Leaf, view: View, now: int) -> Iterator[int]:
    if leaf.moments is None:
        return
    verdict = leaf.check(view, now)
    for at in sorted(set(leaf.moments(view, now))):
        if leaf.check(view, at) is not verdict:
            verdict = not verdict
            yield at


def _group_flips(group: Group, view: View, now: int) -> Iterator[int]:
    """Children flip one after the other; the group flips where the number of those that hold makes it."""
    verdicts = [child.check(view, now) for child in group.children]
    streams = []
    for i, child in enumerate(group.children):
        flips = _flips(child, view, now)
        first = next(flips, None)
        if first is not None:
            streams.append(_numbered(chain((first,), flips), i))
        elif verdicts[i] is (group.operator != "all"):
            return  # decided for good
    held, holds = sum(verdicts), _decide(group, sum(verdicts))
    for at, flipping in groupby(merge(*streams), key=lambda flip: flip[0]):
        for _, i in flipping:
            verdicts[i] = not verdicts[i]
            held += 1 if verdicts[i] else -1
        if _decide(group, held) is not holds:
            holds = not holds
            yield at


def _numbered(flips: Iterator[int], i: int) -> Iterator[tuple[int, int]]:
    for at in flips:
        yield at, i


def _decide(group: Group, held: int) -> bool:
    if group.operator == "all":
        return held == len(group.children)
    return (held > 0) is (group.operator == "any")


def _explain(node: Node, view: View, now: int) -> Explanation:
    if isinstance(node, Group):
        children = tuple(_explain(child, view, now) for child in node.children)
        verdict = _decide(node, sum(child.verdict for child in children))
        return Explanation(node.document, verdict, children=children)
    flip = next(_leaf_flips(node, view, now), None)
    return Explanation(
        node.document,
        node.check(view, now),
        node.seen(view, now),
        None if flip is None else moment(flip),
        node.notes(view, now) if node.notes else {},
    )
