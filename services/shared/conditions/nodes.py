"""The validated tree of a condition: plain frozen values without behaviour."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

View = Mapping[str, Any]
Kind = Literal["fact", "trait", "score"]
Scalar = str | int | float | bool
Check = Callable[[View, datetime], bool]

SECTIONS: dict[Kind, str] = {"fact": "facts", "trait": "traits", "score": "scores"}
"""Where in a view a kind of value is found."""


@dataclass(frozen=True)
class Compare:
    """A value held against a literal. For an ordering against an instant, `literal` is a `datetime`."""

    kind: Kind
    name: str
    operator: str
    literal: Scalar | datetime | tuple[Scalar, ...]
    document: dict[str, Any]


@dataclass(frozen=True)
class Age:
    """How long ago an instant is: `older_than` from instant + length on, `within` (not `older`) before it."""

    kind: Kind
    name: str
    older: bool
    length: timedelta
    document: dict[str, Any]


@dataclass(frozen=True)
class Member:
    """Being in a segment."""

    segment: str
    document: dict[str, Any]


@dataclass(frozen=True)
class Group:
    """`all`, `any` or `none` of its children."""

    operator: Literal["all", "any", "none"]
    children: tuple[Node, ...]
    document: dict[str, Any]


Node = Compare | Age | Member | Group


@dataclass(frozen=True)
class Reference:
    """Something a condition depends on: `kind` is fact, trait, score or segment; `path` is where it does."""

    kind: str
    name: str
    path: str


@dataclass(frozen=True)
class Condition:
    """A parsed condition. `document` is the JSON it came from; `check` its compiled form."""

    root: Node
    check: Check = field(repr=False, compare=False)
    ages: tuple[Age, ...] = field(repr=False, compare=False)

    @property
    def document(self) -> dict[str, Any]:
        return self.root.document

    def references(self) -> list[Reference]:
        """Every fact, trait, score and segment it names, with the path of the clause that does."""
        return list(_references(self.root, ""))


def _references(node: Node, path: str) -> Iterator[Reference]:
    if isinstance(node, Group):
        for i, child in enumerate(node.children):
            yield from _references(child, f"{path}{node.operator}.{i}.")
    elif isinstance(node, Member):
        yield Reference("segment", node.segment, f"{path}segment")
    else:
        yield Reference(node.kind, node.name, f"{path}{node.kind}")
