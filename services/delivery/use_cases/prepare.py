"""What a message would be if it left now: its channel, the links, the words; or the gate that stops it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.delivery.domain.choice import CHANNELS, Ask, Choice, Skip, candidates, choose
from services.delivery.domain.contact import Contact
from services.delivery.domain.message import Message
from services.delivery.domain.templates.documents import TemplateDocument
from services.delivery.domain.templates.rendering import NotRenderable, Rendered
from services.delivery.domain.wishes import Allowance, Held, allowance, days_before, heed
from services.delivery.ports import Gates, Secret
from services.delivery.use_cases.addresses import addresses_of
from services.delivery.use_cases.compose import Compose, locale_of
from services.delivery.use_cases.links import NO_LINKS, Links, Made
from services.shared.clock import to_iso


@dataclass(frozen=True)
class Prepared:
    """A message that every gate let pass so far, with what it will say."""

    choice: Choice
    content: Rendered
    unsubscribe_url: str
    allowance: Allowance


class Prepare:
    """Asks every gate that needs no transaction; the claim asks the rest."""

    def __init__(
        self, *, gates: Gates, links: Links, compose: Compose, address_secret: Secret, daily_cap: int
    ) -> None:
        self._gates = gates
        self._compose = compose
        self._links = links
        self._address_secret = address_secret
        self._daily_cap = daily_cap

    def __call__(
        self, message: Message, original: TemplateDocument, contact: Contact | None, now: datetime
    ) -> Prepared | Skip | Held:
        """`message` as it would leave now by the template `original`, or why it does not."""
        document = original.spoken(locale_of(message, contact))
        choice: Choice | Skip | Held = self._choose(message, document, contact, now)
        if isinstance(choice, Choice) and message.is_commercial and contact:
            choice = heed(choice, contact, now)
        if not isinstance(choice, Choice):
            return choice
        allowed = self._allowance(message, contact, now)
        if allowed.today <= 0:
            return capped(choice, allowed)
        links = self._ways_out(message, choice, contact, now)
        try:
            composed = self._compose(document, choice.channel, message, contact, links, now)
        except NotRenderable as error:
            gate = {"gate": "content", "channel": choice.channel, "input": error.detail, "verdict": "stop"}
            return Skip(error.reason, choice.channel, (*choice.gates, gate))
        choice = replace(choice, gates=(*choice.gates, *composed.gates))
        return Prepared(choice, composed.content, links.unsubscribe, allowed)

    def _choose(
        self, message: Message, document: TemplateDocument, contact: Contact | None, now: datetime
    ) -> Choice | Skip:
        """The first channel that can be reached and is allowed."""
        preferred = contact.preferred_channel if contact else ""
        order = candidates(message.channels, preferred, document.supported())
        addresses = addresses_of(message, order, contact, self._address_secret())
        standings = self._gates.standings(addresses, message.purpose)
        return choose(order, Ask(message.message_class, to_iso(now), document.ways_out()), standings)

    def _ways_out(self, message: Message, choice: Choice, contact: Contact | None, now: datetime) -> Made:
        """The links by which the person ends or changes what the message relies on."""
        if not message.is_commercial:
            return NO_LINKS
        addresses = addresses_of(message, CHANNELS, contact, self._address_secret())
        keys = {name: key for name, (_, key) in addresses.items()}
        return self._links.of(message, choice.channel, keys, now)

    def _allowance(self, message: Message, contact: Contact | None, now: datetime) -> Allowance:
        """A message that was attempted before had its place in the week then."""
        if not message.is_commercial or not (contact and contact.per_week) or message.counted_on:
            return allowance(self._daily_cap, None, 0)
        earlier = self._gates.counted(message.subject, days_before(now))
        return allowance(self._daily_cap, contact, earlier)


def capped(choice: Choice, allowed: Allowance) -> Skip:
    """The verdict where contact pressure allows no more."""
    cap = {"gate": "cap", "channel": choice.channel, "input": allowed.said, "verdict": "stop"}
    return Skip(allowed.reason, choice.channel, (*choice.gates, cap))
