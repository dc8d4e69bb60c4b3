"""Filters on the properties of one event, the `where` of an event clause.

    all / any / none    {"all": [w, ...]}
    a property          {"prop": "plan", "eq": "pro"}    deeper: {"prop": ["shipping", "country"], "in": ["NL", "BE"]}
    an order line       {"line": "products", "where": w}    some object in the list has properties that pass w

A property takes every operator that looks at a value alone (`operators.PLAIN`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, assert_never

from services.shared.conditions.limits import MAX_CLAUSES, MAX_DEPTH, MAX_NAME, MAX_PATH, Budget
from services.shared.conditions.operators import PLAIN, Predicate, is_text, value_at
from services.shared.conditions.reading import InvalidCondition

Properties = Mapping[str, Any]

_HEADS = ("all", "any", "none", "prop", "line")
_NAME = f"must be text of 1 to {MAX_NAME} characters"
_PATH = f"{_NAME}, or a list of 1 to {MAX_PATH} such"
_ONE_HEAD = f"must have exactly one of {', '.join(_HEADS)}"
_ONE_OPERATOR = f"must have exactly one of {', '.join(PLAIN)}"


@dataclass(frozen=True)
class Comparison:
    """The property at `path` held against a literal, as its operator reads it; `holds` is the two bound together."""

    path: tuple[str, ...]
    operator: str
    literal: Any
    holds: Predicate = field(repr=False, compare=False)
    document: dict[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Line:
    """Some object in the list under `key` has properties that pass `where`."""

    key: str
    where: Where
    document: dict[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Group:
    """`all`, `any` or `none` of its children."""

    operator: Literal["all", "any", "none"]
    children: tuple[Where, ...]
    document: dict[str, Any] = field(repr=False, compare=False)


Where = Comparison | Line | Group


def parse_where(document: Any, path: str, budget: Budget, depth: int = 1) -> Where:
    """The filter that a JSON value describes. `path` is where it stands in the condition (`all.0.where`), `budget`
    what the condition may still spend on clauses, `depth` its level there.

    Raises:
        InvalidCondition: with a message `path: rule` (`all.0.where.any.1.gte: ...`).
    """
    if depth > MAX_DEPTH:
        raise _invalid(path, f"is nested deeper than {MAX_DEPTH} levels")
    if not budget.spend():
        raise _invalid(path, f"is over the limit of {MAX_CLAUSES} clauses")
    if not isinstance(document, dict):
        raise _invalid(path, "must be an object")
    heads = [head for head in _HEADS if head in document]
    if len(heads) != 1:
        raise _invalid(path, _ONE_HEAD)
    if heads[0] == "prop":
        return _comparison(document, path)
    if heads[0] == "line":
        return _line(document, path, budget, depth)
    return _group(document, heads[0], path, budget, depth)


def compile_where(where: Where) -> Callable[[Properties], bool]:
    """A filter as one closure over the properties of an event."""
    if isinstance(where, Comparison):
        return _compile_comparison(where)
    if isinstance(where, Line):
        return _compile_line(where)
    if isinstance(where, Group):
        return _compile_group(where)
    assert_never(where)


def objects_in(value: Any) -> list[Properties]:
    """The lines that a property holds: of a list, what are objects."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list | tuple) else []


def _group(document: dict[str, Any], operator: Any, path: str, budget: Budget, depth: int) -> Group:
    _nothing_but(document, (operator,), path)
    children = document[operator]
    if not isinstance(children, list) or not children:
        raise _invalid(f"{path}.{operator}", "must be a list of at least one filter")
    parsed = tuple(
        parse_where(child, f"{path}.{operator}.{i}", budget, depth + 1) for i, child in enumerate(children)
    )
    return Group(operator, parsed, {operator: [child.document for child in parsed]})


def _line(document: dict[str, Any], path: str, budget: Budget, depth: int) -> Line:
    _nothing_but(document, ("line", "where"), path)
    key = document["line"]
    if not _is_name(key):
        raise _invalid(f"{path}.line", _NAME)
    if "where" not in document:
        raise _invalid(f"{path}.where", "is missing")
    where = parse_where(document["where"], f"{path}.where", budget, depth + 1)
    return Line(key, where, {"line": key, "where": where.document})


def _comparison(document: dict[str, Any], path: str) -> Comparison:
    name = document["prop"]
    keys = tuple(name) if isinstance(name, list) else (name,)
    if not 1 <= len(keys) <= MAX_PATH or not all(map(_is_name, keys)):
        raise _invalid(f"{path}.prop", _PATH)
    operators = [key for key in document if key in PLAIN]
    if len(operators) != 1:
        raise _invalid(path, _ONE_OPERATOR)
    operator = operators[0]
    _nothing_but(document, ("prop", operator), path)
    try:
        literal = PLAIN[operator].read(document[operator])
    except ValueError as error:
        raise _invalid(f"{path}.{operator}", str(error)) from error
    return Comparison(keys, operator, literal, PLAIN[operator].test(literal), dict(document))


def _nothing_but(document: dict[str, Any], known: tuple[str, ...], path: str) -> None:
    for key in document:
        if key not in known:
            unknown = str(key)[:MAX_NAME].encode("ascii", "backslashreplace").decode()
            raise _invalid(f"{path}.{unknown}", f"does not belong beside {known[0]}")


def _is_name(value: Any) -> bool:
    return is_text(value, MAX_NAME) and value != ""


def _invalid(path: str, rule: str) -> InvalidCondition:
    return InvalidCondition([(path, rule)])


def _compile_comparison(comparison: Comparison) -> Callable[[Properties], bool]:
    path, holds = comparison.path, comparison.holds
    if len(path) == 1:
        key = path[0]
        return lambda properties: holds(properties.get(key))
    return lambda properties: holds(value_at(properties, path))


def _compile_line(line: Line) -> Callable[[Properties], bool]:
    key, passes = line.key, compile_where(line.where)
    return lambda properties: any(passes(one) for one in objects_in(properties.get(key)))


def _compile_group(group: Group) -> Callable[[Properties], bool]:
    checks = tuple(compile_where(child) for child in group.children)
    if group.operator == "all":
        return lambda properties: all(check(properties) for check in checks)
    if group.operator == "any":
        return lambda properties: any(check(properties) for check in checks)
    return lambda properties: not any(check(properties) for check in checks)
