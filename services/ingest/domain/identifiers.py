"""What may stand for a person, in one normal form per kind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from services.shared.addresses import normalise_email, normalise_phone, visible
from services.shared.errors import Invalid

USER_ID, EXTERNAL_ID, EMAIL, PHONE, DEVICE_ID, ANONYMOUS_ID = (
    "userId",
    "externalId",
    "email",
    "phone",
    "deviceId",
    "anonymousId",
)

KINDS = (USER_ID, EXTERNAL_ID, EMAIL, PHONE, DEVICE_ID, ANONYMOUS_ID)
"""Strongest first: when two identifiers of one event know different profiles, the stronger is believed. An external
id's kind is `externalId:<type>` (`externalId:crm`)."""

MAX_LENGTH = 256
MAX_PER_KIND = 50
"""Identifiers of one kind a profile may collect; a shared kiosk must not become everybody."""

MAX_EXTERNAL = 20
"""External ids one event may name."""

_PLACEHOLDER = re.compile(r"[0:-]*")
_BLOCKED = frozenset(
    {"-1", "null", "nil", "none", "undefined", "anonymous", "anon", "unknown", "guest", "nan", "n/a", "na"}
    | {"true", "false", "[object object]", "(none)", "not set", "(not set)", "(null)", "<null>", "empty"}
    | {"9774d56d682e549c", "02:00:00:00:00:00"}  # what Android gives for every device of some kinds
)
_TEMPLATE = re.compile(r"\{\{.*\}\}|\$\{.*\}|\*\|.*\|\*|%%.*%%|<%.*%>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_EXTERNAL_TYPE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")


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
    return KINDS.index(identifier.kind.partition(":")[0])


def read_text_id(value: Any, field: str) -> str:
    """The text of an id field; an integer becomes text, as SDKs expect; absent and empty give "".

    Raises:
        Invalid: `bad_identifier`, when it is neither text nor integer, too long, or has control characters.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        if isinstance(value, bool) or not isinstance(value, int):
            raise Invalid("bad_identifier", f"{field} is neither text nor a whole number")
        value = str(value)
    text: str = value.strip()
    if len(text) > MAX_LENGTH:
        raise Invalid("bad_identifier", f"{field} has over {MAX_LENGTH} characters")
    if _CONTROL.search(text):
        raise Invalid("bad_identifier", f"{field} has control characters")
    return text


def read_identifier(value: Any, field: str) -> str:
    """`read_text_id` for what names somebody: two names that look alike to the last visible character are one, and
    what programs write when they know nobody gives "".

    Raises:
        Invalid: `bad_identifier`.
    """
    if value is None:
        return ""
    text = visible(read_text_id(value, field)).strip()
    return "" if is_blocked(text) else text


def is_blocked(value: str) -> bool:
    """Is this what programs write when they know nobody (`0`, `null`, `anonymous`, `0000-0000`, `{{user.id}}`)?
    Whoever took it for an id would make one profile of strangers."""
    return (
        _PLACEHOLDER.fullmatch(value) is not None
        or value.lower() in _BLOCKED
        or _TEMPLATE.fullmatch(value) is not None
    )


def email_identifier(value: Any) -> Identifier | None:
    """The e-mail identifier in a trait, or `None` when the trait is no address."""
    if not _may_be_address(value):
        return None
    try:
        return Identifier(EMAIL, normalise_email(value))
    except ValueError:
        return None


def phone_identifier(value: Any, regions: Iterable[str] = ()) -> Identifier | None:
    """The phone identifier in a trait, or `None` when the trait is no number: neither one with a country code nor
    one that exists in one of `regions` (ISO 3166, the likeliest first)."""
    if not _may_be_address(value):
        return None
    for region in ("", *regions):
        try:
            return Identifier(PHONE, normalise_phone(value, region))
        except ValueError:
            continue
    return None


def external_identifiers(value: Any, regions: Iterable[str] = ()) -> list[Identifier]:
    """The people's ids in `context.externalIds`, a list of `{"type", "id"}`; those of accounts are left out, and those
    of type `email` and `phone` are addresses.

    Raises:
        Invalid: `bad_object` (no such list) or `bad_identifier` (one of them is malformed).
    """
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Invalid("bad_object", "context.externalIds is not a list of objects")
    if len(value) > MAX_EXTERNAL:
        raise Invalid("bad_identifier", f"context.externalIds has over {MAX_EXTERNAL} entries")
    found = [_external(one, regions) for one in value if one.get("collection") != "accounts"]
    return [identifier for identifier in found if identifier is not None and identifier.value]


def _external(entry: dict[str, Any], regions: Iterable[str]) -> Identifier | None:
    kind = entry.get("type")
    kind = kind.strip().lower() if isinstance(kind, str) else ""
    if not _EXTERNAL_TYPE.fullmatch(kind):
        raise Invalid("bad_identifier", "context.externalIds.type is not 1 to 40 letters, digits, - _ and .")
    if kind == EMAIL:
        return email_identifier(entry.get("id"))
    if kind == PHONE:
        return phone_identifier(entry.get("id"), regions)
    return Identifier(f"{EXTERNAL_ID}:{kind}", read_identifier(entry.get("id"), "context.externalIds.id"))


def _may_be_address(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_LENGTH and _CONTROL.search(value) is None
