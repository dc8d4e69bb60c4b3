"""`journey simulate`: its options, and what it says."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from benchmarks.tariff import metered
from halte.analysis.reading import days, instant
from halte.analysis.showing import progress, table
from halte.journeys.history import of_history
from halte.journeys.pressures import pressure_of
from halte.journeys.simulation_page import simulated
from halte.journeys.sources import first_problem, read_object, read_source
from local.pictures import picture as drawn
from services.scoring.domain.definitions import Definition
from services.shared.errors import Invalid
from services.simulations.domain.deeds import Being
from services.simulations.domain.defined import read_definitions
from services.simulations.domain.expectation import SHARE, Expected, expected
from services.simulations.domain.history import span_of
from services.simulations.domain.population import Habits, population
from services.simulations.domain.rates import Rates
from services.simulations.domain.report import report
from services.simulations.domain.simulation import COMMERCIAL, Outcome, Simulation
from services.simulations.domain.source import Source

_START = datetime(2026, 1, 5, tzinfo=UTC)
_MOST = 100_000
_MOST_RUNS = 1000
_EXAMPLES = """examples:
  python -m halte journey simulate abandoned_cart --customers 5000 --html cart.html
  python -m halte journey simulate welcome.yaml --days 180 --rate "Complaint Opened=0.02" --json out.json
  python -m halte journey simulate welcome.yaml --history lake/ --granted 0.5
  python -m halte journey simulate post_purchase --pressure pressure.json
"""


def add_simulate(kinds: Any) -> None:
    """Adds the command to a parser's."""
    told = "who would enter, what they would get, and what it would cost"
    command = kinds.add_parser(
        "simulate",
        help=told,
        description=f"Say {told}: by a made-up shop's customers, or by what once happened. What people do with "
        "messages is simulated in both. The same seed gives the same answer.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("file", help="a journey (YAML, JSON), or the name of one in the library")
    command.add_argument(
        "--customers", type=_customers, default=1000, help="people to make up (default 1000)"
    )
    command.add_argument("--days", type=days, default=days("90"), help="how long it runs (default 90)")
    command.add_argument("--start", type=instant, default=_START, help="the first day (default 2026-01-05)")
    command.add_argument("--seed", type=int, default=1, help="another draw (default 1)")
    command.add_argument(
        "--runs", type=_runs, default=1, help="seeds to run it at, for what to expect (default 1)"
    )
    command.add_argument("--history", type=Path, help="a file or folder of events, or of the lake, instead")
    command.add_argument("--define", type=Path, help="segments, score models, ... that the journey refers to")
    command.add_argument(
        "--pressure",
        type=Path,
        help="a policy as PUT /pressure takes it (default: the one while none was given)",
    )
    _add_habits(command)
    command.add_argument("--json", type=Path, help="write everything to this file")
    command.add_argument("--mermaid", type=Path, help="write the picture with its counts to this file")
    command.add_argument("--html", type=Path, help="write a page with the picture, and people day by day")
    command.set_defaults(run=_simulate, endpoint_url=None)


def _add_habits(command: argparse.ArgumentParser) -> None:
    """How people are."""
    rates = Rates()
    command.add_argument(
        "--granted", type=_share, default=0.7, help="share that permits e-mail (default 0.7)"
    )
    command.add_argument("--opens", type=_share, default=rates.opens, help=f"default {rates.opens}")
    command.add_argument(
        "--clicks", type=_share, default=rates.clicks, help=f"of opens; default {rates.clicks}"
    )
    command.add_argument(
        "--unsubscribes", type=_share, default=rates.unsubscribes, help=f"default {rates.unsubscribes}"
    )
    command.add_argument(
        "--answers", type=_share, default=rates.answers, help=f"of questions; default {rates.answers}"
    )
    command.add_argument(
        "--rate",
        type=_rate,
        action="append",
        default=[],
        metavar="EVENT=N",
        help="N a month and person (default 0.1)",
    )


def _simulate(options: argparse.Namespace, console: Console) -> int:
    source = read_source(options.file)
    outcome, span = _lived(options, source, options.seed, console)
    others = [_lived(options, source, options.seed + n, console)[0] for n in range(1, options.runs)]
    figures = expected([outcome, *others]) if others else []
    _show(outcome, console, span)
    _show_expected(figures, options.runs, console)
    if not source.messages:
        console.print("Nothing is said of its messages: all were taken for commercial ones (newsletter).")
    if options.json:
        options.json.write_text(json.dumps(report([outcome, *others]), indent=2, ensure_ascii=False) + "\n")
    if options.mermaid:
        options.mermaid.write_text(outcome.mermaid)
    if options.html:
        options.html.write_text(simulated(source.document(), outcome, drawn(outcome.dot), figures))
    return 0


def _lived(
    options: argparse.Namespace, source: Source, seed: int, console: Console
) -> tuple[Outcome, timedelta]:
    """What comes of it at a seed, and in how long."""
    beings, start, end = _people(options, source, seed)
    rates = Rates(options.opens, options.clicks, options.unsubscribes, options.answers)
    pressure = pressure_of(options.pressure, start.year)
    simulation = Simulation(source, _definitions(options.define), start, rates, seed, pressure, metered())
    with progress(console) as bar:
        task = bar.add_task("Living", total=None)
        outcome = simulation.run(beings, end, lambda done, of: bar.update(task, completed=done, total=of))
        bar.update(task, completed=outcome.deeds, total=outcome.deeds)
    return outcome, end - start


def _people(options: argparse.Namespace, source: Source, seed: int) -> tuple[list[Being], datetime, datetime]:
    purposes = {one.purpose for one in source.messages.values() if one.purpose} or {str(COMMERCIAL.purpose)}
    habits = Habits(tuple(sorted(purposes)), options.granted, rates=dict(options.rate))
    if options.history:
        found = of_history(options.history, habits, seed)
        start, end = span_of(found)
        return found, start, end + options.days
    made = population(source.raw, habits, options.start, options.days, options.customers, seed)
    return list(made), options.start, options.start + options.days


def _definitions(file: Path | None) -> list[Definition]:
    if file is None:
        return []
    said: Mapping[str, Any] = read_object(file)
    try:
        return read_definitions(said.get("define", said))
    except ValidationError as error:
        raise Invalid("wrong_file", f"{file}: {first_problem(error)}") from error


def _show(outcome: Outcome, console: Console, span: timedelta) -> None:
    inside = f"{outcome.under_way:,} still under way"
    console.print(
        f"{outcome.people:,} people did {outcome.deeds:,} things; {outcome.entered:,} walks of "
        f"{len(outcome.walkers):,} people, {inside}",
        highlight=False,
    )
    shown = table("", "what", "how", "times")
    for name, what, how, times in outcome.rows():
        shown.add_row(name, escape(what), escape(how), f"{times:,}")
    console.print(shown)
    if outcome.waiting:
        console.print(f"{outcome.waiting:,} messages still wait until they may leave", highlight=False)
    _show_days(outcome, console, span)
    if outcome.cost:
        console.print(
            f"Costs ${outcome.cost.walking:.4f} for walking and ${outcome.cost.mails:.4f} for e-mails; "
            f"{outcome.cost.unpriced:,} messages by channels whose price is not known here",
            highlight=False,
        )


def _show_expected(figures: list[Expected], runs: int, console: Console) -> None:
    if not figures:
        return
    shown = table(f"To expect, by {runs} runs", "mean", f"{SHARE} % from", "to")
    for one in figures:
        shown.add_row(*map(escape, one.shown()))
    console.print(shown)


def _show_days(outcome: Outcome, console: Console, span: timedelta) -> None:
    for channel in sorted({channel for _, channel in outcome.by_day}):
        counts = [count for (_, of), count in outcome.by_day.items() if of == channel]
        busiest = max(counts)
        day = min(day for (day, of), count in outcome.by_day.items() if (of, count) == (channel, busiest))
        mean = sum(counts) / max(span.days, 1)
        console.print(f"By {channel}: {mean:.1f} a day, at most {busiest:,} (on {day})", highlight=False)


def _customers(text: str) -> int:
    if not 1 <= int(text) <= _MOST:
        raise argparse.ArgumentTypeError(f"1 to {_MOST:,}")
    return int(text)


def _runs(text: str) -> int:
    if not 1 <= int(text) <= _MOST_RUNS:
        raise argparse.ArgumentTypeError(f"1 to {_MOST_RUNS}")
    return int(text)


def _share(text: str) -> float:
    if not 0 <= float(text) <= 1:
        raise argparse.ArgumentTypeError("0 to 1")
    return float(text)


def _rate(text: str) -> tuple[str, float]:
    name, _, rate = text.rpartition("=")
    if not name or not 0 <= float(rate) <= 1000:
        raise argparse.ArgumentTypeError('such as "Complaint Opened=0.02"')
    return name, float(rate)
