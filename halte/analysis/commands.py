"""The analyses as commands of `python -m halte`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from halte.analysis import happenings, response_commands
from halte.analysis.showing import percent, progress, rated, span
from halte.stores import find
from services.scoring.domain.analysis import relevance, thresholds
from services.scoring.domain.analysis.observing import Observation, observe

EXAMPLES = """  python -m halte threshold --stage prod --goal "Appointment Made" --event "Simulation Run" --days 30
  python -m halte relevance --file events.csv --goal "Order Completed" --days 14
"""


def add(commands: Any) -> None:
    """Adds the analyses' commands to a parser's."""
    told = "from how many times on an event announces a goal"
    cut = commands.add_parser(
        "threshold", help=told, description=f"Find {told}.", epilog=f"example:\n{EXAMPLES}"
    )
    cut.add_argument("--event", required=True, help="what is counted")
    cut.set_defaults(run=_threshold)
    told = "which events announce a goal, by lift"
    report = commands.add_parser(
        "relevance", help=told, description=f"Find {told}.", epilog=f"example:\n{EXAMPLES}"
    )
    report.set_defaults(run=_relevance)
    for command, least in ((cut, thresholds.LEAST_SUPPORT), (report, relevance.LEAST_SUPPORT)):
        command.formatter_class = argparse.RawDescriptionHelpFormatter
        add_origin(command)
        command.add_argument("--goal", required=True, help="the event that people are wanted to come to")
        command.add_argument(
            "--days", type=_days, default=_days("30"), help="how far back to look (default 30)"
        )
        command.add_argument("--least", type=int, default=least, help=f"fewest people (default {least})")
        command.add_argument("--seed", type=int, default=0, help="another draw of moments to compare with")
    response_commands.add(commands)


def add_origin(command: argparse.ArgumentParser) -> None:
    """Where events come from: a stage's lake or a file."""
    origin = command.add_mutually_exclusive_group(required=True)
    origin.add_argument("--stage", help="what is in its lake")
    origin.add_argument(
        "--file", type=Path, help="CSV, Parquet or lines of JSON with the columns person, event and at"
    )
    command.add_argument("--endpoint-url", help="of the AWS emulator")


@contextmanager
def reading(options: argparse.Namespace, console: Console) -> Iterator[Iterator[happenings.Happening]]:
    """What happened, with a count of it while it is read."""
    with progress(console) as bar:
        task = bar.add_task("Reading events", total=None)

        def advance(count: int) -> None:
            bar.advance(task, count)

        if options.stage:
            yield happenings.of_lake(find(options.stage), advance)
        else:
            yield _counted(happenings.of_file(options.file), advance)
        bar.update(task, total=bar.tasks[0].completed)


def _counted(
    source: Iterator[happenings.Happening], report: Callable[[int], None]
) -> Iterator[happenings.Happening]:
    for one in source:
        report(1)
        yield one


def _days(text: str) -> timedelta:
    days = float(text)
    if not 0 < days <= 3660:
        raise argparse.ArgumentTypeError("more than 0, at most 3660 days")
    return timedelta(days=days)


def _observed(options: argparse.Namespace, console: Console) -> list[Observation]:
    with reading(options, console) as source:
        trails = happenings.trails(source)
    observed = observe(trails, options.goal, options.days, seed=options.seed)
    reached = sum(one.reached for one in observed)
    console.print(
        f"{len(trails):,} people, {len(observed):,} of them comparable, {reached:,} reached the goal",
        highlight=False,
    )
    return observed


def _threshold(options: argparse.Namespace, console: Console) -> int:
    observed = _observed(options, console)
    finding = thresholds.find(thresholds.by_count(observed, options.event), least=options.least)
    table = Table("times", "people", "reached", "rate", "95 %", "from here on", "lift", "p")
    tried = {one.at_least: one for one in finding.tried}
    for times, share in finding.by_count.items():
        cut = tried.get(times)
        behind = (percent(cut.above.rate), f"{cut.lift:.2f}", f"{cut.p:.2g}") if cut else ("", "", "")
        table.add_row(str(times), f"{share.of:,}", f"{share.hits:,}", *rated(share), *behind)
    console.print(table)
    best = finding.suggested
    if best is None:
        console.print("No cut-off: the differences may all be chance.")
        return 0
    sure = best.lift_interval()
    console.print(
        f"Suggested: {best.at_least} times or more. {best.above.hits:,} of {best.above.of:,} reached the goal "
        f"({percent(best.above.rate)}), of the others {percent(best.below.rate)}: lift {best.lift:.2f} "
        f"({sure.low:.2f} to {sure.high:.2f}), p {best.p:.2g}",
        highlight=False,
    )
    return 0


def _relevance(options: argparse.Namespace, console: Console) -> int:
    rows = relevance.report(_observed(options, console), options.goal, least=options.least)
    table = Table("event", "people", "rate", "without", "lift", "95 %", "q", "")
    for row in rows:
        table.add_row(
            row.event,
            f"{row.support:,}",
            percent(row.given.rate),
            percent(row.without.rate),
            f"{row.lift:.2f}",
            span(row.lift_interval()),
            f"{row.q:.2g}",
            "" if row.relevant else "chance?",
        )
    console.print(table)
    return 0
