"""A sweep: a fault strikes each call of each step, and what it ends in is what it would have been without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar

import pytest
from botocore.awsrequest import AWSPreparedRequest

from tests.faults.kinds import FAULTS
from tests.faults.wire import Call, Fault, Wire
from tests.support.thorough import EXHAUSTIVE

SWEPT = sorted(FAULTS) if EXHAUSTIVE else ["crash after", "partial"]
"""The faults that strike each step."""

BESIDE = pytest.mark.skipif(not EXHAUSTIVE, reason="every fault beside the main road: make sweep")
"""Of the roads beside the main one, `make test` walks none."""


class Named(Protocol):
    """A step, as a failure speaks of it."""

    @property
    def name(self) -> str: ...


StepT = TypeVar("StepT", bound=Named, contravariant=True)


class Walker(Protocol[StepT]):
    """Something that does steps over a wire, and can go back to where it was before one."""

    wire: Wire

    def walk(self, step: StepT) -> None:
        """Everything that follows from a step, until nothing is left to do."""

    def state(self) -> Any:
        """What must not depend on faults."""

    def snapshot(self) -> Any:
        """Where it stands; nothing may be under way."""

    def go_back(self, to: Any) -> None:
        """Stand where it stood then."""


def places(fault: Fault, calls: Iterable[Call]) -> list[Call]:
    """The calls to strike: all, or the first of each operation, which is enough for a sample."""
    struck = [call for call in calls if fault.strikes(call)]
    if fault.everywhere and EXHAUSTIVE:
        return struck
    firsts = {(call.service, call.operation): call for call in reversed(struck)}
    return sorted(firsts.values(), key=lambda call: call.index)


def sweep(walker: Walker[StepT], steps: Sequence[StepT], fault: Fault) -> Counter[tuple[str, str]]:
    """Let `fault` strike the calls of each step in turn, always from where the step began; what was struck."""
    struck: Counter[tuple[str, str]] = Counter()
    for step in steps:
        begin = walker.snapshot()
        with walker.wire.watched():
            walker.walk(step)
        expected, calls = walker.state(), walker.wire.calls
        for call in places(fault, calls):
            walker.go_back(begin)
            place = f"{fault.name}: {step.name}, {call.index} {call.service} {call.operation}"
            with walker.wire.watched(fault, lambda one, at=call.index: one.index == at):
                walker.walk(step)
                assert walker.wire.struck, f"nothing struck, {place}"
            assert walker.state() == expected, place
            struck[call.service, call.operation] += 1
        walker.go_back(begin)
        walker.walk(step)
    return struck


def can_happen(fault: Fault, service: str, operation: str) -> bool:
    """Can it happen to calls of this kind?"""
    return fault.strikes(Call(0, service, operation, AWSPreparedRequest("POST", "", {}, b"", False)))
