"""The console's modules, tested by Node's own runner."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).with_name("modules.test.mjs")


def test_the_modules_keep_their_word() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node: the console's modules were not tested")
    done = subprocess.run([node, "--test", TESTS], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    assert "# pass 0" not in done.stdout
