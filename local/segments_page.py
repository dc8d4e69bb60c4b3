"""The pages about groups of people: who is in which segment and stage, how many came and went, and why one person is
where they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from local.markup import Cell, page, table

KINDS = ("segments", "stages")
"""Paths of the kinds of definitions that place people."""


@dataclass(frozen=True)
class Group:
    """What the marketers' API says of a definition that places people."""

    path: str
    name: str
    document: Mapping[str, Any]
    counts: Sequence[Mapping[str, Any]]


def groups(known: Sequence[Group]) -> str:
    """The list, with each definition as it was written."""
    rows: list[list[Cell]] = [
        [
            f"{group.name}: {row['value']}" if group.path == "stages" else group.name,
            row["in"],
            row["entered"],
            row["left"],
        ]
        for group in known
        for row in group.counts
    ]
    written = "".join(
        f"<h2>{escape(group.name)}</h2><pre>{escape(json.dumps(group.document, indent=2))}</pre>"
        for group in known
    )
    return page(
        "Segments",
        table(
            "Who is where", ("segment or stage", "people now", "came in 400 days", "left in 400 days"), rows
        )
        + written,
    )


def reasons(standing: Mapping[str, Any]) -> str:
    """Why a person is in each segment or not, clause by clause; and what each way on from a stage waits for."""
    since = standing["segments"]
    parts = []
    for name, why in sorted(standing["explained"].items()):
        if name.startswith("stage/"):
            parts += [_stage(name.removeprefix("stage/"), held) for held in why.values()]
        else:
            verdict = f"in since {since[name]}" if name in since else "not in"
            parts.append(table(f"Segment {name}: {verdict}", _HEAD, _clauses(why)))
    return "".join(parts)


_HEAD = ("clause", "holds", "seen", "changes by itself at")


def _stage(name: str, held: Mapping[str, Any]) -> str:
    way = " → ".join([*(one["stage"] for one in held["path"]), held["stage"]])
    rows = [
        [f"to {on['to']}: {clause}", *rest] for on in held["ways"] for clause, *rest in _clauses(on["when"])
    ]
    return table(f"Lifecycle {name}: {way}, since {held['since']}", _HEAD, rows)


def _clauses(why: Mapping[str, Any], depth: int = 0) -> Iterator[list[Cell]]:
    """A row for each clause; those of a group stand below it."""
    indent = "\u2003" * depth
    verdict = "yes" if why["verdict"] else "no"
    if "children" in why:
        yield [f"{indent}{why['clause']} of", verdict, "", ""]
        for child in why["children"]:
            yield from _clauses(child, depth + 1)
    else:
        seen = why["seen"]
        shown = seen if isinstance(seen, str) else json.dumps(seen)
        yield [f"{indent}{json.dumps(why['clause'])}", verdict, shown, why.get("flips_at", "")]
