"""The main job: all of Halte on this machine, fed with real purchases, from an empty account to balanced books."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from contextlib import ExitStack
from datetime import timedelta
from types import FrameType
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from halte.marketers import Refused
from local import (
    accounting,
    cdnow,
    consent_page,
    deploy,
    emulator,
    observe,
    page,
    people_page,
    pictures,
    preflight,
    replay,
    report,
    seed,
    segments_page,
    trials,
)
from local.governor import Governor
from local.journeys_page import JourneyPages
from local.live_journeys import LiveJourneys
from local.stage import Options, Stage, set_up

AFTERMATH = timedelta(days=45)
"""Virtual time after the last purchase, so that waits end."""

QUIET_SECONDS = 3.0
DRAIN_SECONDS = 240.0
LOG_WIDTH = 150
WAIT_SCALE = "stepfunctions._SFN_WAIT_SCALE"
NAP = 1e-4
"""What becomes of waits while the clock stands, where it will go on: a fortnight takes two minutes. Nobody can wake the
emulator's waits, and whoever looks at journeys later should not find people asleep for whom it was long time."""


def run(options: Options) -> int:
    """Run everything; 0 when all checks hold, 1 when one does not, 2 when something is missing on this machine."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=LOG_WIDTH)
    problems = preflight.problems()
    if problems:
        return preflight.complain(problems)
    for order in (signal.SIGTERM, signal.SIGINT):  # a background job is started with Ctrl-C ignored
        signal.signal(order, _interrupt)
    with ExitStack() as cleanup:
        try:
            return _run(options, console, cleanup)
        except KeyboardInterrupt:
            console.print("stopped")
            return 130
        except (
            deploy.DeployFailed,
            emulator.EmulatorFailed,
            Refused,
            cdnow.WrongData,
            TimeoutError,
        ) as error:
            console.print(str(error), style="red", markup=False)
            return 1
        except subprocess.CalledProcessError as error:
            console.print(f"{error}\n{error.stderr or ''}", style="red", markup=False)
            return 1


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(options: Options, console: Console, cleanup: ExitStack) -> int:
    began = time.monotonic()
    with _steps(console) as steps:
        orders = _purchases(options, steps)
        stage = set_up(options, orders[0].at - replay.LOOKED_BEFORE, lambda text: _step(steps, text), cleanup)
    site, ready = _site(stage, cleanup), time.monotonic()
    console.print(f"Journeys, while the run goes on: {site.url}/journeys")
    with _bars(console) as bars:
        _replay(stage, orders, bars)
    replayed = time.monotonic()
    with _steps(console) as steps:
        steps.add_task("Draining: until nothing moves any more", total=None)
        quiet = _drain(stage)
        seen = _observe(stage, orders)
    books = accounting.settle(seen)
    books.checks.append(accounting.equal("the system came to rest", quiet, True))
    permissions = consent_page.look(stage.marketers_api, stage.found.anchors, stage.aws("s3"), seen.ledger)
    books.checks += consent_page.checks(permissions)
    tried = trials.hold(stage)
    books.checks += trials.checks(tried)
    now = time.monotonic()
    facts = _facts(stage, orders, books.merged, (ready - began, replayed - ready, now - replayed))
    facts += trials.facts(tried)
    report.show(console, books, facts)
    if options.once:
        return 0 if books.hold else 1
    site.content = page.Content(
        books,
        facts,
        _pictures(stage),
        _people(stage, seen),
        _groups(stage),
        stage.marketers_api.call("GET", "/backfill"),
        permissions,
        tried,
    )
    stage.emulator.configure(WAIT_SCALE, 1.0)
    stage.keep_real_time()
    stage.tap.start()  # journeys may be looked at while somebody sends something
    _serve(stage, site, console)
    return 0


def _site(stage: Stage, cleanup: ExitStack) -> page.Site:
    live = JourneyPages(LiveJourneys(stage.marketers_api, stage.tap, stage.clock))
    site = page.Site(None, preflight.free_port(stage.options.page_port), live)
    site.start()
    cleanup.callback(site.stop)
    return site


def _serve(stage: Stage, site: page.Site, console: Console) -> None:
    console.print(f"Report, outbox and journeys: {site.url}; Ctrl-C ends it")
    console.print(f"Console, for marketers (sign in with their key): {stage.gateway.url}/console")
    console.print(f"API, for SDKs and marketers: {stage.gateway.url} (POST {stage.gateway.url}/v1/batch)")
    # The emulator's keys have brackets and colons, which must not be read as markup.
    keys = f"Its keys: {stage.write_key} for SDKs, {stage.found.admin_key} for marketers"
    console.print(keys, soft_wrap=True, markup=False, emoji=False)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("Ended; nothing is left running.")


def _steps(console: Console) -> Progress:
    return Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console)


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


def _step(steps: Progress, text: str) -> None:
    for task in steps.tasks:
        steps.update(task.id, total=1, completed=1)
    steps.add_task(text, total=None)


def _purchases(options: Options, steps: Progress) -> list[cdnow.Order]:
    _step(steps, f"Fetching real purchases ({cdnow.WHEEL})")
    log = cdnow.read_orders(cdnow.fetch(preflight.STATE / "cache"))
    end = min(order.at for order in log) + timedelta(days=options.days)
    orders = [order for order in cdnow.slice_of(log, options.customers) if order.at < end]
    return sorted(orders, key=lambda order: (order.at, order.row))


def _replay(stage: Stage, orders: list[cdnow.Order], bars: Progress) -> None:
    """Let the clock run, hand the purchases over, and wait for what they set in motion."""
    contacts = {o.customer: cdnow.contact_of(o.customer, stage.options.seed) for o in orders}
    planned = replay.plan(orders, contacts, stage.options.seed)
    days = (orders[-1].at + AFTERMATH - stage.clock.now()).days
    events = bars.add_task("Customer events", total=len(planned))
    time_bar = bars.add_task("Virtual days", total=days)
    sent = bars.add_task("Messages sent", total=None)
    start = stage.clock.now()
    player = replay.Replay(
        stage.clock, stage.aws("events"), stage.found.bus, stage.gateway.url, stage.write_key
    )
    worker = threading.Thread(
        target=lambda: player.run(planned, lambda n: bars.advance(events, n)), name="replay", daemon=True
    )
    governor = Governor(
        stage.clock_file,
        stage.clock,
        stage.options.speed,
        lambda: [*observe.under_way(stage.emulator), *stage.recipients.under_way(), *player.under_way()],
    )
    stage.emulator.configure(WAIT_SCALE, 1 / stage.options.speed)
    governor.start()
    worker.start()
    while worker.is_alive() or stage.clock.now() < orders[-1].at + AFTERMATH:
        bars.update(time_bar, completed=min(days, (stage.clock.now() - start).days))
        bars.update(sent, completed=len(stage.stand_in.accepted))
        stage.emulator.sample_memory()
        time.sleep(1.0)
    bars.update(time_bar, completed=days)
    stage.emulator.configure(WAIT_SCALE, 1.0 if stage.options.once else NAP)
    governor.stop()
    stage.tally, stage.slowed_seconds = player.tally, governor.slowed_seconds


def _drain(stage: Stage) -> bool:
    """With the clock standing, wait until nothing moves; did it come to rest?"""
    quiet = _rest(stage)
    stage.player.play_once()
    quiet = _rest(stage) and quiet
    stage.player.stop()
    stage.tap.stop()
    return quiet


def _rest(stage: Stage) -> bool:
    deadline = time.monotonic() + DRAIN_SECONDS
    before: tuple[int, ...] = ()
    since = time.monotonic()
    while time.monotonic() < deadline:
        waiting = len(observe.under_way(stage.emulator))
        now = (stage.tap.events, len(stage.stand_in.accepted), waiting)
        if now != before or waiting or not stage.recipients.is_idle():
            before, since = now, time.monotonic()
        elif time.monotonic() - since > QUIET_SECONDS:
            return True
        time.sleep(0.3)
    return False


def _observe(stage: Stage, orders: list[cdnow.Order]) -> accounting.Observed:
    aws, tables = stage.aws, stage.found.tables

    def table(name: str) -> list[dict[str, Any]]:
        return list(observe.items(aws("dynamodb"), tables[name]))

    return accounting.Observed(
        orders=orders,
        tally=stage.tally,
        lake=observe.lake(aws("s3"), stage.found.lake),
        dead=observe.dead_letters(stage.emulator, observe.queues(aws("sqs"))),
        profiles=table("ingest.Profiles"),
        standings=table("scoring.Standings"),
        places=table("scoring.Places"),
        copies=table("journeys.Standings"),
        messages=table("delivery.Messages"),
        ledger=table("consent.Ledger"),
        requested=stage.tap.requested,
        entered=stage.tap.entered,
        exited=stage.tap.exited,
        outbox=list(stage.stand_in.accepted),
        recipients=stage.recipients.ledger,
        machines=observe.machines(aws("stepfunctions"), f"halte-{deploy.STAGE}-"),
        complaints=stage.emulator.complaints(),
        failed_schedules=stage.player.failures,
    )


def _facts(
    stage: Stage, orders: list[cdnow.Order], merged: int, seconds: tuple[float, float, float]
) -> list[tuple[str, str]]:
    taken = stage.tally.http_taken + stage.tally.bus_taken
    set_up, replayed, drained = seconds
    actions = ", ".join(f"{kind} {n}" for kind, n in sorted(stage.recipients.ledger.actions.items()))
    return [
        ("customers and orders (real)", f"{stage.options.customers:,} and {len(orders):,}"),
        (
            "added on purpose",
            f"{stage.tally.resent} events sent twice, {stage.tally.bad} bad, {stage.tally.forms} forms, "
            f"{stage.tally.visits} page views before a log-in",
        ),
        ("visitors found to be customers", f"{merged} profiles merged into others"),
        ("what the simulated recipients did", actions),
        (
            "virtual time",
            f"{orders[0].at:%Y-%m-%d} to {stage.clock.now():%Y-%m-%d}, {stage.options.speed:,.0f} times real; "
            f"slowed for {stage.slowed_seconds:.0f} s to let the machine keep up",
        ),
        ("set-up, replay, drain", f"{set_up:.0f} s, {replayed:.0f} s, {drained:.0f} s"),
        ("customer events accepted", f"{taken:,} ({taken / replayed:.1f} a second)"),
        ("freshness, 95 % within (real time)", stage.tap.freshness()),
        ("peak memory of the emulator and its workers", f"{stage.emulator.peak_memory / 1e6:,.0f} MB"),
    ]


def _pictures(stage: Stage) -> dict[str, str]:
    api = stage.marketers_api
    names = [path.rpartition("/")[2] for path, _ in seed.documents() if path.startswith("/journeys/")]
    return {name: pictures.picture(api.call("GET", f"/journeys/{name}")["diagram"]["dot"]) for name in names}


def _people(stage: Stage, seen: accounting.Observed) -> list[people_page.Shown]:
    """A few of those of whom several profiles were found to be one person."""
    ids = [str(profile["profile_id"]) for profile in seen.profiles if profile.get("absorbed")]
    get = stage.marketers_api.call
    return [
        people_page.Shown(
            view=get("GET", f"/profiles/{profile_id}"),
            identity=get("GET", f"/profiles/{profile_id}/identity"),
            timeline=get("GET", f"/profiles/{profile_id}/timeline?limit=50"),
            standing=get("GET", f"/profiles/{profile_id}/standing"),
        )
        for profile_id in sorted(ids)[: people_page.SHOWN]
    ]


def _groups(stage: Stage) -> list[segments_page.Group]:
    get = stage.marketers_api.call
    return [
        segments_page.Group(
            path, document["name"], document, get("GET", f"/{path}/{document['name']}/counts")["counts"]
        )
        for path in segments_page.KINDS
        for document in get("GET", f"/{path}")[path.replace("-", "_")]
    ]
