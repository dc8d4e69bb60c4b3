"""What the splits of a journey tell: lift over the control group, and what is to be changed by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.journeys.domain.experiments import Lift, control_of, lifts, share_of
from services.journeys.domain.figures import Arm
from services.journeys.domain.nodes import Split
from services.journeys.ports.definitions import Definitions
from services.journeys.ports.running import Counters
from services.journeys.service.versions import versions_of

NOTED = ("hypothesis", "target", "result", "next_change")


class Experimenting:
    """Tells what came of each arm of the newest version's splits, over all versions."""

    def __init__(self, definitions: Definitions, counters: Counters) -> None:
        self._definitions = definitions
        self._counters = counters

    def of(self, journey: str) -> dict[str, Any]:
        """`{name, version, noted, splits: [{node, control, arms}]}`. `noted` is what the brief says: what was expected,
        what came of it, and what is to be changed next.

        Raises:
            NotFound: `unknown_journey`.
        """
        newest = versions_of(self._definitions, journey)[-1]
        brief = newest.document.brief
        counted = self._counters.of([journey])[journey].arms
        return {
            "name": journey,
            "version": newest.version,
            "noted": {name: said for name in NOTED if brief and (said := getattr(brief, name))},
            "splits": [_shown(node, split, counted) for node, split in newest.document.of_type(Split)],
        }


def _shown(node: str, split: Split, counted: Mapping[str, Arm]) -> dict[str, Any]:
    arms = {arm.name: counted.get(f"{node}:{arm.name}", Arm()) for arm in split.arms}
    found = lifts(split, arms)
    return {
        "node": node,
        "control": control_of(split),
        "arms": [
            {
                "name": arm.name,
                "percent": arm.percent,
                "holdout": arm.holdout,
                **_counts(arms[arm.name]),
                "lift": _lift(found.get(arm.name)),
            }
            for arm in split.arms
        ],
    }


def _counts(arm: Arm) -> dict[str, Any]:
    share = share_of(arm)
    interval = share.interval()
    return {
        "came": arm.came,
        "reached": arm.reached,
        "rate": round(share.rate, 6) if share.of else None,
        "low": round(interval.low, 6),
        "high": round(interval.high, 6),
        "worth": {currency: amount / 100 for currency, amount in arm.worth.items()},
    }


def _lift(lift: Lift | None) -> dict[str, Any] | None:
    if lift is None:
        return None
    return {
        "gap": round(lift.gap, 6),
        "low": round(lift.interval.low, 6),
        "high": round(lift.interval.high, 6),
        "relative": None if lift.relative is None else round(lift.relative, 4),
        "p": round(lift.p, 6),
        "significant": lift.significant,
    }
