"""What every test may use: capability marks that can be listed, and fake credentials so that nothing real is called."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import settings

from tests.support import quick_moto

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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--capabilities", action="store_true", help="list the capabilities that the passing tests prove"
    )


_proven: dict[str, list[str]] = defaultdict(list)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The long one first, so that other workers do the rest meanwhile.
    items.sort(key=lambda item: item.get_closest_marker("system") is None)
    for item in items:  # properties travel from the workers with the report
        item.user_properties += [("capability", mark.args[0]) for mark in item.iter_markers("capability")]


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
