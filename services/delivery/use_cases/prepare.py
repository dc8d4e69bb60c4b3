"""What a message would be if it left now: its channel, the links, the words; or the gate that stops it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from services.delivery.domain.choice import Ask, Choice, Skip, candidates, choose
from services.delivery.domain.contact import Contact
from services.delivery.domain.message import Message
from services.delivery.domain.pressure.ledger import Ledger
from services.delivery.domain.prices import cheaper_first, expected_costs, units_of
from services.delivery.domain.templates.documents import TemplateDocument
from services.delivery.domain.templates.rendered import NotRenderable, Rendered
from services.delivery.domain.wishes import Held, heed
from services.delivery.ports.channels import Channels, Secret
from services.delivery.ports.people import Gates
from services.delivery.use_cases.addresses import addresses_of, usable
from services.delivery.use_cases.compose import Compose, locale_of
from services.delivery.use_cases.links import NO_LINKS, Links, Made
from services.delivery.use_cases.pressure import Pressure
from services.delivery.use_cases.tracking import Tracking
from services.shared.clock import to_iso

LINKED = ("email", "sms")
"""Channels whose permissions the links of every message can change, beside that of its own."""

SHOWN = (*LINKED, "push", "print", "call", "wallet")
"""Those of e-mails, which have room for longer links."""


@dataclass(frozen=True)
class Prepared:
    """A message that every gate let pass so far, with what it will say."""

    choice: Choice
    content: Rendered
    unsubscribe_url: str
    ledger: Ledger
    units: int
    cost: Decimal
    name: str
    links: Mapping[str, str]


class Prepare:
    """Asks every gate that needs no transaction; the claim asks the rest."""

    def __init__(
        self,
        *,
        gates: Gates,
        links: Links,
        tracking: Tracking,
        compose: Compose,
        channels: Channels,
        address_secret: Secret,
        pressure: Pressure,
    ) -> None:
        self._gates = gates
        self._tracking = tracking
        self._compose = compose
        self._links = links
        self._channels = channels
        self._address_secret = address_secret
        self._pressure = pressure

    def __call__(
        self,
        message: Message,
        original: TemplateDocument,
        contact: Contact | None,
        ledger: Ledger | None,
        now: datetime,
    ) -> Prepared | Skip | Held:
        """`message` as it would leave now by the template `original`, or why it does not. `ledger` is that of the
        message's profile, if it has one, as it was read just before: it moves on with the gates, so a claim by it knows
        that they stand."""
        document = original.spoken(locale_of(message, contact))
        choice: Choice | Skip | Held = self._choose(message, document, contact, now)
        if isinstance(choice, Choice) and message.is_commercial and contact:
            choice = heed(choice, contact, now)
        if not isinstance(choice, Choice):
            return choice
        ledger = ledger or self._pressure.ledger(choice.standing.address_key)
        choice = self._pressure.weigh(message, choice, ledger, contact, now)
        if not isinstance(choice, Choice):
            return choice
        links = self._ways_out(message, choice, contact, now)
        try:
            composed = self._compose(document, choice.channel, message, contact, links, now)
        except NotRenderable as error:
            gate = {"gate": "content", "channel": choice.channel, "input": error.detail, "verdict": "stop"}
            return Skip(error.reason, choice.channel, (*choice.gates, gate))
        choice = replace(choice, gates=(*choice.gates, *composed.gates))
        content, led = self._tracking(document, message, choice, contact, composed.content, now)
        units = units_of(choice.channel, content.text)
        cost = self._channels.prices().cost(choice.channel, units, now.date())
        return Prepared(choice, content, links.unsubscribe, ledger, units, cost, name_of(contact), led)

    def _choose(
        self, message: Message, document: TemplateDocument, contact: Contact | None, now: datetime
    ) -> Choice | Skip:
        """The first channel that is worth it, can be reached and is allowed."""
        preferred = contact.preferred_channel if contact else ""
        order = candidates(message.channels, preferred, document.supported())
        costs = expected_costs(order, document.sources(), self._channels.prices(), now.date())
        worth, dear = cheaper_first(order, document.worth(), costs)
        found = addresses_of(message, worth, contact, self._address_secret())
        addresses, unusable = usable(found, self._channels.terms().home_country)
        standings = self._gates.standings(addresses, message.purpose)
        ask = Ask(message.message_class, to_iso(now), document.ways_out(), unusable)
        choice = choose(worth, ask, standings)
        return replace(choice, gates=(*dear, *choice.gates))

    def _ways_out(self, message: Message, choice: Choice, contact: Contact | None, now: datetime) -> Made:
        """The links by which the person ends or changes what the message relies on."""
        if not message.is_commercial:
            return NO_LINKS
        named = dict.fromkeys((*(SHOWN if choice.channel == "email" else LINKED), choice.channel))
        addresses = addresses_of(message, list(named), contact, self._address_secret())
        keys = {name: key for name, (_, key) in addresses.items()}
        return self._links.of(message, choice.channel, keys, now)


def name_of(contact: Contact | None) -> str:
    """How a letter addresses the person, as far as it is known."""
    if contact is None:
        return ""
    return " ".join(f"{contact.first_name} {contact.attributes.get('lastName', '')}".split())
