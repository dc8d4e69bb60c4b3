"""The whole road on the emulator: the very command of the README, with a small slice of customers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.system
@pytest.mark.capability("002-1")
@pytest.mark.capability("003-21")
@pytest.mark.capability("003-22")
def test_every_check_of_a_run_holds() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local", "run", "--once", "--customers", "12"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output[-6000:]
    checks = re.findall(r"^\W*([✓✗]) (.+)$", done.stdout, flags=re.MULTILINE)
    assert len(checks) >= 8, output[-6000:]
    assert {mark for mark, _ in checks} == {"✓"}, checks
