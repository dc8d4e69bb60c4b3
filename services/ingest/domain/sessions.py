"""Visits, read from a timeline: which pages, for how long, for which products, and where they broke off.

A session is a run of steps of one person on the web or in an app without a pause of `GAP`. Dwell is the time from one
page (or screen) to the next, or to the last sign of life of the visit; a client that measures it itself says so in
`properties.dwell_seconds`. A product is looked at from its page, or from `Product Viewed`, until the next product or
page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.shared.clock import to_iso
from services.shared.contracts.ingest import CustomerEvent
from services.shared.interaction import interaction_of

GAP = timedelta(minutes=30)
"""A pause that long ends a visit."""

SAME_LOOK = timedelta(seconds=2)
"""Clients send a product's page and its `Product Viewed` together, in either order."""

_FUNNEL = frozenset(
    {
        "Product Viewed",
        "Product Added",
        "Cart Viewed",
        "Checkout Started",
        "Checkout Step Viewed",
        "Checkout Step Completed",
        "Payment Info Entered",
    }
)
_ORDERED = "Order Completed"
_VISIT_CHANNELS = frozenset({"web", "app", "other"})


@dataclass(frozen=True)
class Session:
    """One visit. Seconds are whole; `dropoff_step` is "" for a visit that ended in an order."""

    started_at: datetime
    ended_at: datetime
    pages: tuple[Mapping[str, Any], ...]
    last_step: str
    dropoff_step: str
    dwell_by_product: Mapping[str, int]
    banners_seen: tuple[str, ...]
    banners_clicked: tuple[str, ...]
    orders: int

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "started_at": to_iso(self.started_at),
            "ended_at": to_iso(self.ended_at),
            "seconds": _seconds(self.ended_at - self.started_at),
            "pages": [dict(page) for page in self.pages],
            "last_step": self.last_step,
            "dropoff_step": self.dropoff_step,
            "dwell_by_product": dict(self.dwell_by_product),
            "banners_seen": list(self.banners_seen),
            "banners_clicked": list(self.banners_clicked),
            "orders": self.orders,
        }


def sessions_of(events: Iterable[CustomerEvent]) -> list[Session]:
    """The visits in `events` (in any order), oldest first. A run without a page or screen is no visit."""
    steps = sorted((e for e in events if _is_step(e)), key=lambda e: (e.at, e.message_id))
    return [_session(run) for run in _runs(steps) if any(_is_view(e) for e in run)]


def _is_step(event: CustomerEvent) -> bool:
    if _is_view(event):
        return True
    met = interaction_of(event)
    return event.type == "track" and met.direction == "inbound" and met.channel in _VISIT_CHANNELS


def _is_view(event: CustomerEvent) -> bool:
    return event.type in ("page", "screen")


def _runs(steps: Sequence[CustomerEvent]) -> Iterator[list[CustomerEvent]]:
    run: list[CustomerEvent] = []
    for step in steps:
        if run and step.at - run[-1].at >= GAP:
            yield run
            run = []
        run.append(step)
    if run:
        yield run


def _session(run: Sequence[CustomerEvent]) -> Session:
    views = [e for e in run if _is_view(e)]
    end = run[-1].at
    return Session(
        started_at=run[0].at,
        ended_at=end,
        pages=tuple(_page(view, until) for view, until in _spans(views, end)),
        last_step=_step_name(views[-1]),
        dropoff_step=_dropoff(run),
        dwell_by_product=_dwell_by_product(run, end),
        banners_seen=_banners(run, "Promotion Viewed"),
        banners_clicked=_banners(run, "Promotion Clicked"),
        orders=sum(e.name == _ORDERED for e in run),
    )


def _spans(events: Sequence[CustomerEvent], end: datetime) -> Iterator[tuple[CustomerEvent, datetime]]:
    """Each event with the moment the next one took over."""
    yield from zip(events, (*(e.at for e in events[1:]), end), strict=True)


def _page(view: CustomerEvent, until: datetime) -> dict[str, Any]:
    path = view.properties.get("path") or view.properties.get("url")
    page: dict[str, Any] = {"name": _step_name(view), "at": to_iso(view.at), "dwell": _dwell(view, until)}
    return {**page, "path": path} if isinstance(path, str) else page


def _dwell(event: CustomerEvent, until: datetime) -> int:
    measured = event.properties.get("dwell_seconds")
    if isinstance(measured, int | float) and not isinstance(measured, bool) and 0 <= measured <= 86_400:
        return round(measured)
    return _seconds(until - event.at)


def _dwell_by_product(run: Sequence[CustomerEvent], end: datetime) -> dict[str, int]:
    looks: list[CustomerEvent] = []
    for step in run:
        if not (_is_view(step) or step.name == "Product Viewed"):
            continue
        if looks and _product(looks[-1]) and not _product(step) and step.at - looks[-1].at <= SAME_LOOK:
            continue
        looks.append(step)
    total: dict[str, int] = defaultdict(int)
    for look, until in _spans(looks, end):
        product = _product(look)
        if product:
            total[product] += _dwell(look, until)
    return dict(sorted(total.items()))


def _product(event: CustomerEvent) -> str:
    value = event.properties.get("product_id") or event.properties.get("sku")
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _dropoff(run: Sequence[CustomerEvent]) -> str:
    """The last step towards an order after which none came; a visit without such a step broke off at its last page."""
    names = [e.name for e in run]
    if _ORDERED in names:
        after = len(names) - names[::-1].index(_ORDERED)
        open_ = [e for e in run[after:] if e.name in _FUNNEL and e.name != "Product Viewed"]
        return _funnel_name(open_[-1]) if open_ else ""
    towards = [e for e in run if e.name in _FUNNEL]
    views = [e for e in run if _is_view(e)]
    return _funnel_name(towards[-1]) if towards else _step_name(views[-1])


def _funnel_name(event: CustomerEvent) -> str:
    step = event.properties.get("step")
    numbered = event.name.startswith("Checkout Step") and isinstance(step, str | int)
    return f"{event.name} {step}" if numbered else event.name


def _step_name(view: CustomerEvent) -> str:
    """A page without a name is known by its path or title."""
    if view.name != view.type:
        return view.name
    named = (view.properties.get(field) for field in ("path", "title", "url"))
    return next((text for text in named if isinstance(text, str) and text), view.name)


def _banners(run: Sequence[CustomerEvent], name: str) -> tuple[str, ...]:
    ids = (e.properties.get("banner_id") or e.properties.get("promotion_id") for e in run if e.name == name)
    return tuple(dict.fromkeys(str(one) for one in ids if isinstance(one, str | int)))


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())
