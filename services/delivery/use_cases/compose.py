"""What a message says to one person: their own words, products and price, as far as they may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.delivery.domain.contact import Contact
from services.delivery.domain.footer import with_preferences
from services.delivery.domain.message import Message
from services.delivery.domain.offers import priced
from services.delivery.domain.tastes import Taste
from services.delivery.domain.templates.documents import TemplateDocument
from services.delivery.domain.templates.guards import Level, guarded
from services.delivery.domain.templates.rendered import NotRenderable, Rendered
from services.delivery.domain.templates.rendering import render
from services.delivery.domain.templates.salutation import salutation
from services.delivery.ports.content import Catalogue, Tastes
from services.delivery.use_cases.links import Made
from services.delivery.use_cases.pick_products import Picked, named, pick

Gate = Mapping[str, str]


def locale_of(message: Message, contact: Contact | None) -> str:
    """The person's own choice, else the language in which an address was asked for its permission."""
    asked = message.params.get("language")
    return (contact.locale if contact else "") or (asked if isinstance(asked, str) else "")


@dataclass(frozen=True)
class Composed:
    """The rendered message, and what was decided about its content, for the decision record."""

    content: Rendered
    gates: tuple[Gate, ...]


@dataclass(frozen=True)
class Compose:
    """Renders templates for people. What only some templates need is read only for those."""

    tastes: Tastes
    catalogue: Catalogue

    def __call__(
        self,
        document: TemplateDocument,
        channel: str,
        message: Message,
        contact: Contact | None,
        links: Made,
        now: datetime,
    ) -> Composed:
        """The message as `document`, in the person's language, says it on `channel`, with the link to the preference
        centre where it must have one.

        Raises:
            NotRenderable: there is nothing to say to this person.
        """
        variables, gates = self.variables(document, channel, message, contact, links, now)
        content = render(document, channel, variables)
        if links.preferences and channel == "email":
            content = with_preferences(content, links.preferences, locale_of(message, contact))
        return Composed(content, tuple(gates))

    def variables(
        self,
        document: TemplateDocument,
        channel: str,
        message: Message,
        contact: Contact | None,
        links: Made,
        now: datetime,
    ) -> tuple[dict[str, Any], list[Gate]]:
        """All that the template is given, and what was decided about it.

        Raises:
            NotRenderable: its products or its offer stand in the way.
        """
        variables = {
            **message.params,
            **_person(document.language, contact),
            **links.variables(),
            "message_id": message.send_id,
        }
        if document.guards or document.blocks or document.offer:
            return self._own(document, channel, message, contact, variables, now)
        return variables, []

    def _own(
        self,
        document: TemplateDocument,
        channel: str,
        message: Message,
        contact: Contact | None,
        variables: Mapping[str, Any],
        now: datetime,
    ) -> tuple[dict[str, Any], list[Gate]]:
        """The variables as far as the person may see them, with products and price of their own."""
        taste = self.tastes.of(message.profile_id) if message.profile_id else Taste()
        level = _level(contact, taste)
        shown, verdicts = guarded(document.guards, level, variables)
        gates: list[Gate] = [
            _gate(f"guard {name}", channel, level, "pass" if is_open else "withheld")
            for name, is_open in verdicts.items()
        ]
        if document.blocks:
            picks = self._picks(document, taste, shown, now)
            shown["blocks"] = {name: [one.shown() for one in some] for name, some in picks.items()}
            gates += [
                _gate("products", channel, f"{name}: {', '.join(p.product_id for p in some) or 'none'}")
                for name, some in picks.items()
            ]
        if document.offer:
            shown["offer"], seen = self._offer(document.offer, taste, shown, now)
            gates.append(_gate("offer", channel, seen))
        return shown, gates

    def _picks(
        self, document: TemplateDocument, taste: Taste, variables: Mapping[str, Any], now: datetime
    ) -> dict[str, list[Picked]]:
        picks = {}
        for name, block in document.blocks.items():
            picks[name] = pick(block, taste, named(block, variables), self.catalogue, now)
            if len(picks[name]) < block.at_least:
                raise NotRenderable("too_few_products", f"{name}: {len(picks[name])} of {block.at_least}")
        return picks

    def _offer(
        self, name: str, taste: Taste, variables: Mapping[str, Any], now: datetime
    ) -> tuple[dict[str, Any], str]:
        """What the template knows of an offer, and what the decision record says of it."""
        found = self.catalogue.offer(name)
        if found is None or not found.offer.stands(now):
            raise NotRenderable("offer_over", name)
        offer = found.offer
        if offer.product in taste.had:
            raise NotRenderable("already_owned", f"{name}: {offer.product}")
        own = priced(offer, variables)
        seen = f"{name} revision {found.revision} {own.variant or 'list price'}: {own.price} {offer.currency}"
        if own.price < offer.floor:
            raise NotRenderable("price_below_floor", f"{seen}, floor {offer.floor}")
        shown = {
            "name": name,
            "title": offer.title,
            "url": offer.url,
            "currency": offer.currency,
            "price": str(own.price),
            "list_price": str(offer.price),
            "variant": own.variant,
        }
        return shown, f"{seen}, floor {offer.floor}"


def _gate(name: str, channel: str, seen: str, verdict: str = "pass") -> Gate:
    return {"gate": name, "channel": channel, "input": seen[:500], "verdict": verdict}


def _level(contact: Contact | None, taste: Taste) -> Level:
    if contact is None or not (contact.email or contact.phone):
        return "anonymous"
    return "customer" if taste.bought_at or contact.attributes.get("customer") is True else "contact"


def _person(language: str, contact: Contact | None) -> dict[str, Any]:
    """What templates know of the person; whoever is not known is greeted all the same."""
    if contact is None:
        return {"salutation": salutation(language, {}), "traits": {}}
    known = {"first_name": contact.first_name, "locale": contact.locale}
    return {
        **{name: value for name, value in known.items() if value},
        "salutation": salutation(language, {**contact.attributes, "firstName": contact.first_name}),
        "traits": contact.attributes,
    }
