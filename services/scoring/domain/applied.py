"""Which versions of a profile have been taken in: each exactly once, in whatever order they come."""

from __future__ import annotations

from dataclasses import dataclass

MAX_RANGES = 64
"""Runs of versions remembered; then the oldest gap is given up, so that lost changes can't grow the item."""


@dataclass(frozen=True)
class AppliedVersions:
    """Ascending, disjoint, closed ranges of versions. In calm weather there is one: everything from 1 on."""

    ranges: tuple[tuple[int, int], ...] = ()

    @property
    def newest(self) -> int:
        """The highest version taken in, 0 before the first."""
        return self.ranges[-1][1] if self.ranges else 0

    @classmethod
    def before(cls, version: int) -> AppliedVersions:
        """Every version below `version`."""
        return cls(((1, version - 1),) if version > 1 else ())

    def __contains__(self, version: int) -> bool:
        return any(low <= version <= high for low, high in self.ranges)

    def add(self, version: int) -> AppliedVersions:
        """These and `version`; a gap that closes joins its neighbours."""
        if version in self:
            return self
        merged: list[tuple[int, int]] = []
        for low, high in sorted([*self.ranges, (version, version)]):
            if merged and low == merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], high)
            else:
                merged.append((low, high))
        if len(merged) > MAX_RANGES:
            merged[:2] = [(merged[0][0], merged[1][1])]
        return AppliedVersions(tuple(merged))
