"""What every test may use: capability marks that can be listed, and fake credentials so that nothing real is called."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import warnings
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import quick_moto
from tests.support.thorough import EXHAUSTIVE

ROOT = Path(__file__).parents[1]
AWS_ENV = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}

quick_moto.install()
settings.register_profile("halte", deadline=None)  # how busy the machine is says nothing about the code
settings.load_profile("halte")


@pytest.fixture(autouse=True)
def _no_real_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in AWS_ENV.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("POWERTOOLS_DEV", "false")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Of several workers each begins to import elsewhere: on a fresh checkout they would all compile the same files
    at the same time. What does not import is told of when it is collected."""
    worker, workers = (os.environ.get(f"PYTEST_XDIST_WORKER{what}", "") for what in ("", "_COUNT"))
    if not worker:
        return
    folders = [Path(session.config.invocation_params.dir, argument) for argument in session.config.args]
    files = sorted(path.relative_to(ROOT) for folder in folders for path in folder.rglob("test_*.py"))
    first = len(files) * int(worker.removeprefix("gw")) // int(workers)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for file in files[first:] + files[:first]:
            with contextlib.suppress(Exception, pytest.skip.Exception):
                importlib.import_module(".".join(file.with_suffix("").parts))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--capabilities", action="store_true", help="list the capabilities that the passing tests prove"
    )


_proven: dict[str, list[str]] = defaultdict(list)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The long one first, so that other workers do the rest meanwhile.
    items.sort(key=lambda item: item.get_closest_marker("system") is None)
    _sample_examples(items)
    for item in items:  # properties travel from the workers with the report
        item.user_properties += [("capability", mark.args[0]) for mark in item.iter_markers("capability")]


def _sample_examples(items: list[pytest.Item]) -> None:
    """Of each property's examples the sweep tries all, and every other run at least twenty."""
    tests = {getattr(item, "obj", None) for item in items}
    for test in () if EXHAUSTIVE else tests:
        asked = getattr(test, "_hypothesis_internal_use_settings", None)  # what its decorators left
        if asked is not None:  # there is no public way
            fewer = min(asked.max_examples, max(20, asked.max_examples * 3 // 10))
            vars(test)["_hypothesis_internal_use_settings"] = settings(asked, max_examples=fewer)


def pytest_collection_finish() -> None:
    """What is imported by now stays: to look through it for garbage, again and again, is a tenth of the tests' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" and report.passed:
        for name, capability in report.user_properties:
            if name == "capability":
                _proven[str(capability)].append(report.nodeid)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not config.getoption("--capabilities"):
        return
    terminalreporter.section("capabilities proven")
    for capability in sorted(_proven):
        terminalreporter.write_line(capability)
        for test in _proven[capability]:
            terminalreporter.write_line(f"    {test}")
