"""ISO 8601 durations of fixed length."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache

MAX_DURATION = timedelta(days=36_500)

_SHAPE = re.compile(
    r"P(?:(?P<weeks>\d{1,6})W)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?:(?P<hours>\d{1,7})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,10})S)?)?",
    re.ASCII,
)
_CALENDAR = re.compile(r"P[^T]*[YM]")


@lru_cache(maxsize=1024)  # rules hold few, and ask for their length at each look
def parse_duration(text: str) -> timedelta:
    """The length of `PnW`, `PnD` or `PTnHnMnS` (whole numbers, combined in that order).

    Raises:
        ValueError: it is no such duration, counts years or months (they have no fixed length), or is longer
            than 100 years.
    """
    if _CALENDAR.match(text):
        raise ValueError("years and months have no fixed length, say it in days or weeks (P90D)")
    shape = _SHAPE.fullmatch(text)
    parts = {unit: int(n) for unit, n in shape.groupdict().items() if n} if shape else {}
    if not parts or text.endswith("T"):
        raise ValueError("must be an ISO 8601 duration such as P90D, P2W or PT36H")
    duration = timedelta(**parts)
    if duration > MAX_DURATION:
        raise ValueError("is longer than 100 years")
    return duration
