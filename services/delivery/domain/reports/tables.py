"""Reports for people to read: rows grouped by what they are about, with rates, costs and what came in."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from services.delivery.domain.prices import Prices
from services.delivery.domain.reports.rows import MARKS, REVENUE, SKIPPED, Row
from services.shared.cells import neutral
from services.shared.statistics import Share

KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "channels": ("channel",),
        "journeys": ("journey",),
        "nodes": ("journey", "node"),
        "variants": ("journey", "variant"),
        "campaigns": ("campaign",),
        "objectives": ("objective",),
        "angles": ("angle",),
        "templates": ("template",),
        "days": ("day",),
        "mailboxes": ("mailbox",),
        "channel-mix": ("objective", "channel"),
    }
)
"""What each report has a line for."""

MEASURES = ("requested", "sent", "skipped", "failed", "units", *MARKS)

RATES: Mapping[str, str] = MappingProxyType(
    {
        "skipped": "requested",
        "delivered": "sent",
        "bounced": "sent",
        "soft_bounced": "sent",
        "opened": "delivered",
        "clicked": "delivered",
        "unsubscribed": "delivered",
        "complained": "delivered",
        "converted": "sent",
    }
)
"""Each rate with what it is a share of. What machines opened and clicked is in none of them."""

FEWEST = 30
"""Messages of a channel below which nothing is suggested by it."""


@dataclass
class Line:
    """What rows come to together; `cost` in the prices' currency, without the channels that are `unpriced`."""

    about: Mapping[str, str]
    numbers: Counter[str] = field(default_factory=Counter)
    cost: Decimal = Decimal(0)
    unpriced: set[str] = field(default_factory=set)

    def add(self, row: Row, prices: Prices) -> None:
        """Add a row of a day, or one of other numbers."""
        self.numbers.update(row.numbers)
        units = row.numbers.get("units", 0)
        if not units:
            return
        price = prices.of(row.key.channel, date.fromisoformat(row.key.day))
        if price is None:
            self.unpriced.add(row.key.channel)
        else:
            self.cost += units * price

    def share(self, rate: str) -> Share:
        """The counts behind a rate. Who opened was delivered to, even if nobody said so; and what was sent before the
        first day may be answered after it."""
        hits, of = self.numbers[rate], self.numbers[RATES[rate]]
        if RATES[rate] == "delivered" and not of:
            of = self.numbers["sent"]
        return Share(hits, max(hits, of))

    def revenue(self, currency: str) -> Decimal:
        """What came in, in a currency; what came without one is taken to be in it."""
        said = self.numbers[f"{REVENUE}{currency}"] + self.numbers[REVENUE]
        return Decimal(said) / 100


def lines(rows: Iterable[Row], kind: str, prices: Prices) -> list[Line]:
    """A report's lines, in the order of what they are about."""
    names = KINDS[kind]
    found: dict[tuple[str, ...], Line] = {}
    for row in rows:
        about = tuple(getattr(row.key, name) for name in names)
        if kind == "campaigns" and not row.key.campaign:
            continue
        found.setdefault(about, Line(dict(zip(names, about, strict=True)))).add(row, prices)
    return [found[about] for about in sorted(found)]


def total(rows: Iterable[Row], prices: Prices) -> Line:
    """All rows in one line."""
    line = Line({})
    for row in rows:
        line.add(row, prices)
    return line


def shown(line: Line, currency: str) -> dict[str, Any]:
    """A line as JSON: its numbers, `skipped_by_reason`, `cost` and `profit` (what came in less what the messages
    cost), `revenue` by currency, and `rates` with the interval in which they lie at 95 %."""
    revenue = line.revenue(currency)
    return {
        **line.about,
        **{name: line.numbers[name] for name in MEASURES},
        "skipped_by_reason": {
            name.removeprefix(SKIPPED): n
            for name, n in sorted(line.numbers.items())
            if name.startswith(SKIPPED)
        },
        "cost": _money(line.cost),
        "unpriced": sorted(line.unpriced),
        "revenue": _revenues(line, currency),
        "profit": _money(revenue - line.cost),
        "rates": {name: _rate(line.share(name)) for name in RATES},
    }


def suggested(mix: Sequence[Line], currency: str) -> dict[str, list[dict[str, Any]]]:
    """For each objective its channels by what a message brings over its cost, best first; `enough` is whether so many
    were sent that it tells anything."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in mix:
        sent = line.numbers["sent"]
        if sent and not line.unpriced:
            profit = (line.revenue(currency) - line.cost) / sent
            one = {"channel": line.about["channel"], "profit_per_message": _money(profit)}
            found.setdefault(line.about["objective"], []).append({**one, "enough": sent >= FEWEST})
    for channels in found.values():
        channels.sort(key=lambda one: (not one["enough"], -one["profit_per_message"], one["channel"]))
    return found


def cells(found: Sequence[Line], kind: str, currency: str) -> tuple[list[str], list[list[Any]]]:
    """A report as a flat table: its head, and a row for each line; `None` is a rate of nothing."""
    head = [*KINDS[kind], *MEASURES, f"cost_{currency}", f"revenue_{currency}", f"profit_{currency}"]
    head += [f"{name}_{part}" for name in RATES for part in ("rate", "low", "high")]
    rows = []
    for line in found:
        revenue = line.revenue(currency)
        row: list[Any] = [line.about[name] for name in KINDS[kind]]
        row += [line.numbers[name] for name in MEASURES]
        row += [_money(line.cost), _money(revenue), _money(revenue - line.cost)]
        for name in RATES:
            rate = _rate(line.share(name))
            row += [rate["rate"], rate["low"], rate["high"]] if rate else [None, None, None]
        rows.append(row)
    return head, rows


def as_csv(found: Sequence[Line], kind: str, currency: str) -> str:
    """A report as a file for spreadsheets; no cell is a formula."""
    head, rows = cells(found, kind, currency)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    for row in rows:
        writer.writerow(neutral(cell) if isinstance(cell, str) else cell for cell in row)
    return out.getvalue()


def _rate(share: Share) -> dict[str, Any] | None:
    if not share.of:
        return None
    interval = share.interval()
    values = {"rate": share.rate, "low": interval.low, "high": interval.high}
    return {"of": share.of, **{name: round(value, 6) for name, value in values.items()}}


def _revenues(line: Line, currency: str) -> dict[str, float]:
    named = {
        name.removeprefix(REVENUE) or currency
        for name, n in line.numbers.items()
        if name.startswith(REVENUE) and n
    }
    return {
        one: _money(line.revenue(one) if one == currency else Decimal(line.numbers[f"{REVENUE}{one}"]) / 100)
        for one in sorted(named)
    }


def _money(amount: Decimal) -> float:
    return float(round(amount, 6))
