"""When, how often and by which road a person wants to be written to, as the preference centre's form says it.

What is left as it is stays as it is; what a person ends is said too, because a trait that is silent keeps its value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.shared.clock import to_iso

CHANNELS = ("email", "sms")
PER_WEEK = ("0", "1", "2", "3", "5")
"""Commercial messages in seven days that can be chosen; 0 is no limit of one's own."""

HOURS = tuple(f"{hour:02}:00" for hour in range(24))
NONE = "none"
ZONES = (
    "Europe/Amsterdam",
    "Europe/London",
    "Europe/Athens",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Paramaribo",
    "America/Curacao",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Australia/Sydney",
)
"""Where the hours can be; the first one unless the form says otherwise."""

MOST = timedelta(days=366)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_moments(fields: Mapping[str, str], now: datetime, errors: dict[str, str]) -> dict[str, object]:
    """The traits that the form sets; codes of what is wrong with it go to `errors`, by field."""
    traits: dict[str, object] = {}
    zone = fields.get("zone", "") if fields.get("zone") in ZONES else ZONES[0]
    if fields.get("channel", "") in CHANNELS:
        traits["preferredChannel"] = fields["channel"]
    if fields.get("per_week", "") in PER_WEEK:
        traits["frequency"] = int(fields["per_week"])
    quiet = _quiet(fields, errors)
    if quiet:
        traits["quietHours"] = quiet
    if quiet not in ("", NONE):
        traits["timezone"] = zone
    if "resume" in fields:
        traits["pausedUntil"] = to_iso(now)
    elif fields.get("pause_until", "").strip():
        until = _midnight(fields["pause_until"].strip(), zone)
        if until is None or not now < until <= now + MOST:
            errors["pause_until"] = "pause_unreadable"
        else:
            traits["pausedUntil"] = to_iso(until)
    return traits


def _quiet(fields: Mapping[str, str], errors: dict[str, str]) -> str:
    start, end = fields.get("quiet_from", ""), fields.get("quiet_until", "")
    if start == NONE:
        return NONE
    if not start and not end:
        return ""
    if start in HOURS and end in HOURS and start != end:
        return f"{start}-{end}"
    errors["quiet_until"] = "quiet_incomplete"
    return ""


def _midnight(day: str, zone: str) -> datetime | None:
    """Where that day begins there."""
    try:
        begins = date.fromisoformat(day) if _DATE.fullmatch(day) else None
        return datetime.combine(begins, time(), ZoneInfo(zone)).astimezone(UTC) if begins else None
    except (ValueError, OverflowError):
        return None
