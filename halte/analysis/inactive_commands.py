"""Commands about the inactive: how many there are and what became of them, and which are worth winning back."""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from halte.analysis import returning, training
from halte.analysis.reading import add_origin, days, instant, reading
from halte.analysis.showing import percent, progress, rated, table
from services.ingest.domain.happenings import Happening
from services.scoring.domain.analysis.inactives import Cohort, Customer, report
from services.scoring.domain.analysis.reactivation import Worth, ranked
from services.scoring.domain.analysis.thresholds import SIGNIFICANCE
from services.shared.cells import neutral

EXAMPLES = """examples:
  python -m halte inactives --stage prod --at 2026-06-30 --period 90 --inactive 90
  python -m halte reactivation --file orders.csv --at 2026-06-30 --period 180 --margin 0.3 --out worth.csv
"""
REASONS = 3


def add(commands: Any) -> None:
    """Adds the commands to a parser's."""
    told = commands.add_parser(
        "inactives", help="share of the inactive, reactivated and converted, by cohort"
    )
    told.set_defaults(run=_inactives)
    worth = commands.add_parser("reactivation", help="the inactive by what winning them back is worth")
    worth.add_argument("--margin", type=_share, default=1.0, help="of an order that is left (default 1)")
    worth.add_argument(
        "--model", type=Path, help="write the model to this JSON file, ready to be put as a score model"
    )
    worth.add_argument("--out", type=Path, required=True, help="write the ranking to this CSV file")
    worth.set_defaults(run=_reactivation)
    for command in (told, worth):
        command.formatter_class = argparse.RawDescriptionHelpFormatter
        command.epilog = EXAMPLES
        add_origin(command)
        command.add_argument("--at", type=instant, required=True, help="as of this day")
        command.add_argument(
            "--inactive", type=days, default=days("90"), help="days without order (default 90)"
        )
        command.add_argument(
            "--period", type=days, default=days("180"), help="days to return in (default 180)"
        )
        command.add_argument("--order", default="Order Completed", help="the event that is an order")


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError("more than 0, at most 1")
    return share


def _inactives(options: argparse.Namespace, console: Console) -> int:
    with reading(options, console) as source:
        people = _customers(source, options.order)
    found = report(people, options.at, options.inactive, options.period)
    shown = table(
        "cohort", "people", "inactive", "share", "reactivated", "prospects", "converted", "bought again"
    )
    for row in (*found.cohorts, found.total):
        shown.add_row(*_cells(row), style="" if row.month else "bold")
    console.print(shown)
    inactive, prospects = found.total.inactive, found.total.prospects
    if inactive.of and prospects.of:
        verdict = "may be chance" if found.p > SIGNIFICANCE else "is more than chance"
        rates = (
            f"{percent(inactive.rate)} of the inactive and {percent(prospects.rate)} of the prospects bought"
        )
        console.print(f"{rates}: the difference {verdict} (p {found.p:.2g})", highlight=False)
    return 0


def _customers(source: Iterable[Happening], order: str) -> list[Customer]:
    joined: dict[str, datetime] = {}
    orders: dict[str, list[datetime]] = {}
    for one in source:
        joined[one.person] = min(one.at, joined.get(one.person, one.at))
        if one.name == order:
            orders.setdefault(one.person, []).append(one.at)
    return [Customer(person, at, orders.get(person, ())) for person, at in joined.items()]


def _cells(row: Cohort) -> list[str]:
    share = row.share_inactive
    return [
        row.month or "all",
        f"{row.people:,}",
        f"{row.inactive.of:,}",
        percent(share.rate),
        f"{row.inactive.hits:,}, {percent(row.inactive.rate)}",
        f"{row.prospects.of:,}",
        f"{row.prospects.hits:,}, {percent(row.prospects.rate)}",
        f"{row.active.hits:,} of {row.active.of:,}",
    ]


def _reactivation(options: argparse.Namespace, console: Console) -> int:
    with reading(options, console) as source:
        told = list(source)
    bought = returning.purchases(told, options.order)
    known = {person: [one for one in orders if one[0] <= options.at] for person, orders in bought.items()}
    inactive, horizon = options.inactive.days, options.period.days
    with progress(console) as bar:
        task = bar.add_task("Fitting on the period before", total=training.ROUNDS)
        model = returning.fit(
            "reactivation",
            known,
            options.at - options.period,
            inactive_days=inactive,
            horizon=horizon,
            report=lambda done: bar.update(task, completed=done),
        )
    people = ranked(model, returning.inactive(known, options.at, inactive, options.margin))
    console.print(
        f"{len(people):,} inactive, {sum(p.probability for p in people):,.0f} to return in {horizon} days"
    )
    if max((one.at for one in told), default=options.at) >= options.at + options.period:
        found = returning.check(model, bought, options.at, inactive)
        if found:
            _show(found, console)
    _write(options.out, people)
    console.print(f"written to {options.out}")
    if options.model:
        document = model.model_copy(update={"margin": options.margin}).document()
        options.model.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        console.print(f"model written to {options.model}")
    return 0


def _show(found: returning.Outcome, console: Console) -> None:
    """What came of it: the data go on for the whole period."""
    console.print(
        f"{found.returned.hits:,} did return ({rated(found.returned)[1]}). Area under the curve {found.area:.3f}, "
        f"by recency alone {found.area_recency:.3f}",
        highlight=False,
    )
    shown = table("fifth of the inactive", "predicted", "returned")
    for number, (predicted, came) in enumerate(found.fifths, start=1):
        shown.add_row(str(number), percent(predicted), percent(came))
    console.print(shown)


def _write(file: Path, people: Iterable[Worth]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(("person", "value", "probability", "margin", "days", "likeness", "because"))
        for one in people:
            because = "; ".join(f"{p.feature} {p.value} {p.weight:+.2f}" for p in one.because[:REASONS])
            figures = (f"{one.value:.2f}", f"{one.probability:.4f}", f"{one.margin:.2f}", f"{one.days:.1f}")
            writer.writerow((neutral(one.person), *figures, f"{one.likeness:.4f}", neutral(because)))
