"""How many bad inputs are listed: the test that lists one sees it refused with a named reason, or stored faithfully."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from math import prod

from tests.unit.ingest import bad_input

LEAST = 1_000
FAMILIES = {
    "dates": 80,
    "emails": 90,
    "http": 80,
    "identifiers": 300,
    "json": 200,
    "keys": 120,
    "phones": 60,
    "sizes": 45,
}
"""Modules of this package, and how many cases each lists at least; what is drawn (`test_fuzz`) does not count."""


def listed(family: str) -> int:
    """Cases of a module: the rows of each test's `parametrize`, one by one."""
    return sum(prod(rows) for rows in _rows(importlib.import_module(f"{bad_input.__name__}.test_{family}")))


def _rows(module: object) -> Iterator[list[int]]:
    for name, test in inspect.getmembers(module, inspect.isfunction):
        if name.startswith("test_"):
            marks = getattr(test, "pytestmark", [])
            yield [len({repr(row) for row in mark.args[1]}) for mark in marks if mark.name == "parametrize"]


def test_a_thousand_cases_are_listed() -> None:
    modules = {one.name.removeprefix("test_") for one in pkgutil.iter_modules(bad_input.__path__)}
    assert modules - {"door", "fuzz", "listed"} == FAMILIES.keys()
    counts = {family: listed(family) for family in FAMILIES}
    assert all(counts[family] >= least for family, least in FAMILIES.items()), counts
    assert sum(counts.values()) >= LEAST
