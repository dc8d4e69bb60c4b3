"""What came of messages: the reports that marketers read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.delivery.domain.prices import Prices
from services.delivery.domain.reports.funnel import funnel
from services.delivery.domain.reports.rows import SKIPPED, Row
from services.delivery.domain.reports.tables import KINDS, as_csv, lines, shown, suggested, total
from services.delivery.ports.reports import Counters, Funnel, Priced
from services.shared.clock import Clock
from services.shared.cursors import cursor_of, read_cursor
from services.shared.errors import Invalid, NotFound

MOST_DAYS = 92
"""Days a report looks back over; over more, ask the lake."""

USUAL_DAYS = 30
MOST_LINES = 500
FILTERS = ("journey", "node", "variant", "campaign", "objective", "angle", "template", "channel", "mailbox")


@dataclass(frozen=True)
class Asked:
    """Which rows a report is of: first and last day (ISO, UTC; empty: the last 30 days), and what each of the
    `only` is equal to."""

    first: str = ""
    last: str = ""
    only: Mapping[str, str] | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """What a query string asks for."""
        return cls(query.get("from", ""), query.get("to", ""), {n: query[n] for n in FILTERS if n in query})

    def wants(self, row: Row) -> bool:
        """Is a row one of them?"""
        return all(getattr(row.key, name) == value for name, value in (self.only or {}).items())


class Reports:
    """Reports over the counters; answers are JSON-ready."""

    def __init__(self, *, counters: Counters, funnel: Funnel, priced: Priced, clock: Clock) -> None:
        self._counters = counters
        self._funnel = funnel
        self._priced = priced
        self._clock = clock

    def report(self, kind: str, asked: Asked, limit: int, cursor: str = "") -> dict[str, Any]:
        """One report: `{kind, from, to, currency, rows, totals, next}`, and `suggested` of the channel mix. A line of
        the totals counts what all lines do, those of other pages too.

        Raises:
            NotFound: there is no such report.
            Invalid: `bad_from`, `bad_to`, `bad_range`, `bad_limit`, `bad_cursor`.
        """
        if not 1 <= limit <= MOST_LINES:
            raise Invalid("bad_limit", f"limit: must be 1 to {MOST_LINES}")
        start = read_cursor(cursor, _place) if cursor else 0
        days, rows, prices = self._rows(kind, asked)
        found = lines(rows, kind, prices)
        behind = start + limit
        answer = {
            "kind": kind,
            "from": days[0].isoformat(),
            "to": days[-1].isoformat(),
            "currency": prices.currency,
            "rows": [shown(line, prices.currency) for line in found[start:behind]],
            "totals": shown(total(rows, prices), prices.currency),
            "next": cursor_of(behind) if behind < len(found) else None,
        }
        mix = {"suggested": suggested(found, prices.currency)} if kind == "channel-mix" else {}
        return {**answer, **mix}

    def file(self, kind: str, asked: Asked) -> str:
        """One report as CSV, all of its lines.

        Raises:
            NotFound, Invalid: as `report`.
        """
        _, rows, prices = self._rows(kind, asked)
        return as_csv(lines(rows, kind, prices), kind, prices.currency)

    def channel(self, channel: str, asked: Asked) -> dict[str, Any]:
        """A channel's own report: `{channel, from, to, currency, totals, days, templates, mailboxes}`.

        Raises:
            NotFound: nothing was ever asked for on it.
            Invalid: as `report`.
        """
        own = Asked(asked.first, asked.last, {**(asked.only or {}), "channel": channel})
        days, rows, prices = self._rows("days", own)
        if not rows and all(row.key.channel != channel for row in self._counters.totals()):
            raise NotFound("not_found", f"nothing was sent by {channel!r}")
        _, at_mailboxes, _ = self._rows("mailboxes", Asked(asked.first, asked.last, {"channel": channel}))

        def listed(kind: str, of: Sequence[Row]) -> list[dict[str, Any]]:
            return [shown(line, prices.currency) for line in lines(of, kind, prices)]

        return {
            "channel": channel,
            "from": days[0].isoformat(),
            "to": days[-1].isoformat(),
            "currency": prices.currency,
            "totals": shown(total(rows, prices), prices.currency),
            "days": listed("days", rows),
            "templates": listed("templates", rows),
            "mailboxes": listed("mailboxes", at_mailboxes),
        }

    def funnel(self, lifecycle: str, asked: Asked) -> dict[str, Any]:
        """Who came to each stage of a lifecycle, and went on: `{lifecycle, from, to, stages}`; over all time, unless
        days are named. Who came before the first of them may leave on one of them.

        Raises:
            NotFound: nobody ever came to a stage of it.
            Invalid: `bad_from`, `bad_to`, `bad_range`.
        """
        days = self._days(asked) if asked.first or asked.last else []
        between = (days[0], days[-1]) if days else None
        stages = funnel(self._funnel.ways(lifecycle, between))
        if not stages and not any(True for _ in self._funnel.ways(lifecycle, None)):
            raise NotFound("not_found", f"nobody is in a lifecycle {lifecycle!r}")
        first, last = (days[0].isoformat(), days[-1].isoformat()) if days else (None, None)
        return {"lifecycle": lifecycle, "from": first, "to": last, "stages": stages}

    def summary(self) -> dict[str, Any]:
        """Counts of all messages: `totals` (with those that are `pending`), `by_journey`, `by_channel`, `by_template`,
        `skipped_by_reason`, `rows`."""
        rows = self._counters.totals()
        totals = _sums(rows, ())[()]
        by = {f"by_{name}": _sums(rows, (name,)) for name in ("journey", "channel", "template")}
        ended = sum(totals.get(fate, 0) for fate in ("sent", "skipped", "failed"))
        pending = totals.get("requested", 0) - ended
        return {
            "totals": {
                **{n: a for n, a in totals.items() if not n.startswith(SKIPPED)},
                **({"pending": pending} if pending else {}),
            },
            "skipped_by_reason": {
                n.removeprefix(SKIPPED): a for n, a in totals.items() if n.startswith(SKIPPED)
            },
            **{name: {key[0]: numbers for key, numbers in sums.items()} for name, sums in by.items()},
            "rows": [
                {**dict(zip(("journey", "template", "channel"), key, strict=True)), **numbers}
                for key, numbers in _sums(rows, ("journey", "template", "channel")).items()
            ],
        }

    def _rows(self, kind: str, asked: Asked) -> tuple[list[date], list[Row], Prices]:
        if kind not in KINDS:
            raise NotFound("not_found", f"reports are {', '.join(KINDS)}")
        days = self._days(asked)
        rows = self._counters.days(days, mailboxes=kind == "mailboxes")
        return days, [row for row in rows if asked.wants(row)], self._priced.prices()

    def _days(self, asked: Asked) -> list[date]:
        last = _day(asked.last, "to") or self._clock.now().date()
        first = _day(asked.first, "from") or last - timedelta(days=USUAL_DAYS - 1)
        if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
            raise Invalid("bad_range", f"from and to: 1 to {MOST_DAYS} days")
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _day(text: str, name: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(f"bad_{name}", f"{name}: must be a day such as 2026-01-31") from None


def _place(place: Any) -> int:
    if not isinstance(place, int) or place < 0:
        raise ValueError("no place")
    return place


def _sums(rows: Iterable[Row], names: tuple[str, ...]) -> dict[tuple[str, ...], dict[str, int]]:
    sums: dict[tuple[str, ...], Counter[str]] = {} if names else {(): Counter()}
    for row in rows:
        about = tuple(getattr(row.key, name) for name in names)
        sums.setdefault(about, Counter()).update(row.numbers)
    return {
        about: {name: n for name, n in sorted(sums[about].items()) if n and name != "units"}
        for about in sorted(sums)
    }
