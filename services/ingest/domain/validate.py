"""What an event must be to count: every refusal has a code of its own and names the field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_args

from services.ingest.domain.identifiers import (
    ANONYMOUS_ID,
    DEVICE_ID,
    EMAIL,
    PHONE,
    USER_ID,
    Identifier,
    email_identifier,
    external_identifiers,
    phone_identifier,
    read_identifier,
    read_text_id,
    strength,
)
from services.ingest.domain.processes import declared_traits
from services.ingest.domain.structure import check_structure
from services.ingest.domain.touches import TOUCHING, is_of_ours, touch_of
from services.shared.clock import from_iso
from services.shared.contracts.ingest import CallType
from services.shared.errors import Invalid, TooLarge

MAX_EVENT_BYTES = 32 * 1024
MAX_MESSAGE_ID = 100
MAX_NAME = 200
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
MAX_AHEAD = timedelta(hours=24)
"""How far a client's clock may run fast."""

CALL_TYPES: frozenset[str] = frozenset(get_args(CallType))
_OBJECTS = ("properties", "traits", "context")
_SHORT_DATE = re.compile(r"\A(\d{4})-(\d{1,2})-(\d{1,2})(?=[T ])", re.ASCII)
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_LOCALE_REGION = re.compile(r"[-_]([A-Za-z]{2})(?![A-Za-z0-9])")


@dataclass(frozen=True)
class Call:
    """A valid event, read once. `identifiers` are strongest first and never blocked; `previous_id` is an alias's
    other name; `profile_id` is set only by a door that may name profiles."""

    message_id: str
    type: CallType
    name: str
    at: datetime
    properties: Mapping[str, Any]
    traits: Mapping[str, Any]
    identifiers: tuple[Identifier, ...]
    previous_id: str = ""
    profile_id: str = ""


@dataclass(frozen=True)
class Trust:
    """What a door vouches for. `names_profile` lets `profileId` identify, `trusted` lets an address do so by itself
    (a web page's visitor may claim any), and `region` is the country of phone numbers without a country code."""

    names_profile: bool = False
    trusted: bool = False
    region: str = ""


PUBLIC = Trust()
"""Anybody may have sent it."""


def validate(
    event: Any,
    *,
    received_at: datetime,
    message_id: str,
    size: int = 0,
    trust: Trust = PUBLIC,
    sent_at: datetime | None = None,
) -> Call:
    """Read an event (any parsed JSON) that arrived at `received_at`; `message_id` is for one that has none, `sent_at`
    (default: `received_at`) for one that has no timestamp, `size` its text's length in bytes when the caller knows it.

    Raises:
        Invalid: a rule is broken; `code` is one of bad_identifier, bad_message_id, bad_name, bad_number,
            bad_object, bad_text, bad_timestamp, duplicate_key, invalid_json, missing_event_name, missing_group_id,
            no_identity, not_finite, too_deep, too_many_keys, unknown_type.
        TooLarge: `too_large`.
    """
    if not isinstance(event, dict):
        raise Invalid("invalid_json", "event is not a JSON object")
    check_structure(event)
    _check_size(size or byte_size(event))
    kind = _type(event.get("type"))
    for field in _OBJECTS:
        value = event.get(field)
        if not (value is None or isinstance(value, dict)):
            raise Invalid("bad_object", f"{field} is not an object")
    own_id = _message_id(event.get("messageId")) or message_id
    traits = _traits(event) if kind == "identify" else _declared(kind, event)
    profile_id = read_identifier(event.get("profileId"), "profileId") if trust.names_profile else ""
    previous = read_identifier(event.get("previousId"), "previousId") if kind == "alias" else ""
    identifiers = () if profile_id else _identifiers(event, traits, trust.region)
    if not profile_id:
        _check_identity(kind, identifiers, previous, trust)
    name, properties = _name(kind, event), _properties(kind, event)
    touched = kind in TOUCHING and not trust.names_profile and not is_of_ours(name)
    return Call(
        message_id=own_id,
        type=kind,
        name=name,
        at=read_timestamp(event.get("timestamp"), received_at) or sent_at or received_at,
        properties=properties,
        traits={**traits, **touch_of(event.get("context") or {}, properties)} if touched else traits,
        identifiers=identifiers,
        previous_id=previous,
        profile_id=profile_id,
    )


def byte_size(value: Any) -> int:
    """Bytes of a parsed value as compact JSON in UTF-8."""
    text = _COMPACT(value)
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _check_size(size: int) -> None:
    if size > MAX_EVENT_BYTES:
        raise TooLarge("too_large", f"event has {size} bytes, the limit is {MAX_EVENT_BYTES}")


def _type(value: Any) -> CallType:
    if not isinstance(value, str) or value not in CALL_TYPES:
        raise Invalid("unknown_type", f"type is not one of {', '.join(sorted(CALL_TYPES))}")
    return cast("CallType", value)


def _message_id(value: Any) -> str:
    try:
        text = read_text_id(value, "messageId")
    except Invalid as error:
        raise Invalid("bad_message_id", error.message) from error
    if len(text) > MAX_MESSAGE_ID:
        raise Invalid("bad_message_id", f"messageId has over {MAX_MESSAGE_ID} characters")
    return text


def _traits(event: dict[str, Any]) -> dict[str, Any]:
    """Some SDKs put traits only into the context."""
    from_context = (event.get("context") or {}).get("traits")
    if not (from_context is None or isinstance(from_context, dict)):
        raise Invalid("bad_object", "context.traits is not an object")
    return {**(from_context or {}), **(event.get("traits") or {})}


def _declared(kind: CallType, event: dict[str, Any]) -> dict[str, Any]:
    name = event.get("event")
    if kind != "track" or not isinstance(name, str):
        return {}
    return declared_traits(name.strip(), event.get("properties") or {})


def _identifiers(
    event: dict[str, Any], traits: Mapping[str, Any], default_region: str
) -> tuple[Identifier, ...]:
    context = event.get("context") or {}
    device = context.get("device")
    device_id = device.get("id") if isinstance(device, dict) else None
    others, phone = context.get("externalIds"), traits.get("phone")
    regions = _regions(traits, context, default_region) if others or phone else ()
    found = [
        Identifier(USER_ID, read_identifier(event.get(USER_ID), USER_ID)),
        *external_identifiers(others, regions),
        email_identifier(traits.get("email")),
        phone_identifier(phone, regions),
        Identifier(DEVICE_ID, read_identifier(device_id, "context.device.id")),
        Identifier(ANONYMOUS_ID, read_identifier(event.get(ANONYMOUS_ID), ANONYMOUS_ID)),
    ]
    named = dict.fromkeys([identifier for identifier in found if identifier and identifier.value])
    return tuple(sorted(named, key=strength) if others else named)  # the rest stands strongest first already


def _regions(traits: Mapping[str, Any], context: Mapping[str, Any], default: str) -> list[str]:
    """Where a phone number without country code may be from. A browser's language is the weakest of hints, so that
    the number must also exist there."""
    address = traits.get("address")
    locale = context.get("locale")
    of_locale = _LOCALE_REGION.search(locale) if isinstance(locale, str) else None
    said = (
        address.get("country") if isinstance(address, dict) else None,
        traits.get("country"),
        default,
        of_locale.group(1) if of_locale else None,
    )
    regions = (one.upper() for one in said if isinstance(one, str) and len(one) == 2 and one.isascii())
    return list(dict.fromkeys("GB" if region == "UK" else region for region in regions))


def _check_identity(kind: CallType, identifiers: tuple[Identifier, ...], previous: str, trust: Trust) -> None:
    claims = () if trust.trusted else (EMAIL, PHONE)
    if kind == "alias":
        if not previous or all(one.kind != USER_ID for one in identifiers):
            raise Invalid("no_identity", "alias needs userId and previousId")
    elif all(one.kind in claims for one in identifiers):
        raise Invalid("no_identity", "no userId, anonymousId, device or external id names anybody")


def _name(kind: CallType, event: dict[str, Any]) -> str:
    field = "event" if kind == "track" else "name"
    value = event.get(field) if kind in ("track", "page", "screen") else None
    if not (value is None or isinstance(value, str)):
        raise Invalid("bad_name", f"{field} is not text")
    name = (value or "").strip()
    if len(name) > MAX_NAME:
        raise Invalid("bad_name", f"{field} has over {MAX_NAME} characters")
    if kind == "track" and not name:
        raise Invalid("missing_event_name", "track needs event")
    return name or kind


def _properties(kind: CallType, event: dict[str, Any]) -> Mapping[str, Any]:
    if kind == "group":
        group = read_text_id(event.get("groupId"), "groupId")
        if not group:
            raise Invalid("missing_group_id", "group needs groupId")
        return {**(event.get("traits") or {}), "groupId": group}
    if kind == "alias":
        return {"previousId": read_text_id(event.get("previousId"), "previousId")}
    return event.get("properties") or {}


def read_instant(text: str) -> datetime:
    """ISO 8601 with a time zone; one digit will do for month and day, as in Segment's own examples.

    Raises:
        ValueError, TypeError, OverflowError: it is anything else.
    """
    try:
        return from_iso(text)
    except ValueError:
        return from_iso(_SHORT_DATE.sub(lambda m: f"{m[1]}-{m[2]:0>2}-{m[3]:0>2}", text))


def read_timestamp(value: Any, received_at: datetime) -> datetime | None:
    """When something happened that was received at `received_at`; `None` when nothing says so.

    Raises:
        Invalid: bad_timestamp.
    """
    if value is None:
        return None
    try:
        at = read_instant(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise Invalid("bad_timestamp", "timestamp is not ISO 8601 with a time zone") from error
    if not EARLIEST <= at <= received_at + MAX_AHEAD:
        raise Invalid("bad_timestamp", "timestamp is before 1990 or over 24 hours ahead")
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
