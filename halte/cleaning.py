"""`python -m halte hygiene`: look, report, mark, and take the marks back."""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from halte import marketers
from halte.hygiene import DISPOSABLE, SOURCE, Finding, Rules, counted, duplicates, findings, marks
from halte.marketers import Marketers, Refused
from halte.stores import Store
from services.ingest.domain.profile import Profile
from services.shared.cells import neutral

DAYS = 365
PAGE = 100
POLL_SECONDS = 2.0
SOURCE_DOCUMENT = {"name": "Hygiene runs", "kind": "model"}
DOCUMENT = {"source": SOURCE, "format": "ndjson", "kind": "derived"}


def add_hygiene(commands: Any, run: Callable[[argparse.Namespace, Console], int]) -> argparse.ArgumentParser:
    """The command line of `hygiene`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "hygiene", help="profiles that bounce, are silent, can't be reached or exist twice"
    )
    parser.add_argument("--stage", required=True, help="whose profiles")
    parser.add_argument("--days", type=int, default=DAYS, help=f"silence that is inactive (default {DAYS})")
    parser.add_argument("--as-of", type=_day, help="look at silence as of this day (default: today)")
    parser.add_argument("--disposable", type=Path, help="file of further throw-away domains, one a line")
    parser.add_argument("--out", type=Path, help="write the findings to this CSV file")
    act = parser.add_mutually_exclusive_group()
    act.add_argument("--apply", action="store_true", help="mark what was found (default: nothing is changed)")
    act.add_argument("--undo", metavar="JOB", help="take the marks of an earlier run back")
    parser.add_argument("--api-url", default="", help="of the stage's API, where it is not the announced one")
    parser.set_defaults(run=run)
    return parser


def clean(options: argparse.Namespace, store: Store, console: Console, bar: Progress) -> int:
    """Look at everybody, and mark what was found if that is asked for; the exit code."""
    with bar:
        profiles, found = _look(store, _rules(options), bar)
    for what, count in counted(found).items():
        console.print(f"{count:>8,}  {what}", highlight=False)
    lines = marks(profiles, found)
    console.print(f"{len(profiles):,} profiles, {len({f.profile_id for f in found}):,} with findings")
    if options.out:
        _write(options.out, found)
        console.print(f"written to {options.out}")
    if not options.apply:
        console.print(f"nothing was changed; --apply would change {len(lines):,} marks")
        return 0
    if not lines:
        console.print("every mark is as it should be")
        return 0
    job = _mark(marketers.connect(options.stage, options.api_url), lines, bar)
    console.print(f"{len(lines):,} marks changed by job {job['id']}")
    console.print(f"to take them back: python -m halte hygiene --stage {options.stage} --undo {job['id']}")
    return 0


def undo(options: argparse.Namespace, console: Console, bar: Progress) -> int:
    """Take the marks of a run back; the exit code.

    Raises:
        Refused: there is no such job, it is no hygiene run, or it was taken back before.
    """
    api = marketers.connect(options.stage, options.api_url)
    path = f"/imports/{options.undo}"
    if api.call("GET", path)["definition"]["source"] != SOURCE:
        raise Refused(f"job {options.undo} is no hygiene run")
    api.call("POST", f"{path}/rollback")
    with bar:
        job = _wait(api, options.undo, "ROLLED_BACK", "rolled_back_rows", bar, None)
    console.print(f"{job['rolled_back_rows']:,} marks taken back")
    return 0


def _look(store: Store, rules: Rules, bar: Progress) -> tuple[list[Profile], list[Finding]]:
    ids = iter(store.profile_ids())
    task = bar.add_task("Looking at profiles", total=None)
    profiles: list[Profile] = []
    found: list[Finding] = []
    while page := list(islice(ids, PAGE)):
        for profile in store.profiles.load(page).values():
            if profile.merged_into or profile.is_erased:
                continue
            history = (one for chunk in store.timeline.all(profile.strips()) for one in chunk.events)
            found += findings(profile, history, rules)
            profiles.append(profile)
        bar.advance(task, len(page))
    bar.update(task, total=len(profiles), completed=len(profiles))
    return profiles, sorted([*found, *duplicates(profiles)], key=lambda one: (one.profile_id, one.what))


def _mark(api: Marketers, lines: Sequence[str], bar: Progress) -> dict[str, Any]:
    api.call("PUT", f"/sources/{SOURCE}", SOURCE_DOCUMENT)
    job = api.call("POST", "/imports", DOCUMENT)
    api.upload(job["upload_url"], "\n".join(lines).encode())
    api.call("POST", f"/imports/{job['id']}/start")
    with bar:
        return _wait(api, job["id"], "COMPLETED", "total_processed", bar, len(lines))


def _wait(
    api: Marketers, job_id: str, until: str, counter: str, bar: Progress, total: int | None
) -> dict[str, Any]:
    """Until the job is there; imports go on without us, so giving up loses nothing.

    Raises:
        Refused: it failed.
    """
    task = bar.add_task("Working off the job", total=total)
    while True:
        job = api.call("GET", f"/imports/{job_id}")
        bar.update(task, completed=int(job.get(counter, 0)))
        if job["job_status"] == until:
            return job
        if job["job_status"] == "FAILED":
            raise Refused(f"job {job_id} failed: {job.get('broken', {}).get('code', '')}")
        time.sleep(POLL_SECONDS)


def _rules(options: argparse.Namespace) -> Rules:
    more = options.disposable.read_text(encoding="utf-8").casefold().split() if options.disposable else ()
    return Rules(options.as_of or datetime.now(UTC), options.days, DISPOSABLE | set(more))


def _write(file: Path, found: Sequence[Finding]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(("profile_id", "finding", "detail"))
        for one in found:
            writer.writerow([neutral(cell) for cell in (one.profile_id, one.what, one.detail)])


def _day(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise argparse.ArgumentTypeError("not a date such as 2026-01-31") from error
