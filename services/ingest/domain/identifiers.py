"""What may stand for a person, in one normal form per kind."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from services.shared.addresses import normalise_email, normalise_phone
from services.shared.errors import Invalid

USER_ID, EMAIL, PHONE, ANONYMOUS_ID = "userId", "email", "phone", "anonymousId"

KINDS = (USER_ID, EMAIL, PHONE, ANONYMOUS_ID)
"""Strongest first: when two identifiers of one event know different profiles, the stronger is believed."""

MAX_LENGTH = 256
MAX_PER_KIND = 50
"""Identifiers of one kind a profile may collect; a shared kiosk must not become everybody."""

_PLACEHOLDER = re.compile(r"[0-]*")
_BLOCKED = frozenset(
    {"-1", "null", "nil", "none", "undefined", "anonymous", "anon", "unknown", "guest", "nan", "n/a", "na"}
    | {"true", "false", "[object object]", "(none)", "not set", "(not set)"}
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Identifier(NamedTuple):
    """One value that stands for a person."""

    kind: str
    value: str

    @property
    def key(self) -> str:
        """`userId#42`."""
        return f"{self.kind}#{self.value}"

    @classmethod
    def from_key(cls, key: str) -> Identifier:
        """The identifier that `key` was made from."""
        kind, _, value = key.partition("#")
        return cls(kind, value)


def strength(identifier: Identifier) -> int:
    """Sorts identifiers strongest first."""
    return KINDS.index(identifier.kind)


def read_identifier(value: Any, field: str) -> str:
    """The text of an id field; an integer becomes text, as SDKs expect; absent and empty give "".

    Raises:
        Invalid: `bad_identifier`, when it is neither text nor integer, too long, or has control characters.
    """
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Invalid("bad_identifier", f"{field} is neither text nor a whole number")
    text = str(value).strip()
    if len(text) > MAX_LENGTH:
        raise Invalid("bad_identifier", f"{field} has over {MAX_LENGTH} characters")
    if _CONTROL.search(text):
        raise Invalid("bad_identifier", f"{field} has control characters")
    return text


def is_blocked(value: str) -> bool:
    """Is this what programs write when they know nobody (`0`, `null`, `anonymous`, `0000-0000`)? Whoever took it for
    an id would make one profile of strangers."""
    return _PLACEHOLDER.fullmatch(value) is not None or value.lower() in _BLOCKED


def email_identifier(value: Any) -> Identifier | None:
    """The e-mail identifier in a trait, or `None` when the trait is no address."""
    return _address(EMAIL, value)


def phone_identifier(value: Any) -> Identifier | None:
    """The phone identifier in a trait, or `None` when the trait is no international number."""
    return _address(PHONE, value)


def _address(kind: str, value: Any) -> Identifier | None:
    if not isinstance(value, str) or len(value) > MAX_LENGTH or _CONTROL.search(value):
        return None
    try:
        normal = normalise_email(value) if kind == EMAIL else normalise_phone(value)
    except ValueError:
        return None
    return Identifier(kind, normal)
