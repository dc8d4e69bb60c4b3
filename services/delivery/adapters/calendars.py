"""Time zones and public holidays, from the libraries that know them: in the one bundle that carries these."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib import resources

from services.delivery.domain.pressure.policy import Calendar


def look_up(countries: Iterable[str], years: Sequence[int]) -> Calendar:
    """Of each country (ISO 3166): its zones, and its public holidays in these years, as far as they are known. Of none:
    the zones of every country."""
    import holidays

    known = holidays.list_supported_countries()
    wanted = sorted(set(countries))
    return Calendar(
        zones={
            country: tuple(zones) for country, zones in _zones().items() if country in wanted or not wanted
        },
        holidays={
            country: frozenset(
                day.isoformat() for day in holidays.country_holidays(country, years=list(years))
            )
            for country in wanted
            if country in known
        },
    )


def _zones() -> dict[str, list[str]]:
    """The zones of every country, as the zone database lists them."""
    found: dict[str, list[str]] = defaultdict(list)
    text = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            found[country].append(zone)
    return found
