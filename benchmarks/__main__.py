"""`python -m benchmarks`: run the benchmarks, keep results.json, fail when a budget is missed by more than 10 %."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks import (
    cold_import,
    cpu_per_event,
    decisions_per_second,
    due_profiles,
    identity_quality,
    interpreter_steps,
    ledger_verification,
    pattern_matching,
    profile_evaluations,
    report_queries,
    same_time,
    usd_per_million_emails,
    usd_per_million_entries,
    usd_per_million_events,
)
from benchmarks.prices import Prices
from benchmarks.results import Report, Result, save

BENCHMARKS: dict[str, Callable[[Report], list[Result]]] = {
    "usd_per_million_events": usd_per_million_events.run,
    "usd_per_million_entries": usd_per_million_entries.run,
    "usd_per_million_emails": usd_per_million_emails.run,
    "cpu_per_event": cpu_per_event.run,
    "cold_import": cold_import.run,
    "identity_quality": identity_quality.run,
    "pattern_matching": pattern_matching.run,
    "due_profiles": due_profiles.run,
    "profile_evaluations": profile_evaluations.run,
    "interpreter_steps": interpreter_steps.run,
    "decisions_per_second": decisions_per_second.run,
    "ledger_verification": ledger_verification.run,
    "report_queries": report_queries.run,
    "same_time": same_time.run,
}
_EXAMPLES = """examples:
  python -m benchmarks                                    all of them; about four minutes
  python -m benchmarks --only usd_per_million_events      what a million customer events cost
  python -m benchmarks --only usd_per_million_entries     what a million journey entries cost
  python -m benchmarks --only usd_per_million_emails      what a million e-mails cost beside SES
  python -m benchmarks --only cpu_per_event               CPU of ingest's consumer, beside a floor
  python -m benchmarks --only cold_import --no-breakdown  how long each handler takes to import
  python -m benchmarks --only identity_quality            how well people are told apart
  python -m benchmarks --only pattern_matching            events a second against 1,000 and 10,000 rules
  python -m benchmarks --only due_profiles                what a sweep reads for each profile that is due
  python -m benchmarks --only due_profiles --profiles 1000000   in a table of a million: three minutes, 1.5 GB
  python -m benchmarks --only profile_evaluations         how fast 100 segments are judged
  python -m benchmarks --only interpreter_steps           how fast a journey is walked in plain Python
  python -m benchmarks --only decisions_per_second        how fast it is decided what somebody is sent
  python -m benchmarks --only ledger_verification         how long 100,000 consent entries take to check
  python -m benchmarks --only report_queries              how long reports over 5 million lines take
  python -m benchmarks --only same_time                   does the time of an answer tell who is known
"""
_LINES = 14


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; the exit code."""
    options = _options(arguments)
    console = Console()
    names = options.only or list(BENCHMARKS)
    benchmarks = dict(BENCHMARKS)
    if options.profiles:
        benchmarks["due_profiles"] = partial(due_profiles.run_at, options.profiles)
    results: list[Result] = []
    columns = (TextColumn("{task.description:<28}"), BarColumn(), TextColumn("{task.fields[doing]}"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        for name in names:
            task = progress.add_task(name, total=1.0, doing="starting")

            def report(doing: str, done: float, task: object = task) -> None:
                progress.update(task, completed=done, doing=doing)  # type: ignore[arg-type]

            results += benchmarks[name](report)
            progress.update(task, completed=1.0, doing="done")
    save(results)
    if options.breakdown:
        for result in results:
            _show_breakdown(console, result)
    _show(console, results)
    return 1 if any(result.fails for result in results) else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Costs in billable units and timings of the real handlers; see benchmarks/results.json.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", action="append", choices=list(BENCHMARKS), metavar="NAME", help=", ".join(BENCHMARKS)
    )
    parser.add_argument(
        "--profiles", type=_number, metavar="N", help="due_profiles in a table of N, as a result of its own"
    )
    parser.add_argument(
        "--no-breakdown", dest="breakdown", action="store_false", help="only the table of results"
    )
    return parser.parse_args(arguments)


def _number(text: str) -> int:
    number = int(text)
    if number < due_profiles.DUE:
        raise argparse.ArgumentTypeError(f"at least the {due_profiles.DUE} that are due")
    return number


def _show(console: Console, results: Sequence[Result]) -> None:
    prices = Prices.load()
    table = Table(title=f"Benchmarks (prices of {prices.as_of}, {prices.region})")
    for heading in ("name", "value", "unit", "budget", "against"):
        right = heading in ("value", "budget")
        table.add_column(heading, justify="right" if right else "left", overflow="fold")  # names begin alike
    for result in results:
        colour = "red" if result.fails else "green" if result.ok else "yellow"
        table.add_row(
            result.name,
            f"[{colour}]{result.value:,.3g}[/]",
            result.unit,
            "" if result.budget is None else f"{result.budget:,.3g}",
            ", ".join(f"{name} {value:,.3g}" for name, value in result.against.items()),
        )
    console.print(table)


def _show_breakdown(console: Console, result: Result) -> None:
    if not result.breakdown:
        return
    table = Table(title=f"{result.name}: where it goes, a million")
    for heading in ("part", "unit", "amount", "USD"):
        table.add_column(heading, justify="right" if heading in ("amount", "USD") else "left")
    for line in result.breakdown[:_LINES]:
        table.add_row(line["part"], line["unit"], f"{line['amount']:,}", f"{line['usd']:.4f}")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
