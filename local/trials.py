"""What is tried out when a run is at rest: scanners that open links, people who withdraw, points that are earned."""

from __future__ import annotations

from dataclasses import dataclass

from local import loyal_points, scanners, withdrawals
from local.accounting import Check
from local.loyal_points import Points
from local.markup import Cell, table
from local.scanners import Scan
from local.stage import Stage
from local.town import Town, until
from local.withdrawals import Withdrawals


@dataclass(frozen=True)
class Tried:
    """What came of each."""

    scan: Scan
    withdrawals: Withdrawals
    points: Points


def hold(stage: Stage) -> Tried:
    """Try each, the scanners first.

    Raises:
        TimeoutError: something did not come that was asked for.
    """
    town = Town(stage)
    scanned, withdrawn = scanners.hold(town), withdrawals.hold(town, stage.options.withdrawals)
    put = loyal_points.onto(stage.aws("events"), stage.found.bus)
    points = loyal_points.hold(stage.marketers_api, put, until, stage.clock.now())
    return Tried(scanned, withdrawn, points)


def checks(tried: Tried) -> list[Check]:
    """What the books hold of it."""
    return [
        *scanners.checks(tried.scan),
        *withdrawals.checks(tried.withdrawals),
        *loyal_points.checks(tried.points),
    ]


def facts(tried: Tried) -> list[tuple[str, str]]:
    """Lines of the report."""
    return [("from withdrawing to refused claims (real time)", tried.withdrawals.summary())]


def section(tried: Tried) -> str:
    """A part of a page: each visit of a scanner, and what changed."""
    seen = tried.scan
    rows: list[list[Cell]] = [[visit.page, visit.method, visit.agent, visit.status] for visit in seen.visits]
    verdict = "is the same, byte for byte" if seen.unchanged else "IS NOT THE SAME"
    return (
        table("What scanners of mail opened", ("page", "method", "scanner", "answer"), rows)
        + f"<p>The ledger with its evidence {verdict} before and after these visits: {seen.items:,} items. The button "
        f"on the first of these pages made it {seen.pressed:,}.</p>"
        f"<p>From withdrawing by one click until delivery claims nothing more: {tried.withdrawals.summary()}.</p>"
    )
