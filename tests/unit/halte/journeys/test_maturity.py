"""From meeting everybody to one conversation over all channels: one engine, side by side, for the same people."""

from __future__ import annotations

from pathlib import Path

import pytest

from halte.journeys.testing import judge, read_bench


@pytest.mark.capability("004-8")
def test_all_five_ways_of_meeting_people_run_side_by_side() -> None:
    bench = read_bench(Path(__file__).with_name("maturity.test.yaml"))
    (case,) = bench.cases
    verdict = judge(bench, case)
    assert not verdict.failures, "\n".join([*verdict.failures, verdict.traces])
