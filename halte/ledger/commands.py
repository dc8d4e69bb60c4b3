"""`python -m halte consent ...`: is the record of who allowed what still what was written?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from halte.ledger.checking import check
from halte.ledger.files import FileSource, write
from halte.ledger.findings import NotALedger, Report, Source
from halte.ledger.signatures import checker
from halte.ledger.stage import StageSource, anchor_bucket
from halte.marketers import connect
from services.consent.domain.ledger import Malformed
from services.consent.domain.proofs import check as check_proof

EXAMPLES = """  python -m halte consent verify --stage prod                 is the consent ledger what was appended?
  python -m halte consent export --stage prod --out ledger.ndjson   all of it in a file, for somebody else to check
  python -m halte consent verify --file ledger.ndjson --public-key halte.pem
"""
_VERIFY = """examples:
  python -m halte consent verify --stage prod
      every entry by the API, held against the anchors in the bucket that locks them
  python -m halte consent verify --file ledger.ndjson --public-key halte.pem
      a file that somebody gave you, against a key you had before
  python -m halte consent verify --stage prod --anchor 512=9f2c...e1
      and the ledger is still the one whose anchor 512 you noted last year
  python -m halte consent verify --proof proof.json --public-key halte.pem
      what GET /consents/{address_key}/proof answered, by itself
  python -m halte consent verify --file ledger.ndjson --json > report.json

Exit codes: 0 it is exactly what was appended, 1 something was changed, 2 it could not be read.
Without --public-key, the key that signatures are checked with is the one that the ledger itself names.
"""
SHOWN = 20


def add(commands: Any) -> None:
    """Adds `consent` to a parser's commands."""
    consent = commands.add_parser("consent", help="check and export the consent ledger")
    kinds = consent.add_subparsers(dest="consent", required=True)
    verify = kinds.add_parser(
        "verify",
        help="is the ledger what was appended?",
        description="Find every edit, deletion, insertion, reordering, truncation and fork of the consent ledger, and "
        "whole shards that were rewritten, by the signed anchors.",
        epilog=_VERIFY,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    origin = verify.add_mutually_exclusive_group(required=True)
    origin.add_argument("--stage", help="of a stage")
    origin.add_argument("--file", type=Path, metavar="NDJSON", help="a file that `export` wrote")
    origin.add_argument("--proof", type=Path, metavar="JSON", help="one person's proof; needs --public-key")
    verify.add_argument(
        "--anchors", choices=("bucket", "api"), default="bucket", help="where a stage's anchors are read"
    )
    verify.add_argument("--public-key", type=Path, metavar="PEM", help="the key anchors must be signed with")
    verify.add_argument(
        "--anchor",
        action="append",
        default=[],
        type=_noted,
        metavar="NUMBER=HASH",
        help="one you noted earlier",
    )
    verify.add_argument("--json", action="store_true", help="the report as JSON, and nothing else")
    verify.set_defaults(run=_verify)
    export = kinds.add_parser("export", help="write the ledger to a file, one JSON object a line")
    export.add_argument("--stage", required=True, help="whose ledger")
    export.add_argument("--out", type=Path, required=True, metavar="NDJSON", help="the file to write")
    export.set_defaults(run=_export, anchors="bucket")
    for command in (verify, export):
        command.add_argument("--api-url", default="", help="of the API, where it is not as announced")
        command.add_argument("--endpoint-url", help="of the AWS emulator")


def _noted(text: str) -> tuple[int, str]:
    number, _, noted = text.partition("=")
    if not number.isdecimal() or len(noted) != 64:
        raise argparse.ArgumentTypeError("NUMBER=HASH, the hash in 64 hex digits")
    return int(number), noted.lower()


def _verify(options: argparse.Namespace, console: Console) -> int:
    pem = _text(options.public_key) if options.public_key else ""
    if options.proof:
        return _verify_proof(options.proof, pem, console)
    with _bar(console, options.json) as bar:
        task = bar.add_task("Checking entries", total=None)
        source = FileSource(options.file) if options.file else _stage(options)
        report = check(
            source, lambda n: bar.update(task, completed=n), public_key=pem, known=dict(options.anchor)
        )
        bar.update(task, total=report.entries, completed=report.entries)
    if options.json:
        print(json.dumps(report.document(), indent=2))
    else:
        _show(report, console)
    return 0 if report.intact else 1


def _verify_proof(path: Path, pem: str, console: Console) -> int:
    """A proof does not say by which key it is checked: whoever forges one would name their own."""
    if not pem:
        raise NotALedger("--proof needs --public-key")
    try:
        document = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise NotALedger(f"{path} is not JSON") from error
    signed, fingerprint = checker(pem)
    try:
        problems = check_proof(document, signed)
    except Malformed as error:
        raise NotALedger(f"{path}: {error}") from error
    open_ended = sum(entry["anchored"] is None for entry in document["entries"])
    console.print(
        f"{len(document['entries'])} entries, {open_ended} of them not yet in an anchor; key {fingerprint}",
        highlight=False,
        soft_wrap=True,
    )
    for problem in problems:
        console.print(f"  {problem}", highlight=False, markup=False, soft_wrap=True)
    console.print("[red]it does not hold[/]" if problems else "[green]it holds[/]", highlight=False)
    return 1 if problems else 0


def _export(options: argparse.Namespace, console: Console) -> int:
    with _bar(console) as bar:
        task = bar.add_task("Writing entries", total=None)
        try:
            with options.out.open("wb") as out:
                written = write(_stage(options), out, lambda n: bar.update(task, completed=n))
        except OSError as error:
            raise NotALedger(f"{options.out}: {error.strerror}") from error
        bar.update(task, total=written, completed=written)
    console.print(f"{written:,} entries written to {options.out}", highlight=False)
    return 0


def _stage(options: argparse.Namespace) -> Source:
    api = connect(options.stage, options.api_url)
    return StageSource(api, anchor_bucket(options.stage) if options.anchors == "bucket" else "")


def _show(report: Report, console: Console) -> None:
    newest = report.newest
    say = [f"{report.entries:,} entries in {report.shards} shards, {report.anchors:,} anchors"]
    if newest:
        say.append(f"newest anchor {newest.number} of {newest.at}: {newest.hash}")
        say.append(f"{report.uncovered:,} entries came after it and are held by their chain alone")
    say.append(f"key {report.fingerprint}")
    for line in say:
        console.print(line, highlight=False, soft_wrap=True)
    if report.intact:
        console.print("[green]intact:[/] it is exactly what was appended", highlight=False)
        return
    console.print(f"[red]not intact:[/] {report.found:,} problems", highlight=False)
    for one in report.problems[:SHOWN]:
        console.print(
            f"  {one.where}, {one.place}: {one.kind}, {one.detail}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, ValueError) as error:
        raise NotALedger(f"{path} can't be read") from error


def _bar(console: Console, silent: bool = False) -> Progress:
    columns = (
        TextColumn("{task.description:<18}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}"),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, disable=silent)
