"""How many of all, judged by some of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from services.scoring.domain.analysis.evidence import Share


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
    """What `hits` of `sampled` at random say of `total`; at least those that were seen."""
    if not sampled or not total:
        return Estimate(0, 0, total)
    share = Share(hits, sampled)
    believable = share.interval()
    low, high = math.floor(believable.low * total), math.ceil(believable.high * total)
    return Estimate(
        min(max(hits, round(share.rate * total)), total), min(max(hits, low), total), min(high, total)
    )
