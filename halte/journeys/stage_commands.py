"""`journey publish`, `pause`, `resume`, `status` and `trace`: journeys of a stage, by the marketers' API."""

from __future__ import annotations

import argparse
import json
from typing import Any
from urllib.parse import quote

from rich.console import Console

from halte import marketers
from halte.journeys.sources import read_source


def add_stage_commands(kinds: Any) -> None:
    """Adds the commands to a parser's."""
    publish = kinds.add_parser("publish", help="publish journeys; the newest version again changes nothing")
    publish.add_argument(
        "files", nargs="+", metavar="FILE", help="a journey, or the name of one in the library"
    )
    publish.set_defaults(run=_publish)
    pause = kinds.add_parser("pause", help="let a journey stand still")
    pause.add_argument(
        "--policy",
        choices=("hold", "drop"),
        default="hold",
        help="hold: waits stand still; drop: people go on and get nothing (default hold)",
    )
    pause.set_defaults(run=_pause)
    resume = kinds.add_parser("resume", help="let a journey go on")
    resume.set_defaults(run=_resume)
    status = kinds.add_parser("status", help="how a journey is, and how many are where in it")
    status.set_defaults(run=_status)
    trace = kinds.add_parser("trace", help="what happened to somebody in a journey")
    trace.add_argument("profile", help="whose profile")
    trace.set_defaults(run=_trace)
    for command in (pause, resume, status, trace):
        command.add_argument("name", help="the journey's name")
    for command in (publish, pause, resume, status, trace):
        command.add_argument("--stage", required=True, help="which deployed stage")
        command.add_argument(
            "--url", default="", help="of its API, where it is not the one that it announces"
        )
        command.add_argument("--endpoint-url", help="of the AWS emulator")


def _publish(options: argparse.Namespace, console: Console) -> int:
    sources = [read_source(file) for file in options.files]
    documents = [(source.document().name, source.raw) for source in sources]
    api = _api(options)
    for name, raw in documents:
        answer = api.call("PUT", f"/journeys/{quote(name, safe='')}", dict(raw))
        console.print(f"{name}: version {answer['version']}", highlight=False)
    return 0


def _pause(options: argparse.Namespace, console: Console) -> int:
    return _say(console, _api(options).call("POST", f"{_path(options)}/pause", {"policy": options.policy}))


def _resume(options: argparse.Namespace, console: Console) -> int:
    return _say(console, _api(options).call("POST", f"{_path(options)}/resume", {}))


def _status(options: argparse.Namespace, console: Console) -> int:
    return _say(console, _api(options).call("GET", f"{_path(options)}/status"))


def _trace(options: argparse.Namespace, console: Console) -> int:
    person = quote(options.profile, safe="")
    return _say(console, _api(options).call("GET", f"/profiles/{person}{_path(options)}/trace"))


def _api(options: argparse.Namespace) -> marketers.Marketers:
    return marketers.connect(options.stage, options.url)


def _path(options: argparse.Namespace) -> str:
    return f"/journeys/{quote(options.name, safe='')}"


def _say(console: Console, answer: dict[str, Any]) -> int:
    shown = json.dumps(answer, indent=2, ensure_ascii=False)
    console.print(shown, markup=False, highlight=False, soft_wrap=True)
    return 0
