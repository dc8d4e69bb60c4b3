"""`halte journey test` at the command line: what it says when something else came, and how it refuses."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from rich.console import Console

from halte import __main__ as command

JOURNEY: dict[str, Any] = {
    "name": "hello",
    "title": "Hello",
    "objective": "welcome",
    "angle": "interaction",
    "brief": {"who": "all", "why": "to greet", "channels": ["email"], "needed_data": ["email"]},
    "entry": {"on": [{"event": "Signed Up"}]},
    "start": "a_day",
    "nodes": {
        "a_day": {"type": "wait", "for": "P1D", "next": "greet"},
        "greet": {"type": "send", "template": "greeting", "channels": ["email"], "next": "gone"},
        "gone": {"type": "exit", "reason": "completed"},
    },
}
ANN = {"ann": {"traits": {"email": "ann@example.com"}}}
SIGNS_UP = {"who": "ann", "event": "Signed Up"}


def run(*arguments: str | Path) -> tuple[int, str]:
    shown = io.StringIO()
    code = command.main(["journey", *map(str, arguments)], Console(file=shown, width=200))
    return code, shown.getvalue()


def file_of(folder: Path, *steps: dict[str, Any], **more: Any) -> Path:
    file = folder / "hello.test.json"
    case = {"name": "a greeting", "people": ANN, "steps": list(steps), **more.pop("case", {})}
    said = {"journey": JOURNEY, "messages": {"greeting": {"class": "service"}}, "tests": [case], **more}
    file.write_text(json.dumps(said))
    return file


def test_what_comes_as_expected_is_well(tmp_path: Path) -> None:
    step = {
        "given": [SIGNS_UP],
        "advance": "P2D",
        "expect": {"messages": ["greeting"], "exits": ["completed"]},
    }
    code, shown = run("test", file_of(tmp_path, step))
    assert code == 0
    assert "1 tests, 0 failed" in shown


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ({"messages": []}, "messages: expected nothing, came 1"),
        ({"messages": ["welcome"]}, "- expected      welcome"),
        (
            {"messages": [{"channel": "sms"}]},
            "+ came          2026-03-03 09:00:00  ann: greeting channel=email",
        ),
        ({"messages": [{"at": "2026-03-04"}]}, "expected      any at=2026-03-04"),
        ({"messages": ["greeting", "greeting"]}, "messages: expected 2, came 1"),
        ({"exits": ["goal"]}, "- expected      goal"),
        ({"entered": []}, "entered: expected nothing, came 1"),
        ({"tasks": ["call"]}, "tasks: expected 1, came nothing"),
    ],
)
def test_what_came_instead_is_said_with_what_happened(
    tmp_path: Path, expected: dict[str, Any], told: str
) -> None:
    report = tmp_path / "report.xml"
    file = file_of(tmp_path, {"given": [SIGNS_UP], "advance": "P2D", "expect": expected})
    code, shown = run("test", "--junit", report, file)
    assert code == 1
    assert f"step 1, {next(iter(expected))}" in shown
    assert told in shown
    assert "ann  -  greet" in shown
    failure = Xml.parse(report).getroot().find("testcase/failure")
    assert failure is not None
    assert failure.text
    assert told in failure.text


def test_each_look_sees_what_came_since_the_last(tmp_path: Path) -> None:
    early = {"given": [SIGNS_UP], "advance": "PT1H", "expect": {"messages": [], "entered": [{"who": "ann"}]}}
    late = {"advance": "P1D", "expect": {"messages": [{"at": "2026-03-03T09:00"}], "entered": []}}
    assert run("test", file_of(tmp_path, early, late))[0] == 0


def test_a_later_event_waits_for_its_time_and_an_earlier_one_is_told_late(tmp_path: Path) -> None:
    later = {"given": [{**SIGNS_UP, "at": "2026-03-05"}], "expect": {"entered": [{"at": "2026-03-05T00:00"}]}}
    assert run("test", file_of(tmp_path, later))[0] == 0
    earlier = {
        "given": [{**SIGNS_UP, "at": "2026-03-01T09:00"}],
        "advance": "PT5M",
        "expect": {"messages": ["greeting"]},
    }
    assert run("test", file_of(tmp_path, earlier))[0] == 0


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"messages": {}}, "say under messages what it is"),
        ({"case": {"people": {"ann": {"consents": {"news": {"email": "granted"}}}}}}, "no address for email"),
        ({"case": {"steps": [{"given": [{"who": "ann", "call": "nothing"}]}]}}, "no journey 'nothing'"),
        ({"case": {"steps": [{"until": "2020-01-01"}]}}, "is past"),
        (
            {"case": {"people": {}, "steps": [{"given": [{"who": "bob", "call": "hello"}]}]}},
            "nothing is known of bob",
        ),
    ],
)
def test_what_cannot_be_done_is_a_failure(tmp_path: Path, more: dict[str, Any], told: str) -> None:
    code, shown = run("test", file_of(tmp_path, {"given": [SIGNS_UP], "advance": "P2D"}, **more))
    assert code == 1
    assert told in shown


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"tests": []}, "tests"),
        ({"unheard_of": 1}, "unheard_of"),
        ({"journey": {**JOURNEY, "start": "nowhere"}}, "start"),
        ({"journey": "nowhere.yaml"}, "there is no file"),
        ({"messages": {"greeting": {"class": "commercial"}}}, "purpose"),
        ({"define": {"moods": {}}}, "define.moods"),
        ({"define": {"segments": {"vip": {}}}}, "define.segments.vip"),
        ({"tests": [{"name": "x", "steps": [{"given": [{"who": "ann"}]}]}]}, "exactly one of event"),
        ({"tests": [{"name": "x", "steps": [{"given": [{"event": "x"}]}]}]}, "who belongs to"),
    ],
)
def test_a_file_that_says_something_else_is_refused_by_path(
    tmp_path: Path, more: dict[str, Any], told: str
) -> None:
    code, shown = run("test", file_of(tmp_path, {"advance": "P1D"}, **more))
    assert code == 2
    assert told in shown


def test_what_a_journey_refers_to_must_be_defined(tmp_path: Path) -> None:
    of_vips = {**JOURNEY, "entry": {"on": [{"segment_entered": "vip"}]}}
    step = {
        "given": [{"who": "ann", "traits": {"vip": True}}],
        "advance": "P2D",
        "expect": {"messages": ["greeting"]},
    }
    code, shown = run("test", file_of(tmp_path, step, journey=of_vips))
    assert code == 1
    assert "segment 'vip'" in shown
    defined = {"segments": {"vip": {"condition": {"trait": "vip", "eq": True}}}}
    assert run("test", file_of(tmp_path, step, journey=of_vips, define=defined))[0] == 0


def test_a_folder_is_all_its_tests_and_an_empty_one_is_refused(tmp_path: Path) -> None:
    assert run("test", tmp_path)[0] == 2
    (tmp_path / "hello.yaml").write_text(json.dumps(JOURNEY))
    case = {"name": "x", "people": ANN, "steps": [{"given": [SIGNS_UP], "expect": {"entered": ["hello"]}}]}
    said = {"messages": {"greeting": {"class": "service"}}, "tests": [case]}
    (tmp_path / "hello.test.yaml").write_text(json.dumps(said))
    code, shown = run("test", tmp_path)
    assert code == 0, shown
