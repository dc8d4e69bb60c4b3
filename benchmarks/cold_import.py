"""Milliseconds a cold start spends on importing each handler, from the bundle that is deployed.

Fresh interpreters without site-packages, so that a handler that needs what its bundle lacks (or imports boto3, which
only the Lambda runtime has) fails here. All handlers and the floor, a bare interpreter that imports json, take turns;
the value is the median of a handler's turns less the median of the floor's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Set
from pathlib import Path
from statistics import median

from benchmarks.results import Report, Result

ROOT = Path(__file__).parents[1]
BUDGET_MS = 450.0
ROUNDS = 7
_FLOOR = "floor"


def run(report: Report) -> list[Result]:
    """One result a handler."""
    modules = handlers()
    report("building bundles", 0)
    folders = _bundles({service for service, _ in modules})
    taken: dict[str, list[float]] = defaultdict(list)
    for turn in range(ROUNDS):
        taken[_FLOOR].append(_start("json", ROOT))
        for i, (service, module) in enumerate(modules):
            taken[module].append(_start(module, folders[service]))
            report(module, (turn + (i + 1) / len(modules)) / ROUNDS)
    floor = median(taken[_FLOOR])
    return [
        Result(
            name=f"cold_import_ms_{service}_{module.rsplit('.', 1)[-1]}",
            value=median(taken[module]) - floor,
            unit="ms over a bare interpreter",
            against={"bare interpreter": floor},
            budget=BUDGET_MS,
        )
        for service, module in modules
    ]


def handlers() -> list[tuple[str, str]]:
    """Service and module of every handler in the tree."""
    found = sorted((ROOT / "services").glob("*/handlers/*.py"))
    return [
        (path.parts[-3], ".".join(path.relative_to(ROOT).with_suffix("").parts))
        for path in found
        if "def handler(" in path.read_text()
    ]


def _bundles(services: Set[str]) -> dict[str, Path]:
    os.environ["JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"] = "20"
    from infra.environment import LOCAL, Environment  # starts a Node process, so only when it is needed
    from infra.packaging import bundle

    environment = Environment(stage=LOCAL, from_address="", sms_origination="")
    return {service: bundle(service, environment) for service in sorted(services)}


def _start(module: str, folder: Path) -> float:
    """Wall milliseconds of one interpreter that imports a module and ends.

    Raises:
        subprocess.CalledProcessError: the import fails.
    """
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import {module}"
    began = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000
