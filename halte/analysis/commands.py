"""The analyses as commands of `python -m halte`."""

from __future__ import annotations

import argparse
from typing import Any

from rich.console import Console
from rich.markup import escape

from halte.analysis import (
    happenings,
    inactive_commands,
    next_best_command,
    response_commands,
    standing_commands,
)
from halte.analysis.reading import add_origin, days, instant, reading
from halte.analysis.showing import percent, rated, span, table
from services.scoring.domain.analysis import relevance, thresholds
from services.scoring.domain.analysis.observing import Observation, observe

EXAMPLES = """  python -m halte threshold --stage prod --goal "Appointment Made" --event "Simulation Run" --days 30
  python -m halte relevance --file events.csv --goal "Order Completed" --days 14
  python -m halte train-response --file calls.csv --target y=yes --rule poutcome=success --out model.json
  python -m halte reactivation --stage prod --at 2026-06-30 --out worth.csv
  python -m halte loyal --stage prod --at 2026-06-30
  python -m halte kpis --stage prod --contact "Call Received" --self-service "Question Answered"
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
            "--days", type=days, default=days("30"), help="how far back to look (default 30)"
        )
        command.add_argument("--since", type=instant, help="leave out who reached the goal before this day")
        command.add_argument("--least", type=int, default=least, help=f"fewest people (default {least})")
        command.add_argument("--seed", type=int, default=0, help="another draw of moments to compare with")
    response_commands.add(commands)
    inactive_commands.add(commands)
    next_best_command.add(commands)
    standing_commands.add(commands)


def _observed(options: argparse.Namespace, console: Console) -> list[Observation]:
    with reading(options, console) as source:
        trails = happenings.trails(source)
    observed = observe(trails, options.goal, options.days, since=options.since, seed=options.seed)
    reached = sum(one.reached for one in observed)
    console.print(
        f"{len(trails):,} people, {len(observed):,} of them comparable, {reached:,} reached the goal",
        highlight=False,
    )
    return observed


def _threshold(options: argparse.Namespace, console: Console) -> int:
    observed = _observed(options, console)
    finding = thresholds.find(thresholds.by_count(observed, options.event), least=options.least)
    shown = table("times", "people", "reached", "rate", "95 %", "from here on", "lift", "p")
    tried = {one.at_least: one for one in finding.tried}
    for times, share in finding.by_count.items():
        cut = tried.get(times)
        behind = (percent(cut.above.rate), f"{cut.lift:.2f}", f"{cut.p:.2g}") if cut else ("", "", "")
        shown.add_row(str(times), f"{share.of:,}", f"{share.hits:,}", *rated(share), *behind)
    console.print(shown)
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
    shown = table("event", "people", "rate", "without", "lift", "95 %", "q", "")
    for row in rows:
        shown.add_row(
            escape(row.event),
            f"{row.support:,}",
            percent(row.given.rate),
            percent(row.without.rate),
            f"{row.lift:.2f}",
            span(row.lift_interval()),
            f"{row.q:.2g}",
            "" if row.relevant else "chance?",
        )
    console.print(shown)
    return 0
