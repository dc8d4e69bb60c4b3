"""How a person can be reached: delivery's own small copy of a profile."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.delivery.domain.postal import letterbox_of

_TRAITS = {
    "email": ("email",),
    "phone": ("phone",),
    "push_token": ("pushToken", "push_token"),
    "wallet_pass": ("walletPassId", "wallet_pass_id"),
    "first_name": ("firstName", "first_name"),
    "preferred_channel": ("preferredChannel", "preferred_channel"),
    "locale": ("locale",),
    "quiet_hours": ("quietHours", "quiet_hours"),
    "time_zone": ("timezone",),
    "country": ("country",),
    "paused_until": ("pausedUntil", "paused_until"),
}
_PER_WEEK = "frequency"
_SEND_HOUR = ("sendHour", "send_hour")
_UNTRACKED = ("doNotTrack", "do_not_track")
_KNOWN = {_PER_WEEK, *_UNTRACKED, *(spelling for spellings in _TRAITS.values() for spelling in spellings)}
_NAMED = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_FIRST = ("lastName", "title", "gender", "genderReliability", "customer")
_ROOM = 1_500
"""Characters of attributes a contact keeps: the item stays small, because it is read for every message."""
_LONGEST = 320
_LONGEST_TOKEN = 1_000
_MOST = 50


Attribute = str | int | float | bool

OWNED = ("email", "sms")
"""Channels on which it is kept whose an address is: permissions end there without a message that could tell, and who
has one is told before anything else may be claimed for them."""


@dataclass(frozen=True, kw_only=True)
class Contact:
    """The reachable side of a profile; what is not known is empty. `version` is that of its traits; `since_at` is when
    the profile's history was last told anew, because an un-merge gave it back (empty: never).

    `letterbox` is a postal address as `postal.Letterbox` writes it. `attributes` are the other traits that are short,
    for templates: `{{ traits.lastName }}`. `per_week` commercial messages are the most that the person wants in seven
    days (0: they did not say). `send_hour` is the hour (0 to 23, theirs) at which they like to read. Of who is
    `untracked` no opens and clicks are noted.
    """

    profile_id: str
    version: int
    email: str = ""
    phone: str = ""
    push_token: str = ""
    wallet_pass: str = ""
    letterbox: str = ""
    first_name: str = ""
    preferred_channel: str = ""
    locale: str = ""
    per_week: int = 0
    quiet_hours: str = ""
    time_zone: str = ""
    paused_until: str = ""
    country: str = ""
    send_hour: int | None = None
    since_at: str = ""
    untracked: bool = False
    attributes: Mapping[str, Attribute] = field(default_factory=dict, hash=False)

    def address(self, channel: str) -> str:
        """The raw address on `channel`, or empty."""
        return {
            "email": self.email,
            "sms": self.phone,
            "push": self.push_token,
            "print": self.letterbox,
            "call": self.phone,
            "wallet": self.wallet_pass,
            "webhook": self.profile_id,
        }.get(channel, "")


@dataclass(frozen=True)
class Gone:
    """A profile that is no more since `at` (ISO): merged `into` another, or erased (`into` is empty)."""

    into: str
    at: str

    @property
    def erased(self) -> bool:
        return not self.into


def contact_of(profile_id: str, version: int, traits: Mapping[str, Any], since_at: str = "") -> Contact:
    """The copy that a profile's traits make; values that are no short text are left out."""
    found: dict[str, Any] = {}
    for name, spellings in _TRAITS.items():
        for spelling in spellings:
            value = traits.get(spelling)
            longest = _LONGEST_TOKEN if name == "push_token" else _LONGEST
            if isinstance(value, str) and 0 < len(value) <= longest:
                found[name] = value
                break
    if letterbox := letterbox_of(traits.get("address")).text():
        found["letterbox"] = letterbox
    untracked = any(traits.get(spelling) is True for spelling in _UNTRACKED)
    per_week = _count(traits.get(_PER_WEEK))
    others = _attributes(traits)
    return Contact(
        profile_id=profile_id,
        version=version,
        since_at=since_at,
        per_week=per_week,
        send_hour=_hour(next((traits[name] for name in _SEND_HOUR if name in traits), None)),
        untracked=untracked,
        attributes=others,
        **found,
    )


def _attributes(traits: Mapping[str, Any]) -> dict[str, Attribute]:
    """Short traits by name, those that address a person first, as far as there is room."""
    kept: dict[str, Attribute] = {}
    room = _ROOM
    for name in sorted(traits, key=lambda n: (n not in _FIRST, n)):
        value = traits[name]
        if name in _KNOWN or not _NAMED.fullmatch(name) or not _is_short(value):
            continue
        room -= len(name) + len(str(value))
        if room < 0:
            break
        kept[name] = value
    return kept


def _is_short(value: Any) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= 200
    if isinstance(value, float):
        return math.isfinite(value) and abs(value) < 10**15
    return isinstance(value, int) and abs(value) < 10**15


def _count(value: Any) -> int:
    """A small whole number, or 0 for anything else."""
    return value if type(value) is int and 0 < value <= _MOST else 0


def _hour(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value <= 23 else None
