"""The codes that services refuse with, read from their sources: none can be documented that nobody raises."""

from __future__ import annotations

import ast
import importlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from services.shared.errors import HalteError

ROOT = Path(__file__).parents[3]

COMPUTED: Mapping[str, int] = {
    "invalid": 400,
    "bad_limit": 400,
    "bad_days": 400,
    "bad_from": 400,
    "bad_to": 400,
    "bad_version": 400,
    "bad_after": 400,
    "attribute_unknown": 400,
    "attribute_type": 400,
    "attribute_kind": 400,
}
"""Codes that no source spells out where it raises them."""


@cache
def raised(service: str) -> Mapping[str, frozenset[int]]:
    """Code → the statuses it has in a service and in the kernel."""
    found: dict[str, set[int]] = defaultdict(set)
    for code, status in COMPUTED.items():
        found[code].add(status)
    for package in ("shared", service):
        for file in sorted((ROOT / "services" / package).rglob("*.py")):
            for code, status in _in_module(file):
                found[code].add(status)
    return {code: frozenset(statuses) for code, statuses in found.items()}


@cache
def own(service: str) -> frozenset[str]:
    """The codes that a service's own sources raise."""
    files = sorted((ROOT / "services" / service).rglob("*.py"))
    return frozenset(code for file in files for code, _ in _in_module(file))


def _in_module(file: Path) -> Iterator[tuple[str, int]]:
    names = vars(importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts)))
    kinds = {n: c for n, c in names.items() if isinstance(c, type) and issubclass(c, HalteError)}
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds:
            yield from _code(node, kinds[node.func.id])
        if isinstance(node, ast.ClassDef) and node.name in kinds:
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__":
                    yield from _code(call, kinds[node.name])


def _code(call: ast.Call, kind: type[HalteError]) -> Iterator[tuple[str, int]]:
    first = call.args[0] if call.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        yield first.value, kind.status
