"""How many of all, judged by some of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z95 = 1.959964
"""Standard deviations within which 95 % of a normal distribution lie."""


@dataclass(frozen=True)
class Estimate:
    """A number, and the 95 % interval in which it lies; both ends are the number itself where it was counted."""

    count: int
    low: int
    high: int


def counted(hits: int) -> Estimate:
    """All were looked at."""
    return Estimate(hits, hits, hits)


def estimated(hits: int, sampled: int, total: int) -> Estimate:
    """What `hits` of `sampled` at random say of `total` (Wilson's score interval, which holds for rare things too)."""
    if not sampled or not total:
        return Estimate(0, 0, total)
    share = hits / sampled
    spread = Z95 * math.sqrt(share * (1 - share) / sampled + Z95**2 / (4 * sampled**2))
    scale, centre = 1 + Z95**2 / sampled, share + Z95**2 / (2 * sampled)
    low, high = max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
    return Estimate(
        round(share * total), max(hits, math.floor(low * total)), min(total, math.ceil(high * total))
    )
