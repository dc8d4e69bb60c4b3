"""Track events that say something of the person: registration, a changed e-mail address, a move, preferences.

What they declare becomes traits, by the rules every trait follows (a public door changes no address that is known),
and the events stay in the timeline, so what was before can be read there. docs/processes.md describes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

REGISTERED = "Registered"
EMAIL_CHANGED = "Email Changed"
ADDRESS_MOVED = "Address Moved"
PREFERENCES_UPDATED = "Preferences Updated"

_WHO = ("email", "phone", "firstName", "lastName", "birthday", "gender", "company", "locale", "address")
_TIMES = ("preferredHours", "quietHours", "timezone", "pausedUntil", "frequency")
_PREFERENCES = ("preferences", "preferredChannel", *_TIMES, "topics", "locale")


def _named(*names: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """The properties of these names that are set: a process declares, it does not delete."""
    return lambda properties: {name: properties[name] for name in names if properties.get(name) is not None}


_DECLARED: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    REGISTERED: _named(*_WHO),
    EMAIL_CHANGED: _named("email"),
    ADDRESS_MOVED: _named("address"),
    PREFERENCES_UPDATED: _named(*_PREFERENCES),
}


def declared_traits(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The traits that a track event of this name declares; none for all but a few names."""
    read = _DECLARED.get(name)
    return read(properties) if read else {}
