"""Every ready-made journey does what it says, by the tests that it ships with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from halte.journeys.cases import Case
from halte.journeys.testing import Bench, judge, read_bench
from services.journeys.adapters.library_files import FOLDER, shelf

FILES = sorted(FOLDER.glob("*.test.yaml"))
BENCHES = {file.name: read_bench(file) for file in FILES}


def cases() -> Iterator[object]:
    for name, bench in BENCHES.items():
        for case in bench.cases:
            marks = [pytest.mark.capability(proven) for proven in case.proves]
            yield pytest.param(bench, case, id=f"{name}: {case.name}", marks=marks)


@pytest.mark.parametrize(("bench", "case"), list(cases()))
def test_what_people_get(bench: Bench, case: Case) -> None:
    verdict = judge(bench, case)
    assert not verdict.failures, "\n".join([*verdict.failures, verdict.traces])


def test_each_journey_of_the_library_ships_with_tests() -> None:
    assert {file.name.removesuffix(".test.yaml") for file in FILES} == set(shelf())
