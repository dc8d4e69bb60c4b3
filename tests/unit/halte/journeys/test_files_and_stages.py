"""Journeys drawn, checked and compared as files, and run on a stage by its API."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from halte import marketers
from halte.journeys.differences import differences
from tests.unit.halte.journeys.test_command import JOURNEY, run


def file_of(folder: Path, name: str = "hello.json", **more: Any) -> Path:
    file = folder / name
    file.write_text(json.dumps({**JOURNEY, **more}))
    return file


def test_a_picture_is_nothing_but_the_picture(tmp_path: Path) -> None:
    code, drawn = run("draw", file_of(tmp_path))
    assert code == 0
    assert drawn.startswith("flowchart TD\n")
    assert "n_a_day --> n_greet" in drawn
    assert run("draw", "--dot", "abandoned_cart")[1].startswith('digraph "abandoned_cart" {')


def test_what_is_wrong_is_said_by_path(tmp_path: Path) -> None:
    code, shown = run(
        "validate", file_of(tmp_path, goal={"event": "Order Completed"}, portfolio="base"), "abandoned_cart"
    )
    assert code == 0
    assert shown.count("valid") == 2
    broken = file_of(tmp_path, "broken.json", start="nowhere", title="", goal={"event": "Order Completed"})
    code, shown = run("validate", broken, "abandoned_cart")
    assert code == 1
    assert f"invalid {broken}" in shown
    assert "\n  start: " in shown
    assert "\n  title: " in shown
    assert "valid abandoned_cart" in shown


def test_differences_are_told_by_path(tmp_path: Path) -> None:
    nodes = {**JOURNEY["nodes"], "a_day": {"type": "wait", "for": "P2D", "next": "greet"}}
    old, new = file_of(tmp_path), file_of(tmp_path, "new.json", nodes=nodes, priority=60)
    assert run("diff", old, old) == (0, "")
    code, shown = run("diff", old, new)
    assert code == 1
    assert shown.splitlines() == ['~ nodes.a_day.for: "P1D" -> "P2D"', "+ priority: 60"]
    assert [one.told() for one in differences({"a": 1, "b": [1, 2]}, {"a": True, "b": [2, 1]})] == [
        "~ a: 1 -> true",
        "~ b: [1, 2] -> [2, 1]",
    ]
    assert [one.told() for one in differences({"a": {"b": 1}}, {})] == ['- a: {"b": 1}']


@dataclass
class Api:
    calls: list[tuple[str, str, Any]] = field(default_factory=list)

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        self.calls.append((method, path, body))
        return {"version": 3, "state": "live"}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    made = Api()
    monkeypatch.setattr(marketers, "connect", lambda stage, url: made)
    return made


@pytest.mark.parametrize(
    ("arguments", "call"),
    [
        (("pause", "hello"), ("POST", "/journeys/hello/pause", {"policy": "hold"})),
        (("pause", "hello", "--policy", "drop"), ("POST", "/journeys/hello/pause", {"policy": "drop"})),
        (("resume", "hello"), ("POST", "/journeys/hello/resume", {})),
        (("status", "hello"), ("GET", "/journeys/hello/status", None)),
        (("trace", "prf/1", "hello"), ("GET", "/profiles/prf%2F1/journeys/hello/trace", None)),
    ],
)
def test_a_stage_is_asked_by_its_api(
    api: Api, arguments: tuple[str, ...], call: tuple[str, str, Any]
) -> None:
    code, shown = run(*arguments, "--stage", "test")
    assert code == 0
    assert api.calls == [call]
    assert '"state": "live"' in shown


def test_all_files_are_read_before_one_is_published(tmp_path: Path, api: Api) -> None:
    code, shown = run("publish", file_of(tmp_path), "--stage", "test")
    assert (code, shown) == (0, "hello: version 3\n")
    assert api.calls == [("PUT", "/journeys/hello", JOURNEY)]
    code, _ = run(
        "publish", file_of(tmp_path), file_of(tmp_path, "x.json", start="nowhere"), "--stage", "test"
    )
    assert code == 2
    assert len(api.calls) == 1
