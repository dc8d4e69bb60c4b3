"""The pages about groups of people: who is in which segment, stage, grade and cell, how many came and went, how far a
change of definitions has come, and why one person is where they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from local.markup import Cell, page, table

KINDS = ("segments", "stages", "fit-models", "strategies")
"""Paths of the kinds of definitions that place people."""


@dataclass(frozen=True)
class Group:
    """What the marketers' API says of a definition that places people."""

    path: str
    name: str
    document: Mapping[str, Any]
    counts: Sequence[Mapping[str, Any]]


def groups(known: Sequence[Group], backfill: Mapping[str, Any]) -> str:
    """The list, with each definition as it was written, and how far everybody is judged by them."""
    rows: list[list[Cell]] = [
        [_place(group, row), row["in"], row["entered"], row["left"]]
        for group in known
        for row in group.counts
    ]
    written = "".join(
        f"<h2>{escape(group.name)}</h2><pre>{escape(json.dumps(group.document, indent=2))}</pre>"
        for group in known
    )
    return page(
        "Segments",
        table("Who is where", ("place", "people now", "came in 400 days", "left in 400 days"), rows)
        + (_progress(backfill) if backfill else "")
        + written,
    )


def _place(group: Group, row: Mapping[str, Any]) -> str:
    """A segment has one place, the others have several, and some have them by product."""
    if group.path == "segments":
        return group.name
    product = f" ({row['product']})" if row["product"] else ""
    return f"{group.name}{product}: {row['value']}"


def _progress(backfill: Mapping[str, Any]) -> str:
    rows: list[list[Cell]] = []
    if on := backfill["under_way"]:
        counts = [on[name] for name in ("looked_at", "of", "waiting", "failed")]
        rows.append(["under way", on["definitions"], on["starts_at"], *counts])
    if done := backfill["done"]:
        looked_at = done["looked_at"]
        rows.append(["done", done["definitions"], done["at"], looked_at, looked_at, 0, done["failed"]])
    return table(
        f"How far everybody is judged by definitions as they stand: version {backfill['definitions']}",
        (
            *("pass over everybody", "version", "from, or done at", "looked at", "of about"),
            *("waiting for their past", "could not be judged"),
        ),
        rows,
    )


def reasons(standing: Mapping[str, Any]) -> str:
    """Why a person is in each segment or not, clause by clause; what each way on from a stage waits for; which rule
    gives a grade, and what is agreed for a cell."""
    since = standing["segments"]
    parts = []
    for key, why in sorted(standing["explained"].items()):
        kind, _, name = key.rpartition("/")
        if kind == "stage":
            parts += [_stage(name, held) for held in why.values()]
        elif kind == "fit-model":
            parts.append(_fit(name, why))
        elif kind == "strategy":
            parts.append(_cell(name, why))
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


def _fit(name: str, why: Mapping[str, Any]) -> str:
    rows = [
        [f"{rule['grade']}: {clause}", *rest]
        for rule in why["rules"]
        for clause, *rest in _clauses(rule["when"])
    ]
    return table(f"Fit {name}: grade {why['grade']}", _HEAD, rows)


def _cell(name: str, why: Mapping[str, Any]) -> str:
    if not why:
        return table(f"Strategy {name}: in no cell yet", ("what", "value"), [])
    agreed = why["agreed"] or {}
    rows: list[list[Cell]] = [
        ["score", str(why["score"])],
        ["grade", str(why["grade"])],
        *([what, told if isinstance(told, str) else json.dumps(told)] for what, told in agreed.items()),
    ]
    return table(f"Strategy {name}: {why['cell']}, since {why['since']}", ("what", "value"), rows)


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
