"""A tree as one Python closure over (view, now); literals are bound once, nothing is interpreted per call."""

from __future__ import annotations

import operator as op
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, assert_never

from services.shared.clock import from_iso
from services.shared.conditions.nodes import SECTIONS, Age, Check, Compare, Group, Member, Node, View

_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {"gt": op.gt, "gte": op.ge, "lt": op.lt, "lte": op.le}


def compile_node(node: Node) -> Check:
    """The check of a node and all below it."""
    if isinstance(node, Group):
        return _group(node)
    if isinstance(node, Compare):
        return _compare(node)
    if isinstance(node, Age):
        return _age(node)
    if isinstance(node, Member):
        segment = node.segment
        return lambda view, now: segment in (view.get("segments") or ())
    assert_never(node)


def seen_value(node: Compare | Age, view: View) -> Any:
    """What the view has for a clause; `None` when it has nothing."""
    return (view.get(SECTIONS[node.kind]) or {}).get(node.name)


def flip_instant(node: Age, view: View) -> datetime | None:
    """When an age's verdict changes: its instant plus its length.

    `None` when the view has no such instant, or the sum lies beyond the calendar.
    """
    at = _as_instant(seen_value(node, view))
    if at is None:
        return None
    try:
        return at + node.length
    except OverflowError:
        return None


def _group(node: Group) -> Check:
    checks = tuple(compile_node(child) for child in node.children)
    if node.operator == "all":
        return lambda view, now: all(check(view, now) for check in checks)
    if node.operator == "any":
        return lambda view, now: any(check(view, now) for check in checks)
    return lambda view, now: not any(check(view, now) for check in checks)


def _age(node: Age) -> Check:
    older = node.older

    def check(view: View, now: datetime) -> bool:
        flip = flip_instant(node, view)
        return flip is not None and (now >= flip) is older

    return check


def _compare(node: Compare) -> Check:
    holds = _test(node.operator, node.literal)
    if node.operator == "exists":
        return lambda view, now: holds(seen_value(node, view))

    def check(view: View, now: datetime) -> bool:
        seen = seen_value(node, view)
        return seen is not None and holds(seen)

    return check


def _test(operator: str, literal: Any) -> Callable[[Any], bool]:
    if operator == "exists":
        return lambda seen: (seen is not None) is literal
    if operator == "in":
        return lambda seen: any(_same(seen, one) for one in literal)
    if operator == "eq":
        return lambda seen: _same(seen, literal)
    if operator == "ne":
        return lambda seen: not _same(seen, literal)
    return _ordering(_ORDERINGS[operator], literal)


def _ordering(compare: Callable[[Any, Any], bool], literal: Any) -> Callable[[Any], bool]:
    if isinstance(literal, datetime):

        def instant(seen: Any) -> bool:
            at = _as_instant(seen)
            return at is not None and compare(at, literal)

        return instant
    return lambda seen: _is_number(seen) and compare(seen, literal)


def _same(left: Any, right: Any) -> bool:
    """Equal and of one JSON type: `true` is not 1, and "1" is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if _is_number(left) and _is_number(right):
        return bool(left == right)
    return isinstance(left, str) and isinstance(right, str) and left == right


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _as_instant(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else None
    if not isinstance(value, str):
        return None
    try:
        return from_iso(value)
    except (ValueError, OverflowError):
        return None
