"""What the identity graph believes: which kind of identifier is strong, how many of one a person has, and from when
on an identifier is taken to be shared."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.ingest.domain.identifiers import EMAIL, PHONE, USER_ID, Identifier

EXTERNAL_ID = "externalId:"
"""Prefix of kinds that other systems define, such as `externalId:crm`."""

_RANKS = {USER_ID: 0, EXTERNAL_ID: 1, EMAIL: 2, PHONE: 3, "deviceId": 4}
_WEAKEST = 5

LIMITS = {USER_ID: 1, EXTERNAL_ID: 5, EMAIL: 10, PHONE: 10, "deviceId": 20}
MAX_PER_KIND = 50
"""Identifiers of one kind a person may have; `LIMITS` has the exceptions."""

MAX_ALIASES = 5
"""User ids of one person, where alias calls or a marketer joined them."""

SHARED_AFTER = 5
"""An identifier seen with more than this many stronger ones of a kind (a kiosk, an office's telephone) says nothing
about who somebody is."""

MAX_COMPONENT = 60
"""Identifiers that may be linked with each other, however indirectly: what one transaction can rearrange."""

BACKDATE = timedelta(days=30)
"""How far before its receipt an event of a public door is believed to have happened, when it says who is who."""

MANUAL, TRUSTED, PUBLIC = 0, 1, 2
"""Who says that two identifiers are one person: a marketer, a system of the company, a web page. Earlier ones are
believed first."""

MAX_TRUST = 9
"""Beyond any trust: an identifier whose edges all count."""


def strength(identifier: Identifier) -> tuple[int, str, str]:
    """Sorts identifiers strongest first."""
    return _RANKS.get(_family(identifier.kind), _WEAKEST), identifier.kind, identifier.value


def is_stronger(kind: str, other: str) -> bool:
    """Does a kind say more about who somebody is than another?"""
    return _RANKS.get(_family(kind), _WEAKEST) < _RANKS.get(_family(other), _WEAKEST)


def limit(kind: str) -> int:
    """How many identifiers of a kind a person may have."""
    return LIMITS.get(_family(kind), MAX_PER_KIND)


def believed(at: datetime, received_at: datetime, *, public: bool) -> datetime:
    """The time that counts for identity: otherwise whoever has a web page's key could say `I had this e-mail address
    first`."""
    return max(at, received_at - BACKDATE) if public else at


def _family(kind: str) -> str:
    return EXTERNAL_ID if kind.startswith(EXTERNAL_ID) else kind
