"""Commands about how things stand: loyal customers against new ones, and what service is worth."""

from __future__ import annotations

import argparse
from typing import Any

from rich.console import Console

from halte.analysis.reading import add_origin, days, instant, reading
from halte.analysis.showing import percent, rated, table
from services.ingest.domain.figures.loyal import Group, buyers, compare
from services.ingest.domain.figures.service_kpis import Month, months, served
from services.scoring.domain.analysis.evidence import p_differs
from services.scoring.domain.analysis.thresholds import SIGNIFICANCE

EXAMPLES = """examples:
  python -m halte loyal --stage prod --at 2026-06-30 --period 180 --from 3 --referral "Invite Accepted"
  python -m halte kpis --stage prod --contact "Call Received" --self-service "Question Answered" --minutes 8 \\
    --cost-per-contact 6.50
"""


def add(commands: Any) -> None:
    """Adds the commands to a parser's."""
    loyal = commands.add_parser(
        "loyal", help="loyal customers against new ones: basket, frequency, churn, referral"
    )
    loyal.add_argument("--at", type=instant, required=True, help="as of this day")
    loyal.add_argument("--period", type=days, default=days("180"), help="days after it (default 180)")
    loyal.add_argument(
        "--from", dest="loyal_from", type=_number, default=3, help="orders of the loyal (default 3)"
    )
    loyal.add_argument("--order", default="Order Completed", help="the event that is an order")
    loyal.add_argument("--referral", default="Invite Accepted", help="the event of whoever referred somebody")
    loyal.set_defaults(run=_loyal)
    kpis = commands.add_parser(
        "kpis", help="net promoter score, service contacts and those avoided, by month"
    )
    kpis.add_argument("--survey", default="Survey Answered", help="the event with a score of 0 to 10")
    kpis.add_argument(
        "--contact", action="append", required=True, help="an event that somebody was needed for"
    )
    kpis.add_argument("--self-service", action="append", required=True, help="an event of helping oneself")
    kpis.add_argument("--within", type=days, default=days("7"), help="days after which it worked (default 7)")
    kpis.add_argument("--minutes", type=_amount, default=10.0, help="that a contact takes (default 10)")
    kpis.add_argument("--cost-per-contact", type=_amount, default=0.0, help="what a contact costs")
    kpis.set_defaults(run=_kpis)
    for command in (loyal, kpis):
        command.formatter_class = argparse.RawDescriptionHelpFormatter
        command.epilog = EXAMPLES
        add_origin(command)


def _loyal(options: argparse.Namespace, console: Console) -> int:
    with reading(options, console) as source:
        people = buyers(source, options.order, options.referral)
    found = compare(people, options.at, options.period, options.loyal_from)
    shown = table("customers", "people", "basket", "orders each", "churned", "95 %", "referred", "95 %")
    for name, group in (("loyal", found.loyal), ("new", found.new)):
        shown.add_row(name, *_cells(group))
    console.print(shown)
    if found.loyal.people and found.new.people:
        p = p_differs(found.loyal.churned, found.new.churned)
        verdict = "may be chance" if p > SIGNIFICANCE else "is more than chance"
        times = f"{found.loyal.basket / found.new.basket:.2f} times" if found.new.basket else "no multiple of"
        console.print(
            f"The basket of the loyal is {times} that of the new; the difference in churn {verdict} (p {p:.2g})",
            highlight=False,
        )
    return 0


def _cells(group: Group) -> list[str]:
    churned, referred = rated(group.churned), rated(group.referred)
    return [f"{group.people:,}", f"{group.basket:,.2f}", f"{group.frequency:.2f}", *churned, *referred]


def _kpis(options: argparse.Namespace, console: Console) -> int:
    with reading(options, console) as source:
        people = served(
            source, survey=options.survey, contacts=options.contact, self_service=options.self_service
        )
    found = months(people, options.within)
    shown = table(
        "month", "answers", "NPS", "95 %", "contacts", "self-served", "avoided", "hours saved", "money saved"
    )
    for month in found:
        shown.add_row(*_month(month, options))
    console.print(shown)
    avoided, contacts = sum(month.avoided for month in found), sum(month.contacts for month in found)
    both = avoided + contacts
    share = percent(avoided / both) if both else "none"
    console.print(f"{avoided:,} contacts avoided, {share} of all that would have been", highlight=False)
    return 0


def _month(month: Month, options: argparse.Namespace) -> list[str]:
    interval = month.nps_interval
    return [
        month.month,
        f"{len(month.answers):,}",
        "" if month.nps is None else f"{month.nps:+.0f}",
        f"{interval.low:+.0f} to {interval.high:+.0f}" if interval else "",
        f"{month.contacts:,}",
        f"{month.self_served:,}",
        f"{month.avoided:,}",
        f"{month.hours_saved(options.minutes):,.1f}",
        f"{month.avoided * options.cost_per_contact:,.2f}",
    ]


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("1 or more")
    return number


def _amount(text: str) -> float:
    amount = float(text)
    if not 0 <= amount < 1_000_000:
        raise argparse.ArgumentTypeError("0 or more")
    return amount
