"""Dollars per million customer events: front door, ingest, scoring, segments, and journeys' trigger match.

200 events a second: ten requests of 20 events reach the consumer together (Lambda's batching window is a second).
Everybody has ordered before, so no measured event starts a journey: entries have a price of their own
(`usd_per_million_entries`). Not in the figure, because they don't grow with events: idle polls, schedules, storage.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from benchmarks.meter import Meter
from benchmarks.naive import usd_per_million
from benchmarks.prices import Prices
from benchmarks.results import Report, Result
from benchmarks.traffic import Traffic
from tests.support.road import Road
from tests.support.shop import Shop, open_shop
from tests.support.templates import Templates, synthesise

BUDGET = 1.00
INGEST_BUDGET = 0.75
FLOOR = 0.11
"""Dollars for what no design avoids: 20 events in one request, one message, one write of 1 KB for 20 events."""

EVENTS_A_REQUEST = 20
PROFILES_A_REQUEST = 5
REQUESTS_A_SECOND = 10
SECONDS = 12
USERS = 300
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEED = 20


def run(report: Report) -> list[Result]:
    """Four events of a person in a request; of that ingest alone and scoring alone; every event another person's."""
    templates, prices = Templates(synthesise()), Prices.load()
    report("warming up", 0)
    together = Meter(prices)
    with _warm_shop(templates, together) as (shop, traffic):
        _measure(shop, traffic, together, PROFILES_A_REQUEST, _part(report, 0))
    apart = Meter(prices)
    with _warm_shop(templates, apart) as (shop, traffic):
        _measure(shop, traffic, apart, EVENTS_A_REQUEST, _part(report, 1))
    naive = Meter(prices)
    with Road(templates, START, naive) as road:
        naive_usd = usd_per_million(road, naive)
    against = {"naive design, same meter": naive_usd, "physical floor": FLOOR}
    return [
        _result("usd_per_million_events", together, against, BUDGET),
        _alone("ingest", together, INGEST_BUDGET),
        _alone("scoring", together, None),
        _result("usd_per_million_events_spread", apart, against, None),
    ]


def _part(report: Report, number: int) -> Report:
    """The progress of one of two runs as that of the whole."""
    return lambda doing, done: report(doing, 0.99 * (number + done) / 2)


@contextmanager
def _warm_shop(templates: Templates, meter: Meter) -> Iterator[tuple[Shop, Traffic]]:
    """A shop whose users all ordered an hour ago and wait in a journey; nothing is measured yet."""
    with Road(templates, START, meter) as road:
        shop, traffic = open_shop(road), Traffic(SEED, USERS)
        for request in traffic.first_orders(road.clock.now()):
            assert shop.batch(request).status == 200
        road.deliver()
        road.advance(timedelta(hours=1), schedules_every=None)
        yield shop, traffic
        assert not road.dead_letters(), road.dead_letters()[:3]


def _measure(shop: Shop, traffic: Traffic, meter: Meter, profiles: int, report: Report) -> None:
    road = shop.road
    for second in range(SECONDS + 1):
        meter.running = second > 0  # the first second finds cold caches
        now = road.clock.now()
        for request in traffic.requests(
            REQUESTS_A_SECOND, profiles=profiles, events=EVENTS_A_REQUEST, at=now
        ):
            assert shop.batch(request).status == 200
        road.deliver()
        road.clock.advance(timedelta(seconds=1))
        report(f"{profiles} people a request", second / SECONDS)
    meter.running = False


def _result(name: str, meter: Meter, against: dict[str, float], budget: float | None) -> Result:
    events = SECONDS * REQUESTS_A_SECOND * EVENTS_A_REQUEST
    value = meter.usd() / events * 1_000_000
    return Result(name, value, "USD per million events", against, budget, meter.lines(events))


def _alone(service: str, meter: Meter, budget: float | None) -> Result:
    """What one service costs of it, to its own table's stream and what it tells; not what others make of that."""
    events = SECONDS * REQUESTS_A_SECOND * EVENTS_A_REQUEST
    whole = meter.usd() / events * 1_000_000
    lines = [line for line in meter.lines(events) if str(line["part"]).startswith(f"{service}.")]
    value = sum(float(line["usd"]) for line in lines)
    return Result(
        f"usd_per_million_events_{service}",
        value,
        "USD per million events",
        {"of all services": whole},
        budget,
        lines,
    )
