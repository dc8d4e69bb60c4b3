"""What a message would be if it left now: its channel, the links, the words; or the gate that stops it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.delivery.domain.choice import CHANNELS, Ask, Choice, Skip, candidates, choose
from services.delivery.domain.contact import Contact
from services.delivery.domain.message import Message
from services.delivery.domain.pressure.ledger import Ledger
from services.delivery.domain.templates.documents import TemplateDocument
from services.delivery.domain.templates.rendering import NotRenderable, Rendered
from services.delivery.domain.wishes import Held, heed
from services.delivery.ports import Gates, Secret
from services.delivery.use_cases.addresses import addresses_of
from services.delivery.use_cases.content import content_of, locale_of
from services.delivery.use_cases.links import NO_LINKS, Links, Made
from services.delivery.use_cases.pressure import Pressure
from services.shared.clock import to_iso


@dataclass(frozen=True)
class Prepared:
    """A message that every gate let pass so far, with what it will say."""

    choice: Choice
    content: Rendered
    unsubscribe_url: str
    ledger: Ledger


class Prepare:
    """Asks every gate that needs no transaction; the claim asks the rest."""

    def __init__(self, *, gates: Gates, links: Links, address_secret: Secret, pressure: Pressure) -> None:
        self._gates = gates
        self._links = links
        self._address_secret = address_secret
        self._pressure = pressure

    def __call__(
        self, message: Message, original: TemplateDocument, contact: Contact | None, now: datetime
    ) -> Prepared | Skip | Held:
        """`message` as it would leave now by the template `original`, or why it does not."""
        locale = locale_of(message, contact)
        document = original.spoken(locale)
        choice: Choice | Skip | Held = self._choose(message, document, contact, now)
        if isinstance(choice, Choice) and message.is_commercial and contact:
            choice = heed(choice, contact, now)
        if not isinstance(choice, Choice):
            return choice
        choice, ledger = self._pressure.weigh(message, choice, contact, now)
        if not isinstance(choice, Choice):
            return choice
        links = self._ways_out(message, choice, contact, now)
        try:
            content = content_of(document, locale, choice.channel, message, contact, links)
        except NotRenderable as error:
            gate = {"gate": "content", "channel": choice.channel, "input": error.detail, "verdict": "stop"}
            return Skip(error.reason, choice.channel, (*choice.gates, gate))
        return Prepared(choice, content, links.unsubscribe, ledger)

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
