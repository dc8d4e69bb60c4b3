"""The three readings of a condition: what it says now, why, and when time alone would change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.shared.clock import to_iso
from services.shared.conditions.compiling import compile_node, flip_instant, seen_value
from services.shared.conditions.nodes import Age, Condition, Group, Member, Node, View


@dataclass(frozen=True)
class Explanation:
    """Why a clause holds or not: the clause as written, the value `seen`, and for an age when it flips."""

    clause: dict[str, Any]
    verdict: bool
    seen: Any = None
    flips_at: datetime | None = None
    children: tuple[Explanation, ...] = ()

    def document(self) -> dict[str, Any]:
        """The tree as JSON: a leaf is `{"clause", "verdict", "seen"}` (an age has `flips_at`), a group
        `{"clause", "verdict", "children"}` with its operator as the clause."""
        if self.children:
            children = [child.document() for child in self.children]
            return {"clause": next(iter(self.clause)), "verdict": self.verdict, "children": children}
        leaf = {"clause": self.clause, "verdict": self.verdict, "seen": self.seen}
        return leaf if self.flips_at is None else {**leaf, "flips_at": to_iso(self.flips_at)}


def evaluate(condition: Condition, view: View, now: datetime) -> bool:
    """Whether the condition holds for `view` at `now`."""
    return condition.check(view, now)


def explain(condition: Condition, view: View, now: datetime) -> Explanation:
    """Every clause with its verdict and the value it saw; nothing is short-circuited."""
    return _explain(condition.root, view, now)


def next_flip(condition: Condition, view: View, now: datetime) -> datetime | None:
    """The first instant after `now` at which the verdict changes if nothing but time passes, or `None`.

    Exact: the verdict is constant on [now, flip) and differs at flip.
    """
    flips = {flip for age in condition.ages if (flip := flip_instant(age, view)) is not None and flip > now}
    verdict = condition.check(view, now) if flips else False
    return next((flip for flip in sorted(flips) if condition.check(view, flip) is not verdict), None)


def _explain(node: Node, view: View, now: datetime) -> Explanation:
    if isinstance(node, Group):
        return _explain_group(node, view, now)
    verdict = compile_node(node)(view, now)
    if isinstance(node, Member):
        return Explanation(node.document, verdict, seen=verdict)
    flips_at = flip_instant(node, view) if isinstance(node, Age) else None
    return Explanation(node.document, verdict, seen=seen_value(node, view), flips_at=flips_at)


def _explain_group(node: Group, view: View, now: datetime) -> Explanation:
    children = tuple(_explain(child, view, now) for child in node.children)
    verdicts = [child.verdict for child in children]
    verdict = all(verdicts) if node.operator == "all" else any(verdicts) is (node.operator == "any")
    return Explanation(node.document, verdict, children=children)
