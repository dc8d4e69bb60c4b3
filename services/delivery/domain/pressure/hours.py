"""When: open hours and public holidays by country and zone, and the hour at which a person likes to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from services.delivery.domain.contact import Contact
from services.delivery.domain.pressure.ledger import Ledger
from services.delivery.domain.pressure.policy import Hours, InForce, OpenHours, SendTime
from services.delivery.domain.pressure.rules import Finding
from services.shared.clock import from_iso
from services.shared.conditions.durations import parse_duration

CLOSED = "closed_hours"
HOLIDAY = "holiday"
SEND_TIME = "send_time"

LOOKED_AHEAD = 16
"""Days: longer than any row of holidays."""


def opening(in_force: InForce, contact: Contact | None, now: datetime) -> Finding | None:
    """Whether messages may arrive now where the person is, or could be; `None`: the policy has no hours."""
    hours = in_force.policy.hours
    if not hours.countries and not hours.otherwise.days:
        return None
    places = places_of(in_force, contact)
    seen = _said(contact, places)
    if all(_open(place, now) for place in places):
        return Finding("hours", seen)
    on_holiday = any(_open(place, now, holidays=False) and not _open(place, now) for place in places)
    gate, reason = ("holiday", HOLIDAY) if on_holiday else ("hours", CLOSED)
    return Finding(gate, seen, reason, opens(places, now))


class Place:
    """Where a person may be: a zone, its hours, and its holidays (ISO dates)."""

    def __init__(self, zone: str, rule: OpenHours, holidays: frozenset[str]) -> None:
        self.zone = zone
        self.clock: tzinfo = zone_of(zone) or UTC
        self.rule = rule
        self.holidays = holidays if rule.closed_on_holidays else frozenset[str]()

    def hours_on(self, day: date, *, holidays: bool = True) -> tuple[time, time] | None:
        """From and until on a local date; `None`: closed."""
        return None if holidays and day.isoformat() in self.holidays else self.rule.on(day.weekday())


def places_of(in_force: InForce, contact: Contact | None) -> list[Place]:
    """The one place where the person is, or every place where they could be: it must be open in all of them."""
    hours, calendar = in_force.policy.hours, in_force.calendar
    country = contact.country.upper() if contact else ""
    zone = contact.time_zone if contact else ""
    if zone_of(zone) is None:
        zone = ""
    if country and country not in hours.countries:
        zones = [zone] if zone else calendar.zones.get(country, ("UTC",))
        return [Place(one, hours.otherwise, calendar.holidays.get(country, frozenset())) for one in zones]
    if not country and zone:
        country = next((c for c in hours.countries if zone in calendar.zones.get(c, ())), "")
        if not country:
            return [Place(zone, hours.otherwise, frozenset())]
    countries = [country] if country else _unknown(hours)
    return [
        Place(one, hours.countries[name], calendar.holidays.get(name, frozenset()))
        for name in countries
        for one in ([zone] if zone else calendar.zones.get(name, ("UTC",)))
    ] or [Place("UTC", hours.otherwise, frozenset())]


def _unknown(hours: Hours) -> list[str]:
    return [hours.unknown] if hours.unknown else sorted(hours.countries)


def opens(places: Sequence[Place], now: datetime) -> datetime | None:
    """The first moment after `now` when all of them are open; `None`: not within `LOOKED_AHEAD` days."""
    moments = sorted({moment for place in places for moment in _openings(place, now)})
    return next((moment for moment in moments if all(_open(place, moment) for place in places)), None)


def _openings(place: Place, now: datetime) -> Iterator[datetime]:
    """When a place begins to be open; putting the clocks on or back may give or take a moment, so both readings."""
    today = now.astimezone(place.clock).date()
    for n in range(-1, LOOKED_AHEAD):
        day = today + timedelta(days=n)
        if hours := place.hours_on(day):
            for fold in (0, 1):
                moment = datetime.combine(day, hours[0], place.clock).replace(fold=fold).astimezone(UTC)
                if moment > now:
                    yield moment


def _open(place: Place, at: datetime, *, holidays: bool = True) -> bool:
    local = at.astimezone(place.clock)
    hours = place.hours_on(local.date(), holidays=holidays)
    return hours is not None and hours[0] <= local.time() < hours[1]


def _said(contact: Contact | None, places: Sequence[Place]) -> str:
    country = (contact.country if contact else "") or "country not known"
    zones = {place.zone for place in places}
    return f"{country}, {zones.pop() if len(zones) == 1 else f'any of {len(zones)} zones'}"


def zone_of(name: str) -> tzinfo | None:
    """The time zone of that name; `None`: there is none."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


def reading_hour(
    rule: SendTime | None,
    in_force: InForce,
    contact: Contact | None,
    ledger: Ledger,
    requested_at: str,
    now: datetime,
) -> Finding | None:
    """Whether it is the hour at which the person likes to read, or that would come too late or when it is closed;
    `None`: they have none, or where they are is not known."""
    place = zone_of(contact.time_zone) if contact else None
    if rule is None or contact is None or place is None:
        return None
    hour, said = contact.send_hour, contact.time_zone
    if hour is None and rule.learned and (learned := ledger.reading_hour()) is not None:
        hour, said = now.astimezone(UTC).replace(hour=learned).astimezone(place).hour, f"{said}, learned"
    if hour is None:
        return None
    seen = f"{hour:02}:00 {said}"
    if now.astimezone(place).hour == hour:
        return Finding("send_time", seen)
    latest = from_iso(requested_at) + parse_duration(rule.at_most)
    moment = next((one for one in _hours(hour, place, now) if now < one <= latest), None)
    if moment is None or not all(_open(one, moment) for one in places_of(in_force, contact)):
        return Finding("send_time", f"{seen}, not within {rule.at_most} of the request")
    return Finding("send_time", seen, SEND_TIME, moment)


def _hours(hour: int, place: tzinfo, now: datetime) -> Iterable[datetime]:
    today = now.astimezone(place).date()
    for n in range(9):
        yield datetime.combine(today + timedelta(days=n), time(hour), place).astimezone(UTC)


def never_open(in_force: InForce) -> list[str]:
    """Countries, and `` for who is of none that is known, in whose zones it is never open at once: people there whose
    zone is not known could never be written to."""
    begin = datetime(2026, 1, 5, tzinfo=UTC)
    hours = in_force.policy.hours
    found = []
    for country in [*hours.countries, ""]:
        at = Contact(profile_id="", version=0, country=country)
        places = [Place(p.zone, p.rule, frozenset()) for p in places_of(in_force, at)]
        if opens(places, begin) is None and not all(_open(place, begin) for place in places):
            found.append(country)
    return found
