"""The preference centre's form: which permissions it shows, what a person made of it, and what is wrong with that.

Only what differs from what the page showed is a wish. A page that lay open for a day, or is sent twice, takes nothing
back that was decided elsewhere since.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.consent.domain.contact import reachable
from services.consent.domain.ledger import Standing
from services.consent.domain.moments import read_moments
from services.consent.domain.purposes import ConsentText, Purpose
from services.shared.errors import Invalid

FORM = "preference-centre"
"""What the ledger calls this page, and ingest the source of what is said on it."""

NUMBER = f"{FORM}:number"
"""What the ledger calls it where the confirmation also makes a number the profile's; no form of others can be called
that, so nobody else's request leads there."""

SIGNED_LINK = "signed_link"
"""The means of a permission that was given on the page behind a link sent to that very address."""

NAMES: Mapping[str, str] = {"first_name": "firstName", "last_name": "lastName"}
ADDRESS: Mapping[str, str] = {
    "street": "street",
    "postal_code": "postalCode",
    "city": "city",
    "country": "country",
}
"""Fields of the form, and what they are called in traits."""

LOCALES = ("en", "nl")
MAX_TEXT = 100

_NEEDED = ("street", "postal_code", "city")
_PAGE_ID = re.compile(r"[0-9a-f]{16}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Box:
    """One permission as the page shows it: with the text that a tick agrees to (`None`: there is none today, so it
    can only be taken back), and whether it stands. `by_link`: a tick gives it at once, because the link shows that the
    address is the person's."""

    purpose: str
    title: str
    channel: str
    text: ConsentText | None
    granted: bool
    by_link: bool

    @property
    def name(self) -> str:
        """Its field in the form."""
        return f"permit:{self.purpose}:{self.channel}"

    @property
    def value(self) -> str:
        """What it sends when it is ticked: which text stood beside it."""
        return f"{self.text.version}/{self.text.language}" if self.text else "kept"


@dataclass(frozen=True)
class Give:
    """A permission to be given, and the text that was shown with it."""

    box: Box
    text: ConsentText


@dataclass(frozen=True)
class Wishes:
    """What a person changed. `email` and `phone` are in the form to write to; empty: not asked for. `move` are the
    permissions that stand and are to be asked for at the new `phone`. `errors` are codes by field; where there are any,
    nothing is to be done."""

    give: tuple[Give, ...] = ()
    take: tuple[Box, ...] = ()
    move: tuple[Give, ...] = ()
    traits: Mapping[str, object] = field(default_factory=dict)
    email: str = ""
    phone: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


def boxes(
    purposes: Mapping[str, Purpose],
    states: Mapping[tuple[str, str], Standing],
    language: str,
    sent_on: str,
) -> list[Box]:
    """Every permission that can be given or taken back, in the order of the titles. `states` are those of the person's
    addresses, by purpose and channel; `sent_on` is the channel of the link."""
    found = []
    for name, purpose in sorted(purposes.items(), key=lambda one: (one[1].title, one[0])):
        for channel in purpose.asked_on():
            standing = states.get((name, channel))
            granted = standing is not None and standing.state == "granted"
            by_link = channel == sent_on and purpose.preference_centre == SIGNED_LINK
            can_give = by_link or channel in purpose.confirmed_on()
            text = purpose.text_today(language) if can_give else None
            if text is not None or granted:
                found.append(Box(name, purpose.title, channel, text, granted, by_link))
    return found


def shown(all_boxes: list[Box]) -> str:
    """What the form carries back to tell what it showed."""
    return ",".join(f"{box.purpose}:{box.channel}:{int(box.granted)}" for box in all_boxes)


def is_page_id(text: str) -> bool:
    """Is it what a page's form is told apart by?"""
    return _PAGE_ID.fullmatch(text) is not None


def read(
    fields: Mapping[str, str],
    all_boxes: list[Box],
    purposes: Mapping[str, Purpose],
    *,
    has_profile: bool,
    now: datetime,
) -> Wishes:
    """What a form asks for. Boxes it did not show stay as they are, and without a profile there is nobody whose name
    or address could change, or who could be left in peace for a while."""
    errors: dict[str, str] = {}
    give, take = _permissions(fields, all_boxes, purposes, errors)
    move = _moved(fields, all_boxes, purposes) if has_profile else []
    phone = ""
    if move or any(one.box.channel == "sms" and not one.box.by_link for one in give):
        phone = _reachable("sms", "phone", fields, errors)
        if not phone:
            errors.setdefault("phone", "phone_needed")
    elif has_profile and fields.get("phone", "").strip():
        errors["phone"] = "phone_for_what"
    traits: dict[str, object] = {}
    email = ""
    if has_profile:
        traits = _traits(fields, errors) | read_moments(fields, now, errors)
        email = _reachable("email", "email", fields, errors)
    return Wishes(tuple(give), tuple(take), tuple(move), traits, email, phone, errors)


def _moved(fields: Mapping[str, str], all_boxes: list[Box], purposes: Mapping[str, Purpose]) -> list[Give]:
    """Permissions for text messages that stand and stay, where a number is given: it has to permit them itself."""
    if not fields.get("phone", "").strip():
        return []
    seen = fields.get("shown", "").split(",")
    stand = [b for b in all_boxes if b.channel == "sms" and b.granted and b.name in fields]
    texts = [(b, _agreed(fields, b, purposes)) for b in stand if f"{b.purpose}:{b.channel}:1" in seen]
    return [Give(box, text) for box, text in texts if text]


def _agreed(fields: Mapping[str, str], box: Box, purposes: Mapping[str, Purpose]) -> ConsentText | None:
    """The text that stood beside the box, as long as it can be agreed to."""
    version, _, language = fields[box.name].partition("/")
    text = purposes[box.purpose].text(version, language)
    return text if text and text.active else None


def _permissions(
    fields: Mapping[str, str], all_boxes: list[Box], purposes: Mapping[str, Purpose], errors: dict[str, str]
) -> tuple[list[Give], list[Box]]:
    seen = set(fields.get("shown", "").split(","))
    give, take = [], []
    for box in all_boxes:
        stood = f"{box.purpose}:{box.channel}:1" in seen
        if not stood and f"{box.purpose}:{box.channel}:0" not in seen:
            continue
        ticked = box.name in fields
        if stood and not ticked:
            take.append(box)
        elif ticked and not stood:
            text = _agreed(fields, box, purposes)
            if text is None:
                errors[box.name] = "text_changed"
            else:
                give.append(Give(box, text))
    return give, take


def _reachable(channel: str, name: str, fields: Mapping[str, str], errors: dict[str, str]) -> str:
    raw = fields.get(name, "").strip()
    if not raw:
        return ""
    try:
        return reachable(channel, raw)
    except Invalid:
        errors[name] = f"{name}_unreadable"
        return ""


def _traits(fields: Mapping[str, str], errors: dict[str, str]) -> dict[str, object]:
    traits: dict[str, object] = {
        trait: text for name, trait in NAMES.items() if (text := _text(name, fields, errors))
    }
    address = {trait: text for name, trait in ADDRESS.items() if (text := _text(name, fields, errors))}
    if address:
        for name in _NEEDED:
            if ADDRESS[name] not in address:
                errors.setdefault(name, "address_incomplete")
        traits["address"] = address
    if fields.get("locale", "") in LOCALES:
        traits["locale"] = fields["locale"]
    return traits


def _text(name: str, fields: Mapping[str, str], errors: dict[str, str]) -> str:
    text = fields.get(name, "").strip()
    if len(text) > MAX_TEXT or _CONTROL.search(text):
        errors[name] = "text_unreadable"
        return ""
    return text
