"""Local times that come again: a start and an RFC 5545 rule."""

from __future__ import annotations

import re
from datetime import datetime

from dateutil.rrule import rrule, rrulestr

_PARTS = {
    "FREQ": r"DAILY|WEEKLY|MONTHLY|YEARLY",
    "INTERVAL": r"[1-9]\d{0,2}",
    "COUNT": r"[1-9]\d{0,3}",
    "UNTIL": r"\d{8}(T\d{6})?",
    "WKST": r"MO|TU|WE|TH|FR|SA|SU",
    "BYMONTH": r"[\d,]+",
    "BYMONTHDAY": r"[\d,-]+",
    "BYYEARDAY": r"[\d,-]+",
    "BYWEEKNO": r"[\d,-]+",
    "BYDAY": r"[\dA-Z,+-]+",
    "BYSETPOS": r"[\d,-]+",
}
_LATE = 9_980
"""A year near the end of the calendar: a rule that never comes is searched up to there and no further."""


def recurrence(start: str, rule: str | None) -> rrule | None:
    """The local times (naive, ascending) from `start` on; `None` without a rule.

    Raises:
        ValueError: `start` or `rule` is none, or the rule never comes.
    """
    first = datetime.fromisoformat(start)
    if rule is None:
        return None
    parts = _parts(rule)
    endless = ";".join(f"{key}={value}" for key, value in parts.items() if key not in ("COUNT", "UNTIL"))
    try:
        comes = next(iter(rrulestr(endless, dtstart=first.replace(year=_LATE))), None)
        found = rrulestr(rule, dtstart=first)
        assert isinstance(found, rrule)  # one rule, no set
        comes = comes and next(iter(found), None)
    except (TypeError, KeyError, OverflowError, IndexError) as error:
        raise ValueError("is no RFC 5545 rule") from error
    if comes is None:
        raise ValueError("never comes")
    return found


def _parts(rule: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in rule.split(";"):
        key, _, value = part.partition("=")
        if key not in _PARTS:
            raise ValueError(f"knows {', '.join(_PARTS)}: the times of a day are those of start")
        if key in parts or not re.fullmatch(_PARTS[key], value, re.ASCII):
            raise ValueError(f"{key} must stand once, as in FREQ=MONTHLY;BYDAY=1MO")
        parts[key] = value
    if "FREQ" not in parts:
        raise ValueError("must say FREQ")
    return parts
