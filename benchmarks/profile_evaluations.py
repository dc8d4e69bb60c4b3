"""How many profiles a second are judged by 100 segments: one core, one process, nothing but the condition language.

The segments are of the kinds that marketers make (recency, frequency, money, interest, abandoned carts, birthdays,
products held); the people have 120 events each over a year. Judging a profile is 100 evaluations; a profile that
changed also needs the next flip of all, which is the second figure. The memory is what its tracks take as JSON.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import mean, median
from typing import Any

from benchmarks.results import Report, Result
from services.shared.clock import to_iso
from services.shared.conditions import Condition, evaluate, fold, next_flip, parse, prune, tracks_of
from services.shared.conditions.matching import compile_patterns
from services.shared.contracts.ingest import CustomerEvent

SEED = 36
PROFILES = 40
EVENTS = 120
ROUNDS = 15
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CATEGORIES = ("jazz", "rock", "folk", "soul", "blues")


def definitions() -> list[dict[str, Any]]:
    """One hundred segments."""
    found: list[dict[str, Any]] = []
    for i in range(10):
        days, category = f"P{(i + 1) * 10}D", CATEGORIES[i % len(CATEGORIES)]
        viewed = {"event": "Product Viewed", "where": {"prop": "category", "eq": category}, "within": days}
        abandoned = [
            {"event": "Product Added"},
            {"event": "Order Completed", "within": f"PT{i + 1}H", "absent": True},
        ]
        found += [
            {"event": "Order Completed", "within": days, "count": {"eq": 0}},
            {"all": [{"fact": "orders", "gte": i + 1}, {"fact": "last_order_at", "older_than": days}]},
            {"event": "Order Completed", "within": "P365D", "sum": {"of": "revenue", "gte": 50 * (i + 1)}},
            {**viewed, "count": {"gte": 3}, "since": {"event": "Order Completed"}},
            {"sequence": abandoned, "within": "P7D"},
            {"trait": "birthday", "anniversary": {"within_next": f"P{i}D"}, "zone": "Europe/Amsterdam"},
            {"relation": "product", "where": {"field": "first_at", "older_than": days}},
            {"event": "Email Opened", "last": {"of": "@at", "older_than": days}},
            {"any": [{"trait": "city", "in": ["Gent", "Delft"]}, {"score": "engagement", "gte": 10 * i}]},
            {"all": [{"fact": "revenue", "gte": 100}, {"none": [{**viewed, "count": {"gte": 5}}]}]},
        ]
    return found


def run(report: Report) -> list[Result]:
    """Judged, judged with next flips, and bytes of tracks."""
    report("remembering", 0)
    conditions = [parse(document) for document in definitions()]
    views = _views(conditions)
    size = mean(len(json.dumps(view["tracks"], separators=(",", ":"))) for view in views)

    def judge() -> None:
        for view in views:
            for condition in conditions:
                evaluate(condition, view, NOW)

    def foresee() -> None:
        for view in views:
            for condition in conditions:
                evaluate(condition, view, NOW)
                next_flip(condition, view, NOW)

    taken: dict[str, list[float]] = {"judge": [], "foresee": []}
    for turn in range(ROUNDS):
        taken["judge"].append(_seconds(judge))
        taken["foresee"].append(_seconds(foresee))
        report("judged", turn / ROUNDS)
    return [
        Result(
            "profile_evaluations_per_second_100_segments",
            PROFILES / median(taken["judge"]),
            "profiles a second and core, 100 segments each",
            {"with the next flip of each": PROFILES / median(taken["foresee"])},
        ),
        Result("track_bytes_per_profile_100_segments", size, "bytes of JSON, 120 events in a year"),
    ]


def _views(conditions: Sequence[Condition]) -> list[dict[str, Any]]:
    specs = tracks_of(track for condition in conditions for track in condition.tracks())
    matcher, seeded = compile_patterns(spec.pattern for spec in specs), random.Random(SEED)
    views = []
    for number in range(PROFILES):
        states: Mapping[str, Any] = {}
        for event in _events(seeded):
            states = fold(states, event, specs, matcher(f"track:{event.name}", event.properties))
        views.append({**_known(seeded), "profile_id": f"p{number}", "tracks": prune(states, specs, NOW)})
    return views


def _events(seeded: random.Random) -> list[CustomerEvent]:
    names = ["Product Viewed", "Product Added", "Email Opened", "Order Completed"]
    return [
        CustomerEvent(
            message_id=str(n),
            type="track",
            name=seeded.choices(names, [70, 15, 10, 5])[0],
            at=NOW - timedelta(minutes=seeded.randrange(365 * 24 * 60)),
            properties={"category": seeded.choice(CATEGORIES), "revenue": seeded.randrange(500, 9_000) / 100},
        )
        for n in range(EVENTS)
    ]


def _known(seeded: random.Random) -> dict[str, Any]:
    ago = [to_iso(NOW - timedelta(days=seeded.randrange(1, 200))) for _ in range(4)]
    return {
        "facts": {"orders": seeded.randrange(9), "revenue": seeded.randrange(300), "last_order_at": ago[0]},
        "traits": {"birthday": f"19{seeded.randrange(50, 99)}-0{seeded.randrange(1, 9)}-11", "city": "Delft"},
        "scores": {"engagement": seeded.randrange(100)},
        "relations": {"product": [{"id": at, "status": "held", "first_at": at} for at in ago[1:]]},
    }


def _seconds(call: Callable[[], None]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began
