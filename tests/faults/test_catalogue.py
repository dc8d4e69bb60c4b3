"""Every fault that ingest is to survive has a test that names it; so has every fault that permissions are to, and every
one that sending is to."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
MANY = re.compile(r"\bF(\d+)\b")
FAULTS = {
    "F1": "duplicate delivery, 2 to 50 times and at once",
    "F2": "any order of events",
    "F3": "a batch fails in part, any subset",
    "F4": "a whole batch fails",
    "F5": "a crash between any two steps",
    "F6": "a time-out in the middle",
    "F7": "a stalled worker that wakes",
    "F8": "an answer lost after success",
    "F9": "a connection lost before the service",
    "F10": "throttling",
    "F11": "transactions in each other's way",
    "F12": "a token with other parameters",
    "F13": "success in part",
    "F20": "poison",
    "F21": "an unreadable body, an unknown version",
    "F25": "replay after erasure",
    "F30": "merges in chains and cycles",
    "F31": "un-merge",
    "F34": "late, early, skewed clocks, clock changes",
    "F36": "every limit, one below and one above",
    "F37": "one key gets nearly all of the load",
    "F40": "items that expire early or late",
    "F41": "stale reads",
    "F43": "old and new code with old messages",
}

OF_PERMISSIONS = {
    "F19": "feedback fifty times, in any order: a complaint always wins",
    "F25": "replay after erasure",
    "F31": "merges and un-merges: no permission is gained",
    "F32": "withdrawn while a message is queued, waits, is claimed",
    "F33": "a complaint in the middle of a fan-out",
    "F42": "the key is rotated between link and form",
}
OF_SENDING = {
    "F1": "a request 2 to 50 times and at once",
    "F5": "a crash between any two steps of a send",
    "F6": "a time-out in the middle of a send",
    "F7": "a stalled worker that wakes after another took over",
    "F8": "an answer lost after success",
    "F9": "a connection lost before the service",
    "F14": "bursts of TooManyRequests",
    "F15": "the day's quota reached: service messages first, campaigns go on the next day",
    "F16": "account or configuration set paused: the circuit opens, nothing becomes a dead letter",
    "F17": "one bad recipient",
    "F18": "success without feedback, feedback before the answer",
    "F19": "feedback fifty times, in any order",
    "F22": "a target down, then back",
    "F23": "dead letters moved back twice in live traffic",
    "F24": "the archive replayed over live data: nothing sent, nothing counted",
    "F32": "withdrawn while a message is queued, waits, is claimed",
    "F33": "a complaint in the middle of a fan-out",
    "F45": "tables restored from a backup: nothing sent again, the erased stay erased",
    "F46": "a receiver that is slow, fails, redirects inward, never ends",
}

PERMISSIONS = ("consent", "delivery", "test_permissions", "test_replies")
"""Where they are asked for and heeded."""


@cache
def named() -> Mapping[str, list[str]]:
    """Tests by the faults that their docstrings, or their modules', name."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        module = ast.parse(path.read_text())
        general = MANY.findall(ast.get_docstring(module) or "")
        for test in _tests(module):
            for number in {*MANY.findall(ast.get_docstring(test) or ""), *general}:
                found[f"F{number}"].append(f"{path.relative_to(TESTS)}::{test.name}")
    return found


def _tests(module: ast.Module) -> Iterator[ast.FunctionDef]:
    return (
        node for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_a_test_names_it(fault: str) -> None:
    others = [test for test in named().get(fault, ()) if "ingest" in test or test.startswith("faults")]
    assert others, f"no test of ingest names {fault}: {FAULTS[fault]}"


@pytest.mark.parametrize("fault", OF_PERMISSIONS)
def test_a_test_of_permissions_names_it(fault: str) -> None:
    others = [test for test in named().get(fault, ()) if any(part in test for part in PERMISSIONS)]
    assert others, f"no test of permissions names {fault}: {OF_PERMISSIONS[fault]}"


@pytest.mark.parametrize("fault", OF_SENDING)
def test_a_test_of_sending_names_it(fault: str) -> None:
    others = [test for test in named().get(fault, ()) if "/delivery/" in test or "test_send_faults" in test]
    assert others, f"no test of sending names {fault}: {OF_SENDING[fault]}"
