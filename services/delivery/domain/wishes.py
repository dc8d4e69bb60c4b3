"""What a person asked of commercial messages beyond permission: none for a while, none at night, few a week.

A permission says what may be sent; a wish only when, and how much of it. Service messages go all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from services.delivery.domain.choice import Choice, Skip
from services.delivery.domain.contact import Contact
from services.shared.clock import from_iso

PAUSED = "paused"
QUIET = "quiet_hours"
WEEKLY = "weekly_limit"

_HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", re.ASCII)


@dataclass(frozen=True)
class Held:
    """A message that waits for a better moment: until then nothing leaves."""

    reason: str
    until: datetime
    channel: str
    gates: tuple[Mapping[str, str], ...]


def heed(choice: Choice, contact: Contact, now: datetime) -> Choice | Skip | Held:
    """`choice` with the wishes in its record; a pause drops the message, quiet hours hold it."""
    gates = list(choice.gates)

    def gate(name: str, seen: str, passes: bool) -> bool:
        verdict = "pass" if passes else "stop"
        gates.append({"gate": name, "channel": choice.channel, "input": seen, "verdict": verdict})
        return passes

    if contact.paused_until and not gate(
        "pause", f"until {contact.paused_until}", not is_paused(contact, now)
    ):
        return Skip(PAUSED, choice.channel, tuple(gates))
    if contact.quiet_hours:
        until = quiet_until(contact.quiet_hours, contact.time_zone, now)
        seen = f"{contact.quiet_hours} {contact.time_zone}".strip()
        if not gate("quiet_hours", seen, until is None) and until is not None:
            return Held(QUIET, until, choice.channel, tuple(gates))
    return replace(choice, gates=tuple(gates))


def quiet_until(hours: str, zone: str, now: datetime) -> datetime | None:
    """When the quiet hours (`22:00-08:00`, local times) that `now` is in are over; `None`: it is in none. Where the
    time zone is not known, they are UTC's."""
    if not _HOURS.fullmatch(hours):
        return None
    start, end = (time.fromisoformat(part) for part in hours.split("-"))
    place = _place(zone)
    if not _is_quiet(start, end, now, place):
        return None
    today = now.astimezone(place).date()
    ends = (
        datetime.combine(today + timedelta(days=day), end, place).replace(fold=fold).astimezone(UTC)
        for day in (0, 1, 2)  # putting the clocks forward may skip the only hour that is not quiet
        for fold in (0, 1)
    )
    return min(one for one in ends if one > now and not _is_quiet(start, end, one, place))


def _is_quiet(start: time, end: time, at: datetime, place: tzinfo) -> bool:
    local = at.astimezone(place).time()
    return start <= local < end if start <= end else local >= start or local < end


def is_paused(contact: Contact, now: datetime) -> bool:
    """Does the person want no commercial messages yet?"""
    try:
        return now < from_iso(contact.paused_until)
    except ValueError:
        return False


def _place(zone: str) -> tzinfo:
    try:
        return ZoneInfo(zone) if zone else UTC
    except (KeyError, ValueError, OSError):
        return UTC
