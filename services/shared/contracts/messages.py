"""A request to send, as journeys and consent make it and delivery takes it."""

from __future__ import annotations

from typing import Any

from services.shared.contracts.base import Instant, Model


class MessageRequest(Model):
    """One message for one person.

    `send_id` is the same for every repetition of the same request, so at most one message leaves. `channels` is the
    order of preference (`preferred` stands for the person's own choice). The message's class (service, commercial)
    and purpose belong to the template, never to the request.
    """

    send_id: str
    template: str
    channels: list[str]
    requested_at: Instant
    profile_id: str = ""
    journey: str = ""
    version: int = 0
    node: str = ""
    enrolment_id: str = ""
    params: dict[str, Any] = {}


class AddressedRequest(MessageRequest):
    """A message for an address that has no profile yet (double opt-in); travels in a personal fact only."""

    address: str
