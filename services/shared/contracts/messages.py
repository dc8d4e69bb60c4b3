"""A request to send, as journeys and consent make it and delivery takes it."""

from __future__ import annotations

from typing import Any

from services.shared.contracts.base import Instant, Model


class MessageRequest(Model):
    """One message for one person.

    `send_id` is the same for every repetition of the same request, so at most one message leaves. `channels` is the
    order of preference (`preferred` stands for the person's own choice). The message's class (service, commercial)
    and purpose belong to the template, never to the request. After `expires_at` the moment is over and nothing is
    sent. `params` are there for the template to use; of a journey, `walk` has the facts of the walk. `proposition` is
    what is put to the person, if anything is; from `proposition_until` on it is not valid any more and nothing is sent.
    For reports: `variant` are the arms that the walk has taken (`split:arm`, by comma), `campaign` the journey where it
    is a campaign, `objective` and `angle` what it is for and starts from.
    Of two for one person at the same time, the one with the higher `priority` goes first.
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
    expires_at: Instant | None = None
    priority: int = 50
    proposition: str | None = None
    proposition_until: Instant | None = None
    variant: str = ""
    campaign: str = ""
    objective: str = ""
    angle: str = ""


class AddressedRequest(MessageRequest):
    """A message for an address that has no profile yet (double opt-in); travels in a personal fact only."""

    address: str
