"""People whose behaviour follows a rule that a test planted."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from services.scoring.domain.analysis.observing import Trail

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
GOAL, EVENT = "Appointment Made", "Simulation Run"
NOISE = tuple(f"Noise {n}" for n in range(12))


def trails(
    people: int, seed: int, *, more_than: int = 2, likely: float = 0.5, base: float = 0.08
) -> list[Trail]:
    """Each runs 0 to 6 simulations in a month, and reaches the goal within two days of it: as `likely` says with
    `more_than` simulations, otherwise as `base` says. What is in `NOISE` has nothing to do with it."""
    rng = random.Random(seed)
    found = []
    for number in range(people):
        begin = START + DAY * rng.uniform(0, 120)
        times = rng.randint(0, 6)
        events = [(begin, "Visited")]
        events += [(begin + DAY * rng.uniform(0, 28), EVENT) for _ in range(times)]
        for name in NOISE:
            events += [(begin + DAY * rng.uniform(0, 28), name)] * (rng.random() < 0.3)
        if rng.random() < (likely if times > more_than else base):
            events.append((begin + DAY * rng.uniform(28, 30), GOAL))
        rng.shuffle(events)
        found.append(Trail(f"p{number}", events))
    return found
