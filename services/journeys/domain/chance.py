"""Chance that is the same each time: where a person falls in a split."""

from __future__ import annotations

import hashlib

from services.journeys.domain.nodes import Share, Split
from services.shared.conditions.leaves import bucket_of


def position(seed: str, profile_id: str) -> float:
    """Where a profile falls, in percent (0 <= p < 100), in agreement with a `bucket` clause of the same seed."""
    finer = hashlib.sha256(f"{seed}/{profile_id}".encode()).digest()[:4]
    return (bucket_of(seed, profile_id) + int.from_bytes(finer, "big") / 2**32) / 100


def arm_of(split: Split, seed: str, profile_id: str, winner: str | None) -> Share:
    """The arm a person takes: the `winner` where there is one, unless chance holds them out."""
    end, at = 0.0, position(seed, profile_id)
    fallen = split.arms[-1]
    for arm in split.arms:
        end += arm.percent
        if at < end:
            fallen = arm
            break
    best = next((arm for arm in split.arms if arm.name == winner), None)
    return fallen if best is None or fallen.holdout else best
