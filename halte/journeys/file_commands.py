"""`journey draw`, `validate` and `diff`: what needs nothing but files."""

from __future__ import annotations

import argparse
from typing import Any

from rich.console import Console
from rich.markup import escape

from halte.journeys.differences import differences
from halte.journeys.sources import read_source
from services.journeys.domain.diagram import dot, mermaid

_FILE = "a journey (YAML, JSON), or the name of one in the library"


def add_file_commands(kinds: Any) -> None:
    """Adds the commands to a parser's."""
    draw = kinds.add_parser("draw", help="a journey as a picture: Mermaid, or Graphviz with --dot")
    draw.add_argument("files", nargs="+", metavar="FILE", help=_FILE)
    draw.add_argument("--dot", action="store_true", help="Graphviz instead of Mermaid")
    draw.set_defaults(run=_draw)
    told = "everything that is wrong with journeys, by path"
    validate = kinds.add_parser(
        "validate", help=told, description=f"Say {told}. Exit codes: 0 they can be published, 1 one can't."
    )
    validate.add_argument("files", nargs="+", metavar="FILE", help=_FILE)
    validate.set_defaults(run=_validate)
    told = "what differs between two journeys, by path"
    diff = kinds.add_parser("diff", help=told, description=f"Say {told}. Exit codes: 0 nothing, 1 something.")
    diff.add_argument("before", metavar="BEFORE", help=_FILE)
    diff.add_argument("after", metavar="AFTER", help=_FILE)
    diff.set_defaults(run=_diff)
    for command in (draw, validate, diff):
        command.set_defaults(endpoint_url=None)


def _draw(options: argparse.Namespace, console: Console) -> int:
    for file in options.files:
        document = read_source(file).document()
        picture = dot(document) if options.dot else mermaid(document)
        console.print(picture, end="", markup=False, highlight=False, soft_wrap=True)
    return 0


def _validate(options: argparse.Namespace, console: Console) -> int:
    invalid = 0
    for file in options.files:
        problems, warnings = read_source(file).problems()
        invalid += bool(problems)
        sign = "[red]invalid[/]" if problems else "[green]valid[/]"
        console.print(f"{sign} {escape(file)}", highlight=False, soft_wrap=True)
        for told in (*problems, *(f"{warning} (may be meant)" for warning in warnings)):
            console.print(f"  {told}", markup=False, highlight=False, soft_wrap=True)
    return 1 if invalid else 0


def _diff(options: argparse.Namespace, console: Console) -> int:
    found = list(differences(read_source(options.before).raw, read_source(options.after).raw))
    for one in found:
        console.print(one.told(), markup=False, highlight=False, soft_wrap=True)
    return 1 if found else 0
