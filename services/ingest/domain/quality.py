"""How much is known of a person, and how far it can be relied on.

Reliability of an attribute (0 to 100) = source rank x freshness x validity:

- source rank by kind: declared 1.0, observed 0.8, imported 0.7, derived 0.6;
- freshness: 0.5 to the power of age / half-life; the half-life is two years for addresses of a person, one year for
  everything else, and names, birthday and gender do not age;
- validity: 0 when the value fails the check of its name (an e-mail that is none, a birthday in the future), else 1.

Completeness of a profile (0 to 100) = weights of the expected attributes that are there and valid / all weights.
Reliability of a profile = mean of its attributes' reliability, weighted alike (an unexpected attribute weighs 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from services.ingest.domain.identifiers import email_identifier, phone_identifier

EXPECTED: Mapping[str, int] = {
    "email": 3,
    "phone": 2,
    "address": 2,
    "firstName": 1,
    "lastName": 1,
    "birthday": 1,
    "gender": 1,
    "locale": 1,
}
"""What a complete profile has, and how much each counts."""

SOURCE_RANK: Mapping[str, float] = {"declared": 1.0, "observed": 0.8, "imported": 0.7, "derived": 0.6}

HALF_LIFE_DAYS: Mapping[str, float] = {"email": 730, "phone": 730, "address": 730}
_OTHERS_HALF_LIFE = 365.0
_AGELESS = frozenset({"firstName", "lastName", "name", "birthday", "gender", "createdAt"})


def is_valid(name: str, value: Any, now: datetime) -> bool:
    """Does `value` pass the check of the attribute `name`? What has no check of its own need only be something."""
    if value is None or value in ("", [], {}):
        return False
    if name == "email":
        return email_identifier(value) is not None
    if name == "phone":
        return phone_identifier(value) is not None
    if name == "birthday":
        return _is_birthday(value, now)
    return True


def attribute_reliability(name: str, value: Any, *, kind: str, at: datetime, now: datetime) -> int:
    """0 to 100; `kind` and `at` are how and when the value came."""
    if not is_valid(name, value, now):
        return 0
    return round(100 * SOURCE_RANK.get(kind, SOURCE_RANK["derived"]) * _freshness(name, at, now))


def completeness(values: Mapping[str, Any], now: datetime) -> int:
    """0 to 100, of a profile's visible attributes."""
    there = sum(weight for name, weight in EXPECTED.items() if is_valid(name, values.get(name), now))
    return round(100 * there / sum(EXPECTED.values()))


def profile_reliability(reliabilities: Mapping[str, int]) -> int:
    """0 to 100, from the reliability of each attribute; a profile without attributes has nothing to rely on."""
    weights = {name: EXPECTED.get(name, 1) for name in reliabilities}
    total = sum(weights.values())
    return round(sum(weights[name] * value for name, value in reliabilities.items()) / total) if total else 0


def _freshness(name: str, at: datetime, now: datetime) -> float:
    if name in _AGELESS:
        return 1.0
    days = max((now - at).total_seconds() / 86_400, 0.0)
    return float(0.5 ** (days / HALF_LIFE_DAYS.get(name, _OTHERS_HALF_LIFE)))


def _is_birthday(value: Any, now: datetime) -> bool:
    try:
        born = date.fromisoformat(str(value)[:10])
    except ValueError:
        return False
    return date(1900, 1, 1) <= born <= now.date()
