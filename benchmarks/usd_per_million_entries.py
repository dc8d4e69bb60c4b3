"""Dollars, and state transitions, per journey entry: enter, wait, check + send, wait, check + send, exit.

A thousand people a minute enter a journey whose admission window is a minute; they are told by ten facts of a hundred
people, spread over the minute. The check is the condition of each send's claim: still active, still in this cohort.
Counted is what journeys does, from the facts in its queue to the requests on the bus: delivery's part is a price a
message, not a price an entry. Scoring tells of a change's new facts and of its segments in one go; keeping the standing
from the former is in `usd_per_million_events`, which pays it whether or not somebody enters, and is not counted again.

The curve is the same journey at 1, 10, 100 and 1,000 entries a minute, each measured over a minute, beside the same
document without an admission window, which is one execution a person. What a minute of 10,000 entries costs is
reckoned from those of 100 and 1,000: a cohort costs what it costs, and so does a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.meter import Meter
from benchmarks.prices import Prices
from benchmarks.results import Report, Result
from services.shared.clock import to_iso
from services.shared.contracts.base import Fact
from services.shared.contracts.scoring import ScoreChange, ScoreChanged, SegmentEntered, SegmentMove, Standing
from services.shared.ids import stable_id
from tests.support.road import Road
from tests.support.shop import open_shop, publish
from tests.support.templates import Templates, synthesise

BUDGET = 3.00
MINUTES = 2
FACTS_A_MINUTE = 10
PEOPLE_A_FACT = 100
START = datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)
RATES = {1: 1, 10: 1, 100: 1, 1_000: 10}
"""Entries a minute, and in how many facts they are told."""
JOURNEY: dict[str, Any] = {
    "name": "reference",
    "title": "Two messages with a month between them",
    "objective": "welcome",
    "angle": "lifecycle",
    "portfolio": "base",
    "brief": {
        "who": "everybody of the cost figures",
        "why": "to know what an entry costs",
        "channels": ["email"],
        "needed_data": ["email"],
    },
    "entry": {"on": [{"segment_entered": "first_order"}], "reentry": "never"},
    "admission": "PT1M",
    "exit_on": [{"segment_exited": "first_order"}],
    "start": "wait_1_day",
    "nodes": {
        "wait_1_day": {"type": "wait", "for": "P1D", "next": "thank_you"},
        "thank_you": {"type": "send", "template": "thank_you", "channels": ["email"], "next": "wait_30_days"},
        "wait_30_days": {"type": "wait", "for": "P30D", "next": "offer"},
        "offer": {"type": "send", "template": "offer", "channels": ["email"], "next": "completed"},
        "completed": {"type": "exit", "reason": "completed"},
    },
}


def run(report: Report) -> list[Result]:
    """The price of a million entries, and the transitions of a thousand."""
    templates, prices = Templates(synthesise()), Prices.load()
    report("one person alone", 0)
    alone = _walk(templates, Meter(prices), 1, 1, 1, lambda *_: None).transitions
    meter = Meter(prices)
    transitions = _walk(templates, meter, MINUTES, FACTS_A_MINUTE, PEOPLE_A_FACT, report).transitions
    entries = MINUTES * FACTS_A_MINUTE * PEOPLE_A_FACT
    a_person = {"one execution a person": prices.usd("states.transition", alone * 1_000_000)}
    return [
        Result(
            "usd_per_million_entries",
            meter.usd() / entries * 1_000_000,
            "USD per million entries",
            a_person,
            BUDGET,
            meter.lines(entries),
        ),
        Result(
            "transitions_per_1000_entries",
            transitions / entries * 1000,
            "state transitions",
            {"one execution a person": alone * 1000},
        ),
        _curve(templates, prices, report),
    ]


def _curve(templates: Templates, prices: Prices, report: Report) -> Result:
    """Dollars and executions a million entries by how many enter in a minute; the value is that of ten a minute."""
    by_rate = {}
    for rate, facts in RATES.items():
        report(f"{rate} a minute", 0.9)
        by_rate[rate] = _walk(templates, Meter(prices), 1, facts, rate // facts, lambda *_: None)
    a_person = (by_rate[1_000].usd - by_rate[100].usd) / 900
    most = _Walked(by_rate[1_000].usd + 9_000 * a_person, by_rate[1_000].transitions, 1)
    report("one execution a person", 0.95)
    alone = _walk(templates, Meter(prices), 1, 1, 10, lambda *_: None, {**JOURNEY, "admission": "PT0S"})
    rows = [(f"{rate} a minute", walked, rate) for rate, walked in by_rate.items()]
    rows += [("10000 a minute, reckoned", most, 10_000), ("one execution a person, at any rate", alone, 10)]
    return Result(
        "usd_per_million_entries_at_10_a_minute",
        by_rate[10].usd / 10 * 1_000_000,
        "USD per million entries",
        {"one execution a person": alone.usd / 10 * 1_000_000},
        breakdown=[
            {
                "part": said,
                "unit": "executions",
                "amount": round(walked.executions / people * 1_000_000),
                "usd": round(walked.usd / people * 1_000_000, 4),
            }
            for said, walked, people in rows
        ],
    )


@dataclass(frozen=True)
class _Walked:
    """What some walks came to."""

    usd: float
    transitions: float
    executions: int


def _walk(
    templates: Templates,
    meter: Meter,
    minutes: int,
    facts: int,
    people: int,
    report: Report,
    journey: Mapping[str, Any] = JOURNEY,
) -> _Walked:
    """Let people enter and walk to the end.

    Raises:
        AssertionError: somebody did not get both messages, or work was given up.
    """
    with Road(templates, START, meter, idle_services=frozenset({"delivery"})) as road:
        open_shop(road, ("segments",))
        publish(road, "journeys", "reference", dict(journey))
        _enter(
            road, meter, "warm", 1
        )  # caches are filled by somebody who has left again when counting begins
        road.advance(timedelta(days=32), schedules_every=None)
        before = len(road.fabric.executions)
        meter.running = True
        for minute in range(minutes):
            for fact in range(facts):
                _enter(road, meter, f"{minute}-{fact}", people)
                road.advance(timedelta(seconds=60 / facts), schedules_every=None)
            report("entering", 0.5 * (minute + 1) / minutes)
        road.advance(timedelta(days=32), schedules_every=None)
        meter.running = False
        report("walked", 0.99)
        requested = sum(len(fact["requests"]) for fact in road.facts("MessageRequested.v1"))
        assert requested == 2 * (minutes * facts * people + 1), requested
        assert not road.dead_letters(), road.dead_letters()[:3]
        executions = len(road.fabric.executions) - before
        return _Walked(meter.usd(), meter.amount("states.transition"), executions)


def _enter(road: Road, meter: Meter, group: str, people: int) -> None:
    """Scoring says that people began to match the journey's segment."""
    now = road.clock.now()
    moves = [_move(stable_id("prf", group, str(i)), now) for i in range(people)]
    counting, meter.running = meter.running, False
    _tell(road, ScoreChanged(changes=[ScoreChange(standing=move.standing) for move in moves]))
    meter.running = counting
    _tell(road, SegmentEntered(moves=moves))


def _tell(road: Road, fact: Fact) -> None:
    road.fabric.put_event(fact.source, fact.detail_type, fact.model_dump_json(exclude_none=True))
    road.deliver()


def _move(profile_id: str, now: datetime) -> SegmentMove:
    standing = Standing(
        profile_id=profile_id,
        version=1,
        at=now,
        facts={
            "orders": 1,
            "revenue": 11.77,
            "first_order_at": to_iso(now),
            "last_order_at": to_iso(now),
            "average_basket": 11.77,
        },
        scores={"engagement": 10},
        segments=["first_order"],
    )
    return SegmentMove(segment="first_order", at=now, standing=standing)
