"""Is everything there that `make run` needs? Says what is missing and how to get it, before anything is started.

Imports nothing beyond the standard library, so that it can speak on a machine where nothing is installed yet.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
STATE = ROOT / ".halte"
PYTHON = (3, 11)
NODE = 20


@dataclass(frozen=True)
class Problem:
    """What is missing, and how to get it."""

    what: str
    how: str


def missing_tools() -> list[Problem]:
    """What must be on the machine before anything can be installed."""
    return [problem for problem in (_python(), _node(_node_version())) if problem]


def problems(root: Path = ROOT) -> list[Problem]:
    """Everything that stands in the way of a run."""
    return missing_tools() + [problem for problem in (_cdk(root), _uv()) if problem]


def complain(found: list[Problem]) -> int:
    """Tell people on stderr; the exit code: 0 when there is nothing to tell."""
    for problem in found:
        print(f"{problem.what}\n  -> {problem.how}", file=sys.stderr)
    return 2 if found else 0


def _python(version: tuple[int, int] = sys.version_info[:2]) -> Problem | None:
    if version >= PYTHON:
        return None
    return Problem(
        f"Python {version[0]}.{version[1]} is too old: Halte needs {PYTHON[0]}.{PYTHON[1]} or newer",
        "install it from https://www.python.org/downloads/ (or: apt install python3.11 python3.11-venv)",
    )


def _node_version() -> str:
    if not shutil.which("node"):
        return ""
    return subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()


def _node(version: str) -> Problem | None:
    get = "install Node 20 or newer from https://nodejs.org/ (it runs the CDK CLI and draws the journeys)"
    match = re.match(r"v(\d+)\.", version)
    if not match:
        return Problem("Node is missing", get)
    if int(match.group(1)) < NODE:
        return Problem(f"Node {version} is too old", get)
    return None


def _cdk(root: Path) -> Problem | None:
    wanted = (root / "node_modules" / ".bin" / "cdk", root / "node_modules" / "@viz-js" / "viz")
    if all(path.exists() for path in wanted):
        return None
    return Problem("the CDK CLI is not installed", "run: npm ci")


def _uv() -> Problem | None:
    if uv_beside(sys.executable).exists() or shutil.which("uv"):
        return None
    return Problem("uv is not installed in this environment", "run: make setup")


def uv_beside(interpreter: str) -> Path:
    """The uv of the virtual environment of an interpreter."""
    return Path(interpreter).parent / "uv"


def free_port(wanted: int) -> int:
    """`wanted` if nobody listens there, else any free port of the loopback interface."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on the loopback interface")


if __name__ == "__main__":
    sys.exit(complain(missing_tools()))
