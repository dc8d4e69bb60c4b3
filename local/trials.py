"""What is tried out of consent when a run is at rest: scanners that open links, and people who withdraw."""

from __future__ import annotations

from dataclasses import dataclass

from local import scanners, withdrawals
from local.accounting import Check
from local.markup import Cell, table
from local.scanners import Scan
from local.stage import Stage
from local.town import Town
from local.withdrawals import Withdrawals


@dataclass(frozen=True)
class Tried:
    """What came of both."""

    scan: Scan
    withdrawals: Withdrawals


def hold(stage: Stage) -> Tried:
    """Try both, the scanners first.

    Raises:
        TimeoutError: something did not come that was asked for.
    """
    town = Town(stage)
    return Tried(scanners.hold(town), withdrawals.hold(town, stage.options.withdrawals))


def checks(tried: Tried) -> list[Check]:
    """What the books hold of it."""
    return [*scanners.checks(tried.scan), *withdrawals.checks(tried.withdrawals)]


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
