"""`python -m halte`: what an engineer does with a deployed stage."""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from halte import match
from halte.analysis import commands as analyses
from halte.analysis import report_command as reports
from halte.cleaning import add_hygiene, clean, undo
from halte.journeys import commands as journeys
from halte.ledger import commands as ledger
from halte.ledger.findings import NotALedger
from halte.marketers import Refused
from halte.stores import Place, Store, UnknownStage, find, fresh_tables
from services.ingest.adapters.dynamo_erasures import mark_of
from services.ingest.adapters.parquet import DuckParquet
from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.domain.lake import counts
from services.ingest.domain.rows import BrokenFile, read_rows
from services.ingest.lake.forgotten import Forgotten
from services.ingest.lake.rebuild import compare, people, rebuild
from services.ingest.lake.upkeep import LakeKeeper
from services.shared.aws.secrets import secret_text
from services.shared.cells import neutral
from services.shared.clock import SystemClock
from services.shared.errors import Invalid

EXAMPLES = (
    """examples:
  python -m halte rebuild --from-lake --stage prod            rebuild all profiles from the lake, compare, clear up
  python -m halte rebuild --from-lake --stage prod --keep     the same, and keep the rebuilt tables
  python -m halte match --stage prod --out pairs.csv          profiles that may be one person, for review
  python -m halte match --file people.csv --threshold 0.99    the same for the rows of a file (CSV or lines of JSON)
  python -m halte hygiene --stage prod --out findings.csv     who bounces, is silent, can't be reached, exists twice
  python -m halte hygiene --stage prod --apply                the same, and mark them; --undo <job> takes it back
  python -m halte rebuild --from-lake --stage local --endpoint-url http://127.0.0.1:4566
"""
    + analyses.EXAMPLES
    + journeys.EXAMPLES
    + ledger.EXAMPLES
    + reports.EXAMPLES
    + """
A reviewer accepts a pair by:  POST /profiles/<first>/merges {"with": "<second>"}
"""
)
SHOWN = 10


def main(arguments: Sequence[str] | None = None, console: Console | None = None) -> int:
    """The exit code: 0 is well, 1 is a difference, 2 is that it could not be done."""
    options = _parser().parse_args(arguments)
    console = console or Console()
    if options.endpoint_url:
        os.environ["AWS_ENDPOINT_URL"] = options.endpoint_url
    command: Callable[[argparse.Namespace, Console], int] = options.run
    try:
        return command(options, console)
    except (UnknownStage, Refused, NotALedger, match.TooFew, BrokenFile, Invalid) as error:
        console.print(f"[red]{escape(str(error))}[/]", highlight=False)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m halte",
        description="Rebuild profiles from the event lake, find people who may be one, keep the base clean, see what "
        "announces a goal, run journeys, and check the consent ledger.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    again = commands.add_parser("rebuild", help="profiles from the lake alone, compared with the live ones")
    again.add_argument(
        "--from-lake", action="store_true", required=True, help="the source; there is no other"
    )
    again.add_argument("--stage", required=True, help="whose lake and profiles")
    again.add_argument("--keep", action="store_true", help="keep the rebuilt tables and say their names")
    again.set_defaults(run=_rebuild)
    pairs = commands.add_parser("match", help="pairs that may be one person; nothing is merged")
    origin = pairs.add_mutually_exclusive_group(required=True)
    origin.add_argument("--stage", help="compare its profiles")
    origin.add_argument("--file", type=Path, help="compare the rows of a file; .csv, or lines of JSON")
    pairs.add_argument("--id", default="id", help="the column that names a row of the file (default: id)")
    pairs.add_argument(
        "--threshold", type=_share, default=match.REVIEW, help=f"least probability (default {match.REVIEW})"
    )
    pairs.add_argument("--out", type=Path, help="write the pairs to this CSV file")
    pairs.set_defaults(run=_match)
    analyses.add(commands)
    reports.add(commands)
    journeys.add(commands)
    ledger.add(commands)
    for command in (again, pairs, add_hygiene(commands, _hygiene)):
        command.add_argument("--endpoint-url", help="of the AWS emulator")
    return parser


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError("between 0 and 1")
    return share


def _rebuild(options: argparse.Namespace, console: Console) -> int:
    place = find(options.stage)
    live = Store(place.tables)
    with tempfile.TemporaryDirectory() as folder, fresh_tables(options.keep) as tables, _bar(console) as bar:
        keeper = _keeper(place, Path(folder))
        made = Store(tables)
        reading = bar.add_task("Reading the lake", total=None)
        total = sum(counts(line) for line in keeper.lines())
        bar.update(reading, total=1, completed=1)
        taking = bar.add_task("Taking events in", total=total)
        forgotten = Forgotten(lambda name: mark_of(secret_text(place.address_secret_arn), name))
        done = rebuild(
            keeper.lines,
            made.consumer(forgotten.gate),
            made.identities,
            made.ruler(),
            forgotten,
            lambda n: bar.advance(taking, n),
        )
        comparing = bar.add_task("Comparing", total=None)
        sides = [people(s.profile_ids(), s.profiles, s.timeline, s.records) for s in (live, made)]
        differences = compare(*sides)
        bar.update(comparing, total=1, completed=1)
    console.print(f"{done:,} events taken in, {len(differences):,} differences")
    for one in differences[:SHOWN]:
        console.print(f"  {_side(one.live)} live, {_side(one.rebuilt)} rebuilt", highlight=False)
    if options.keep:
        console.print(f"kept: {tables.identities}, {tables.profiles}, {tables.parts}")
    return 1 if differences else 0


def _side(text: str | None) -> str:
    """Which profile, and how much of it: its content is a person's and stays off the screen."""
    if text is None:
        return "nobody"
    return f"{json.loads(text).get('profile_id', 'a profile')} ({len(text):,} bytes)"


def _keeper(place: Place, folder: Path) -> LakeKeeper:
    return LakeKeeper(
        store=S3Lake(place.bucket), parts=DuckParquet(folder), clock=SystemClock(), folder=folder
    )


def _hygiene(options: argparse.Namespace, console: Console) -> int:
    if options.undo:
        return undo(options, console, _bar(console))
    return clean(options, Store(find(options.stage).tables), console, _bar(console))


def _match(options: argparse.Namespace, console: Console) -> int:
    with _bar(console) as bar:
        reading = bar.add_task("Reading people", total=None)
        found = list(_of_stage(options.stage) if options.stage else _of_file(options.file, options.id))
        bar.update(reading, total=len(found), completed=len(found))
        task = bar.add_task("Comparing", total=1.0)
        pairs = match.candidates(
            found, options.threshold, lambda doing, done: bar.update(task, completed=done, description=doing)
        )
        bar.update(task, completed=1.0, description="Compared")
    console.print(f"{len(found):,} people, {len(pairs):,} pairs at {options.threshold} or more")
    for pair in pairs[:SHOWN]:
        console.print(
            f"  {pair.probability:.4f}  {pair.first}  {pair.second}  agree: {', '.join(pair.agree)}"
        )
    if options.out:
        _write(options.out, pairs)
        console.print(f"written to {options.out}")
    return 0


def _of_stage(stage: str) -> Iterator[Mapping[str, Any]]:
    store = Store(find(stage).tables)
    ids = list(store.profile_ids())
    for start in range(0, len(ids), 100):
        for profile in store.profiles.load(ids[start : start + 100]).values():
            if not (profile.merged_into or profile.is_erased):
                yield match.person(profile.profile_id, profile.visible_traits())


def _of_file(file: Path, id_column: str) -> Iterator[Mapping[str, Any]]:
    with file.open("rb") as opened:
        chunks = iter(lambda: opened.read(1 << 20), b"")
        for row in read_rows(chunks, "csv" if ".csv" in file.suffixes else "ndjson"):
            if isinstance(row.value, dict):
                yield match.person(str(row.value.get(id_column) or row.number), row.value)


def _write(file: Path, pairs: Sequence[match.Candidate]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(("first", "second", "probability", "agree", "differ"))
        for pair in pairs:
            cells = (pair.first, pair.second, pair.probability, " ".join(pair.agree), " ".join(pair.differ))
            writer.writerow([neutral(cell) for cell in cells])


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


if __name__ == "__main__":
    sys.exit(main())
