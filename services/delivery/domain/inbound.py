"""What a website or an app shows to somebody who comes to it: the dearest proposition that nothing speaks against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.delivery.domain.choice import Standing
from services.delivery.domain.contact import Contact
from services.delivery.domain.message import Message
from services.delivery.domain.templates.documents import Template
from services.delivery.domain.wishes import is_paused
from services.shared.clock import to_iso
from services.shared.ids import stable_id
from services.shared.permission import needs_permission

WEB = "web"
INBOUND_JOURNEY = "(inbound)"
"""Stands in reports where somebody came by themselves."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]


class Slot(BaseModel):
    """A place on a page or a screen, and the `templates` of which it shows one: each has a part for `web`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    templates: Annotated[list[Name], Field(min_length=1, max_length=20)]


def by_value(templates: Sequence[Template]) -> list[Template]:
    """The dearest first; of the same value, in the order of the slot."""
    return sorted(templates, key=lambda one: one.document.worth() or Decimal(0), reverse=True)


def against(
    template: Template, contact: Contact, everything: Mapping[str, Standing], now: datetime
) -> Iterator[tuple[str, str, bool]]:
    """What is asked of a template for a person: gate, what it saw, and whether it lets pass.

    Who comes to us needs to have permitted nothing, but nobody is advertised to who objected to all marketing
    (`everything`: what stands for that at each of their addresses), or wants none for a while.
    """
    yield (
        "part",
        WEB if template.document.channels.web else "none",
        template.document.channels.web is not None,
    )
    if not needs_permission(template.document.message_class):
        return
    objected = any(one.permission and one.permission.state == "revoked" for one in everything.values())
    yield "objection", "all marketing" if objected else "none", not objected
    if contact.paused_until:
        yield "pause", f"until {contact.paused_until}", not is_paused(contact, now)


def record(
    slot: str,
    profile_id: str,
    winner: Template | None,
    gates: Sequence[Mapping[str, str]],
    now: datetime,
) -> Message:
    """The decision, which is the same all day as long as it comes to the same."""
    shown = winner.name if winner else ""
    at = to_iso(now)
    document = winner.document if winner else None
    return Message(
        send_id=stable_id("inb", profile_id, slot, at[:10], shown),
        template=shown or f"({slot})",
        channels=(WEB,),
        channel=WEB,
        requested_at=at,
        updated_at=at,
        status="sent" if winner else "skipped",
        reason="" if winner else "nothing_to_show",
        profile_id=profile_id,
        journey=INBOUND_JOURNEY,
        node=slot,
        message_class=document.message_class if document else "",
        purpose=document.purpose if document else "",
        template_version=winner.version if winner else 0,
        gates=tuple(gates),
        marks={"delivered": at} if winner else {},
    )
