"""What is missing on a machine is said before anything starts."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from local import __main__ as command_line
from local import preflight, seed
from local.emulator import Emulator


@pytest.mark.parametrize(
    ("version", "fine"), [("v20.0.0", True), ("v24.1.0", True), ("v18.19.1", False), ("", False)]
)
def test_node_must_be_there_and_new_enough(version: str, fine: bool) -> None:
    assert (preflight._node(version) is None) == fine


def test_python_must_be_new_enough() -> None:
    problem = preflight._python((3, 10))
    assert problem is not None
    assert "3.11" in problem.what
    assert "python.org" in problem.how
    assert preflight._python((3, 11)) is None


def test_a_missing_cdk_cli_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    (problem,) = (p for p in preflight.problems(tmp_path) if "CDK" in p.what)
    assert problem.how == "run: npm ci"


def test_a_taken_port_is_replaced() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert preflight.free_port(port) != port
    assert preflight.free_port(port) == port


def test_help_has_examples_and_bad_numbers_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.main(["--help"])
    assert ended.value.code == 0
    assert "examples:" in capsys.readouterr().out
    for wrong in (["run", "--customers", "0"], ["run", "--customers", "23571"], []):
        with pytest.raises(SystemExit) as refused:
            command_line.main(wrong)
        assert refused.value.code == 2


def test_demo_documents_are_named_after_their_file_and_journeys_come_last() -> None:
    documents = seed.documents()
    paths = [path for path, _ in documents]
    assert {"/purposes/newsletter", "/segments/first_order", "/segments/no_order_90d"} <= set(paths)
    kinds = [path.split("/")[1] for path in paths]
    assert kinds == sorted(kinds, key=seed.ORDER.index)
    assert all(
        path.endswith(f"/{document.get('name', path.rpartition('/')[2])}") for path, document in documents
    )


def test_a_pid_file_of_a_dead_run_ends_nobody(tmp_path: Path) -> None:
    """The id may belong to somebody else by now: this very test, for instance."""
    import os

    (tmp_path / "emulator.pid").write_text(str(os.getpid()))
    emulator = Emulator(tmp_path, 1, {})
    emulator._end_leftover()
    assert not (tmp_path / "emulator.pid").exists()
