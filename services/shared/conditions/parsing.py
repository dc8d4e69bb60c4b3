"""From JSON to the validated tree.

Groups are walked here, so that size is bounded before any recursion and errors name the path as the author
wrote it; the shape of each leaf is a pydantic model.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)

from services.shared.clock import from_iso
from services.shared.conditions.compiling import compile_node
from services.shared.conditions.durations import parse_duration
from services.shared.conditions.nodes import Age, Compare, Condition, Group, Kind, Member, Node
from services.shared.errors import Invalid

MAX_DEPTH = 16
MAX_NODES = 200

_GROUPS = ("all", "any", "none")
_LEAVES = ("fact", "trait", "score", "segment")

_Finite = Annotated[StrictFloat, Field(allow_inf_nan=False)]
_Number = StrictInt | _Finite
_Text = Annotated[StrictStr, Field(min_length=1, max_length=200)]
_Scalar = Annotated[StrictStr, Field(max_length=500)] | StrictBool | StrictInt | _Finite


class _Leaf(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _SegmentLeaf(_Leaf):
    segment: _Text


class _ValueLeaf(_Leaf):
    operators: ClassVar[tuple[str, ...]] = ("eq", "ne", "gt", "gte", "lt", "lte", "in", "exists")

    eq: _Scalar | None = None
    ne: _Scalar | None = None
    gt: _Number | StrictStr | None = None
    gte: _Number | StrictStr | None = None
    lt: _Number | StrictStr | None = None
    lte: _Number | StrictStr | None = None
    in_: list[_Scalar] | None = Field(default=None, alias="in", min_length=1, max_length=200)
    exists: StrictBool | None = None

    @model_validator(mode="after")
    def _one_operator(self) -> Self:
        given = sorted(self.model_fields_set - set(_LEAVES))
        if len(given) != 1:
            raise ValueError(f"must have exactly one of {', '.join(self.operators)}")
        if getattr(self, given[0]) is None:
            raise ValueError(f"{given[0].rstrip('_')} must not be null; say exists")
        return self


class _ScoreLeaf(_ValueLeaf):
    score: _Text


class _DatedLeaf(_ValueLeaf):
    operators: ClassVar[tuple[str, ...]] = (*_ValueLeaf.operators, "older_than", "within")

    older_than: StrictStr | None = None
    within: StrictStr | None = None


class _FactLeaf(_DatedLeaf):
    fact: _Text


class _TraitLeaf(_DatedLeaf):
    trait: _Text


_MODELS: dict[str, type[_Leaf]] = {
    "fact": _FactLeaf,
    "trait": _TraitLeaf,
    "score": _ScoreLeaf,
    "segment": _SegmentLeaf,
}

_ORDERED = "must be a number or an instant with a time zone (1998-06-30T00:00:00Z)"
_PLAIN = "must be text, a number, true or false"
_RULES = {
    **dict.fromkeys(("gt", "gte", "lt", "lte"), _ORDERED),
    **dict.fromkeys(("eq", "ne"), _PLAIN),
    "in": "must be a list of 1 to 200 values, each text, a number, true or false",
    "exists": "must be true or false",
    **dict.fromkeys(_LEAVES, "must be a name of 1 to 200 characters"),
}


def parse(document: Any) -> Condition:
    """The condition that a JSON value describes.

    Raises:
        Invalid: `invalid_condition`, with a message `path: rule` (`all.0.gte: ...`).
    """
    seen = [0]
    root = _node(document, "", 1, seen)
    return Condition(root=root, check=compile_node(root), ages=tuple(_ages(root)))


def _node(document: Any, path: str, depth: int, seen: list[int]) -> Node:
    seen[0] += 1
    if depth > MAX_DEPTH:
        raise _invalid(path, f"is nested deeper than {MAX_DEPTH} levels")
    if seen[0] > MAX_NODES:
        raise _invalid(path, f"is over the limit of {MAX_NODES} clauses")
    if not isinstance(document, dict):
        raise _invalid(path, "must be an object")
    heads = [key for key in (*_GROUPS, *_LEAVES) if key in document]
    if len(heads) != 1:
        raise _invalid(path, f"must have exactly one of {', '.join((*_GROUPS, *_LEAVES))}")
    if heads[0] in _GROUPS:
        return _group(document, heads[0], path, depth, seen)
    return _leaf(document, heads[0], path)


def _group(document: dict[str, Any], operator: Any, path: str, depth: int, seen: list[int]) -> Group:
    if len(document) != 1:
        extra = sorted(str(k) for k in document if k != operator)
        raise _invalid(f"{path}{extra[0]}", f"does not belong beside {operator}")
    children = document[operator]
    if not isinstance(children, list) or not children:
        raise _invalid(f"{path}{operator}", "must be a list of at least one condition")
    nodes = tuple(_node(child, f"{path}{operator}.{i}.", depth + 1, seen) for i, child in enumerate(children))
    return Group(operator, nodes, {operator: [n.document for n in nodes]})


def _leaf(document: dict[str, Any], head: str, path: str) -> Node:
    try:
        leaf = _MODELS[head].model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        key = str(first["loc"][0]) if first["loc"] else ""
        rule = (
            "is not known here"
            if first["type"] == "extra_forbidden" and len(first["loc"]) == 1
            else _RULES.get(key)
        )
        raise _invalid(f"{path}{key}", rule or first["msg"].removeprefix("Value error, ")) from error
    if isinstance(leaf, _SegmentLeaf):
        return Member(leaf.segment, dict(document))
    operator = next(key for key in document if key != head)
    kind: Kind = "fact" if head == "fact" else "trait" if head == "trait" else "score"
    return _operation(kind, document, operator, f"{path}{operator}")


def _operation(kind: Kind, document: dict[str, Any], operator: str, path: str) -> Node:
    name, literal = document[kind], document[operator]
    if operator in ("older_than", "within"):
        try:
            return Age(kind, name, operator == "older_than", parse_duration(literal), dict(document))
        except ValueError as error:
            raise _invalid(path, str(error)) from error
    if operator == "in":
        return Compare(kind, name, operator, tuple(literal), dict(document))
    if operator in ("gt", "gte", "lt", "lte") and isinstance(literal, str):
        return Compare(kind, name, operator, _instant(literal, path), dict(document))
    return Compare(kind, name, operator, literal, dict(document))


def _instant(text: str, path: str) -> datetime:
    try:
        return from_iso(text)
    except (ValueError, OverflowError) as error:
        raise _invalid(
            path, "must be a number or an instant with a time zone (1998-06-30T00:00:00Z)"
        ) from error


def _ages(node: Node) -> Iterator[Age]:
    if isinstance(node, Group):
        for child in node.children:
            yield from _ages(child)
    elif isinstance(node, Age):
        yield node


def _invalid(path: str, rule: str) -> Invalid:
    return Invalid("invalid_condition", f"{path.rstrip('.') or 'condition'}: {rule}")
