"""From a request to the message of a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.delivery.domain.contact import Contact
from services.delivery.domain.message import Message
from services.delivery.domain.templates.documents import Template
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.messages import AddressedRequest, MessageRequest


def pending(request: MessageRequest) -> Message:
    """A request as the message it begins as."""
    return Message(
        send_id=request.send_id,
        template=request.template,
        channels=tuple(request.channels),
        requested_at=to_iso(request.requested_at),
        profile_id=request.profile_id,
        journey=request.journey,
        version=request.version,
        node=request.node,
        enrolment_id=request.enrolment_id,
        variant=request.variant,
        campaign=request.campaign,
        objective=request.objective,
        angle=request.angle,
        address=request.address if isinstance(request, AddressedRequest) else "",
        params=request.params,
        expires_at=to_iso(request.expires_at) if request.expires_at else "",
        priority=request.priority,
        proposition=request.proposition or "",
        proposition_until=to_iso(request.proposition_until) if request.proposition_until else "",
    )


def classed(message: Message, template: Template) -> Message:
    """The message with what its template decides."""
    document = template.document
    return replace(message, message_class=document.message_class, purpose=document.purpose)


def owned(message: Message, contact: Contact | None) -> Message:
    """The message as that of whoever its profile is by now."""
    if contact is None or contact.profile_id == message.profile_id:
        return message
    return replace(message, profile_id=contact.profile_id, merged_from=message.profile_id)


def never(message: Message, now: datetime) -> str:
    """Why the message is sent to nobody any more; empty: it may be."""
    if message.expires_at and now > from_iso(message.expires_at):
        return "moment_over"
    if message.proposition_until and now >= from_iso(message.proposition_until):
        return "proposition_over"
    return "service_promotes" if message.proposition and not message.is_commercial else ""
