"""What a benchmark says: a value, what it is held against, and the budget it must keep."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("results.json")
TOLERANCE = 1.10
"""A budget may be missed by so much before the run fails: CPU time is measured, and machines differ."""

Report = Callable[[str, float], None]
"""Told of progress: what is being done, and the part of the benchmark that is done (0 to 1)."""


@dataclass(frozen=True)
class Result:
    """One measured figure.

    `against` names what else would be: other designs, or a floor. `breakdown` says where the value comes from.
    A budget is the most that the value may be or, if `more_is_better`, the least.
    """

    name: str
    value: float
    unit: str
    against: Mapping[str, float] = field(default_factory=dict)
    budget: float | None = None
    breakdown: Sequence[Mapping[str, Any]] = ()
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """The value over the first thing it is held against."""
        first = next(iter(self.against.values()), None)
        return self.value / first if first else None

    @property
    def ok(self) -> bool:
        """Within budget, or without one."""
        return self._keeps(1.0)

    @property
    def fails(self) -> bool:
        """Beyond the budget by more than the tolerance."""
        return not self._keeps(TOLERANCE)

    def _keeps(self, tolerance: float) -> bool:
        if self.budget is None:
            return True
        if self.more_is_better:
            return self.value * tolerance >= self.budget
        return self.value <= self.budget * tolerance

    def as_json(self) -> dict[str, Any]:
        """The form of `results.json`, rounded to three significant digits."""
        return {
            "name": self.name,
            "value": rounded(self.value),
            "unit": self.unit,
            "against": {name: rounded(value) for name, value in self.against.items()},
            "ratio": None if self.ratio is None else rounded(self.ratio),
            "budget": self.budget,
            "ok": self.ok,
            **({"breakdown": list(self.breakdown)} if self.breakdown else {}),
        }


def rounded(value: float) -> float:
    """Three significant digits: more would pretend."""
    return float(f"{value:.3g}")


def save(results: Sequence[Result], file: Path = FILE) -> None:
    """Write results, replacing those of the same name and keeping the others."""
    known = {one["name"]: one for one in json.loads(file.read_text())} if file.exists() else {}
    known.update({one.name: one.as_json() for one in results})
    file.write_text(json.dumps([known[name] for name in sorted(known)], indent=2) + "\n")
