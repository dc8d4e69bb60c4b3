"""Reports over all the lake, as a command: any number of days, on the screen or into a file."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from halte.analysis.showing import percent, progress, table
from halte.stores import find
from services.delivery.adapters.outcome_parquet import DuckOutcomes
from services.delivery.adapters.s3_outcomes import S3Outcomes
from services.delivery.domain.prices import PriceList, Prices
from services.delivery.domain.reports.lines import DIMENSIONS
from services.delivery.domain.reports.tables import KINDS, Line, as_csv, cells, lines, total
from services.delivery.use_cases.keep_outcomes import KeepOutcomes
from services.shared.clock import SystemClock
from services.shared.errors import Invalid

EXAMPLES = """  python -m halte report channels --stage prod --from 2025-01-01
  python -m halte report nodes --stage prod --only journey=welcome --out nodes.csv
  python -m halte report channel-mix --stage prod --prices prices.json --out mix.parquet
"""
_SHOWN = ("delivered", "opened", "clicked", "unsubscribed", "converted")


def add(commands: Any) -> None:
    """Adds the command to a parser's."""
    told = "what came of messages, over any number of days"
    command = commands.add_parser(
        "report",
        help=told,
        description=f"Tell {told}, from the lake.",
        epilog=f"examples:\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("kind", choices=list(KINDS), help="what there is a line for")
    command.add_argument("--stage", required=True, help="what is in its lake")
    command.add_argument("--endpoint-url", help="of the AWS emulator")
    command.add_argument("--from", dest="first", type=date.fromisoformat, help="first day (default: of all)")
    command.add_argument("--to", dest="last", type=date.fromisoformat, help="last day (default: of all)")
    command.add_argument(
        "--only",
        action="append",
        type=_only,
        default=[],
        metavar="NAME=VALUE",
        help=f"one of {', '.join(DIMENSIONS)}",
    )
    command.add_argument(
        "--prices", type=Path, help="a JSON file of GET /channels/prices (default: list prices of AWS)"
    )
    command.add_argument("--out", type=Path, help="write it to this file: .csv or .parquet")
    command.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Show the report of a stage's lake, or write it down."""
    store = S3Outcomes(find(options.stage).bucket)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keeper = KeepOutcomes(store=store, files=DuckOutcomes(folder), clock=SystemClock(), folder=folder)
        return tell(keeper, options, console)


def tell(keeper: KeepOutcomes, options: argparse.Namespace, console: Console) -> int:
    """Show the report of a lake, or write it down."""
    prices = Prices(_price_lists(options.prices)) if options.prices else Prices([])
    only: Mapping[str, str] = dict(options.only)
    with progress(console) as bar:
        task = bar.add_task("Reading the lake", total=None)
        days = _days(keeper.days(), options.first, options.last)
        by = tuple(dict.fromkeys([*KINDS[options.kind], *only]))
        rows = keeper.rows(days, by=by, mailboxes=options.kind == "mailboxes")
        bar.update(task, total=1, completed=1)
    rows = [row for row in rows if all(getattr(row.key, n) == value for n, value in only.items())]
    found = lines(rows, options.kind, prices)
    if options.out:
        _write(options.out, found, options.kind, prices.currency)
        console.print(f"{len(found):,} lines written to {options.out}", highlight=False)
        return 0
    _show(console, found, total(rows, prices), options.kind, prices.currency)
    return 0


def _show(console: Console, found: Sequence[Line], whole: Line, kind: str, currency: str) -> None:
    names = KINDS[kind]
    shown = table(*names, "requested", "sent", *_SHOWN, f"cost {currency}", f"revenue {currency}")
    for line in (*found, whole):
        about = [escape(line.about.get(name, "all" if line is whole else "") or "(none)") for name in names]
        rates = [percent(line.share(rate).rate) if line.share(rate).of else "" for rate in _SHOWN]
        money = (f"{line.cost:,.2f}", f"{line.revenue(currency):,.2f}")
        counts = (f"{line.numbers['requested']:,}", f"{line.numbers['sent']:,}")
        shown.add_row(*about, *counts, *rates, *money, style="bold" if line is whole else "")
    console.print(shown)
    if whole.unpriced:
        console.print(f"No price is known of {', '.join(sorted(whole.unpriced))}.", highlight=False)


def _write(file: Path, found: Sequence[Line], kind: str, currency: str) -> None:
    if file.suffix == ".csv":
        file.write_text(as_csv(found, kind, currency), encoding="utf-8", newline="")
    elif file.suffix == ".parquet":
        _write_parquet(file, *cells(found, kind, currency))
    else:
        raise Invalid("bad_out", f"{file}: must end in .csv or .parquet")


def _write_parquet(file: Path, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    import duckdb

    types = ", ".join(f'"{name}" {_type(number, rows)}' for number, name in enumerate(head))
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE report ({types})")
        if rows:
            connection.executemany(f"INSERT INTO report VALUES ({', '.join('?' * len(head))})", rows)
        connection.execute("COPY report TO '{}' (FORMAT parquet)".format(str(file).replace("'", "''")))


def _type(number: int, rows: Sequence[Sequence[Any]]) -> str:
    """Of a column; without any row nothing tells."""
    known = next((row[number] for row in rows if row[number] is not None), 0.0)
    return {str: "VARCHAR", int: "BIGINT"}.get(type(known), "DOUBLE")


def _days(known: Sequence[date], first: date | None, last: date | None) -> list[date]:
    """Those that have lines."""
    begin, end = first or date.min, last or date.max
    return [day for day in known if begin <= day <= end]


def _price_lists(file: Path) -> list[PriceList]:
    return [PriceList.model_validate(one) for one in json.loads(file.read_text())["lists"]]


def _only(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or name not in DIMENSIONS:
        raise argparse.ArgumentTypeError(f"NAME=VALUE with a name of {', '.join(DIMENSIONS)}")
    return name, value
