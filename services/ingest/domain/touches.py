"""How a person came to us: what an event says of the campaign, the code or the friend that brought them, as traits.

The first touch is the earliest by event time and stays, the last one moves on; whatever order events arrive in. A touch
says all of `FIELDS`, empty ones too, so that two are never mixed. Read are Segment's `context.campaign`, `utm_*` in the
address of the page, codes (`coupon`, `promo_code`), share links (`?ref=`, `referral_code`: medium `share`), and, where
there is none of these, the site that linked here (medium `referral`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

FIELDS = ("source", "medium", "campaign", "content", "term", "promo", "referrer")
FIRST, LAST = "first_touch_", "last_touch_"
NAMES = tuple(f"{when}{field}" for when in (FIRST, LAST) for field in FIELDS)
"""The traits, each a text."""

TOUCHING = frozenset({"page", "screen", "track", "identify"})
"""Types of calls in which somebody may come."""

SHARE, REFERRAL = "share", "referral"
MAX_TEXT = 100
MAX_ADDRESS = 2_000

_CAMPAIGN = {"source": "source", "medium": "medium", "campaign": "name", "content": "content", "term": "term"}
_UTM = {field: f"utm_{field}" for field in _CAMPAIGN}
_PROMO = ("promo_code", "coupon")
_SHARED = ("referral_code", "ref")


def is_of_ours(name: str) -> bool:
    """Does an event tell of a message that went to the person? Only who follows its link comes by it."""
    return name.startswith(("Email ", "SMS ", "Push ")) and not name.endswith(("Clicked", "Tapped"))


def touch_of(context: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, str]:
    """The traits of an event's touch; nothing when it is none."""
    address = _text(_page(context, properties, "url"), MAX_ADDRESS)
    found = _said(context, properties, _asked(address))
    if not found:
        found = _linked(_text(_page(context, properties, "referrer"), MAX_ADDRESS), address)
    whole = {field: found.get(field, "") for field in FIELDS} if found else {}
    return {f"{when}{field}": value for when in (FIRST, LAST) for field, value in whole.items()}


def _said(
    context: Mapping[str, Any], properties: Mapping[str, Any], asked: Mapping[str, str]
) -> dict[str, str]:
    campaign = context.get("campaign")
    campaign = campaign if isinstance(campaign, dict) else {}
    found = {
        field: _text(campaign.get(name)) or asked.get(_UTM[field], "") for field, name in _CAMPAIGN.items()
    }
    found["promo"] = next(_texts(properties, asked, _PROMO), "")
    found["referrer"] = next(_texts(properties, asked, _SHARED), "")
    if found["referrer"]:
        found["medium"] = found["medium"] or SHARE
    return {field: value for field, value in found.items() if value}


def _linked(referrer: str, address: str) -> dict[str, str]:
    """Another site than the page's own."""
    site, own = _host(referrer), _host(address)
    return {"source": site, "medium": REFERRAL} if site and own and site != own else {}


def _texts(properties: Mapping[str, Any], asked: Mapping[str, str], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if text := _text(properties.get(name)) or asked.get(name, ""):
            yield text


def _page(context: Mapping[str, Any], properties: Mapping[str, Any], name: str) -> Any:
    page = context.get("page")
    return (page.get(name) if isinstance(page, dict) else None) or properties.get(name)


def _asked(address: str) -> dict[str, str]:
    """The query of an address."""
    query = address.partition("?")[2].partition("#")[0]
    try:
        return {name: _text(value) for name, value in parse_qsl(query, max_num_fields=50)}
    except ValueError:
        return {}


def _host(address: str) -> str:
    try:
        return _text((urlsplit(address).hostname or "").removeprefix("www."))
    except ValueError:
        return ""


def _text(value: Any, longest: int = MAX_TEXT) -> str:
    """Short and printable, or nothing."""
    text = value.strip() if isinstance(value, str) else ""
    return text if text.isprintable() and len(text) <= longest else ""
