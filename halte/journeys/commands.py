"""`python -m halte journey ...`: journeys tested, simulated and drawn away from AWS, and run on a stage."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from halte.journeys import testing
from halte.journeys.file_commands import add_file_commands
from halte.journeys.junit import write_junit
from halte.journeys.simulate_command import add_simulate
from halte.journeys.stage_commands import add_stage_commands
from services.shared.errors import Invalid

EXAMPLES = """  python -m halte journey test journeys/welcome.test.yaml     what people get, with no AWS
  python -m halte journey test --junit report.xml journeys    every *.test.yaml of a folder
  python -m halte journey simulate abandoned_cart             who would enter, get what, and what it costs
  python -m halte journey validate journeys/*.yaml            all that is wrong, by path
  python -m halte journey draw welcome.yaml > welcome.mmd     a picture (Mermaid; --dot: Graphviz)
  python -m halte journey diff welcome.yaml welcome_2.yaml    what is new
  python -m halte journey publish welcome.yaml --stage prod   then: status, pause, resume, trace
"""

_TEST = """a file of tests:

  journeys: [./welcome.yaml]              # files beside it, names in the library, or whole documents
  tests:
    - name: nobody is welcomed twice
      people:
        ann: {traits: {email: ann@example.com}, consents: {newsletter: {email: granted}}}
      steps:
        - given: [{who: ann, event: Order Completed, properties: {order_id: o1, revenue: 20}}]
          advance: P31D
          expect:
            messages: [welcome, {template: tips, at: 2026-03-10}]
            exits: []

given: who, and one of event (with properties, type, at), traits, consents, call (a journey); or pause, resume,
       world (an event of the calendar of world events)
expect: messages, skipped, entered, refused, updates, tasks, webhooks, exits: exactly these, since the last look
"""


def add(commands: Any) -> None:
    """Adds `journey` to a parser's commands."""
    journey = commands.add_parser("journey", help="test, simulate, draw and run journeys")
    kinds = journey.add_subparsers(dest="journey", required=True)
    test = kinds.add_parser(
        "test",
        help="run tests of journeys, with no AWS",
        description="Run tests of journeys: scoring and journeys as they are deployed, in this process, on a clock "
        "of their own. Exit codes: 0 all came as expected, 1 something did not, 2 a file can't be read.",
        epilog=_TEST,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    test.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="a file of tests, or a folder of *.test.yaml"
    )
    test.add_argument("--junit", type=Path, metavar="XML", help="write a report that CI systems read")
    test.set_defaults(run=_test, endpoint_url=None)
    add_simulate(kinds)
    add_file_commands(kinds)
    add_stage_commands(kinds)


def _test(options: argparse.Namespace, console: Console) -> int:
    benches = [testing.read_bench(file) for file in _files(options.files)]
    verdicts = [verdict for bench in benches for verdict in testing.run(bench)]
    for verdict in verdicts:
        sign = "[red]failed[/]" if verdict.failures else "[green]ok[/]    "
        console.print(
            f"{sign} {escape(verdict.file.name)}: {escape(verdict.name)}", highlight=False, soft_wrap=True
        )
        for failure in verdict.failures:
            console.print(f"  {failure}", highlight=False, markup=False, soft_wrap=True)
        if verdict.traces:
            shown = verdict.traces.rstrip().replace("\n", "\n    ")
            console.print(f"  what happened:\n    {shown}", highlight=False, markup=False, soft_wrap=True)
    failed = sum(bool(verdict.failures) for verdict in verdicts)
    console.print(f"{len(verdicts)} tests, {failed} failed", highlight=False)
    if options.junit:
        write_junit(options.junit, verdicts)
    return 1 if failed else 0


def _files(named: list[Path]) -> list[Path]:
    found: list[Path] = []
    for one in named:
        inside = sorted(one.glob(f"*{testing.MARK}.y*ml")) if one.is_dir() else [one]
        if not inside:
            raise Invalid("wrong_file", f"{one} has no *{testing.MARK}.yaml")
        found += inside
    return found
