"""Does the time of an answer tell whether an address is known? Somebody asks for a permission at addresses that gave
one and at addresses that nobody has heard of, in turns, and the medians are held against each other.

The floor beside it is chance: the unknown ones in two halves. That the same calls are made is a test of its own
(tests/integration/consent/test_opt_in.py); this measures what is left, our own work.
"""

from __future__ import annotations

import gc
import random
import time
from datetime import UTC, datetime
from statistics import median

from benchmarks.results import Report, Result
from tests.support.road import Road
from tests.support.shop import Shop, open_shop
from tests.support.templates import Templates, synthesise

PEOPLE = 150
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
BUDGET = 1.05
_FORM = {
    "purpose": "newsletter",
    "channel": "email",
    "text_version": "2026-1",
    "language": "en",
    "form": "f@1",
}


def run(report: Report) -> list[Result]:
    """The ratio of the medians; 1 tells nothing."""
    taken: dict[str, list[float]] = {"known": [], "unknown": []}
    with Road(Templates(synthesise()), START) as road:
        shop = open_shop(road, kinds=("purposes", "templates"))
        known = [f"known{n}@example.com" for n in range(PEOPLE)]
        for number, address in enumerate(known):
            _confirmed(shop, address)
            report("opting in", number / PEOPLE / 2)
        asked = [("known", address) for address in known]
        asked += [("unknown", f"stranger{n}@example.com") for n in range(PEOPLE)]
        random.Random(0).shuffle(asked)
        gc.collect()
        gc.freeze()
        for number, (kind, address) in enumerate(asked):
            taken[kind].append(_milliseconds(road, address))
            report("asking", 0.5 + number / len(asked) / 2)
        gc.unfreeze()
    unknown = taken["unknown"]
    return [
        Result(
            "opt_in_time_known_over_unknown",
            median(taken["known"]) / median(unknown),
            "time of an answer, median over median",
            {
                "unknown addresses in two halves": median(unknown[::2]) / median(unknown[1::2]),
                "ms at an unknown address": median(unknown),
            },
            budget=BUDGET,
        )
    ]


def _confirmed(shop: Shop, address: str) -> None:
    shop.sign_up(address)
    shop.road.deliver()
    if shop.confirm(shop.road.outbox[-1]).status != 200:
        raise AssertionError("an address could not opt in")


def _milliseconds(road: Road, address: str) -> float:
    begin = time.perf_counter()
    answer = road.http("POST", "/consents/requests", body={**_FORM, "address": address})
    taken = (time.perf_counter() - begin) * 1_000
    if answer.status != 202:
        raise AssertionError(f"asking was answered with {answer.status}")
    return taken
