"""A letter box: the address that a profile's traits make, and whether a letter would arrive there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LONGEST = 100
_SPELLINGS = {
    "street": ("street", "street1", "line1"),
    "number": ("houseNumber", "house_number"),
    "postal_code": ("postalCode", "postal_code", "zip"),
    "city": ("city",),
    "country": ("country",),
}
_COUNTRIES = {
    **dict.fromkeys(("nederland", "netherlands", "the netherlands", "holland"), "NL"),
    **dict.fromkeys(("belgië", "belgie", "belgium", "belgique", "belgien"), "BE"),
    **dict.fromkeys(("deutschland", "germany", "duitsland", "allemagne"), "DE"),
}
_CODES = {
    "NL": re.compile(r"([1-9]\d{3})((?!S[ADS])[A-Z]{2})", re.ASCII),
    "BE": re.compile(r"([1-9]\d{3})()", re.ASCII),
    "DE": re.compile(r"((?:0[1-9]|[1-9]\d)\d{3})()", re.ASCII),
}
"""Of what is left without spaces. PostNL gives out no SA, SD and SS, Germany no 00."""

_ISO = re.compile(r"[A-Z]{2}", re.ASCII)


@dataclass(frozen=True)
class Letterbox:
    """Where a letter goes; what is not known is empty. `country` is ISO 3166-1 alpha-2 where it could be read."""

    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""

    def text(self) -> str:
        """All of it as lines; empty where there is nothing at all."""
        lines = (self.street, self.postal_code, self.city, self.country)
        return "\n".join(lines) if any(lines) else ""

    @classmethod
    def of_text(cls, text: str) -> Letterbox:
        """The letter box that `text` was made from.

        What came otherwise (an address that was requested) has what it has, in this order."""
        lines = [*text.split("\n"), "", "", "", ""]
        return cls(*lines[:4])


def letterbox_of(address: Any) -> Letterbox:
    """The letter box of Segment's trait `address`, in one spelling of country and postal code."""
    if not isinstance(address, Mapping):
        return Letterbox()
    said = {name: _first(address, spellings) for name, spellings in _SPELLINGS.items()}
    country = _COUNTRIES.get(said["country"].lower(), said["country"].upper())
    street = f"{said['street']} {said['number']}".strip()
    return Letterbox(street, _code(said["postal_code"], country), said["city"], country)


def undeliverable(box: Letterbox, home: str) -> str:
    """Why a letter would not arrive: `street`, `house_number`, `postal_code`, `city` or `country`; empty: nothing is
    known against it. `home` is the country of an address that names none."""
    country = box.country or home
    if not _ISO.fullmatch(country):
        return "country"
    for name in ("street", "city"):
        if not getattr(box, name):
            return name
    code = _CODES.get(country)
    if code is None:
        return ""  # some countries have no postal codes, and most no rule that we know
    if not any(c.isdigit() for c in box.street):
        return "house_number"
    return "" if code.fullmatch(box.postal_code.replace(" ", "").upper()) else "postal_code"


def _code(raw: str, country: str) -> str:
    """As it is written on a letter: `1234 AB` in the Netherlands."""
    squeezed = raw.upper().removeprefix(f"{country}-" if country else "").replace(" ", "")
    rule = _CODES.get(country)
    known = rule.fullmatch(squeezed) if rule else None
    return " ".join(part for part in known.groups() if part) if known else raw.upper()


def _first(address: Mapping[str, Any], spellings: tuple[str, ...]) -> str:
    for spelling in spellings:
        value = address.get(spelling)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value.strip():
            return " ".join(value.split())[:_LONGEST]
    return ""
