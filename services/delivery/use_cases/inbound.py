"""The personalisation that a website or an app asks for while somebody waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from services.delivery.domain.contact import Contact
from services.delivery.domain.inbound import WEB, Slot, against, by_value, record
from services.delivery.domain.templates.documents import Template
from services.delivery.domain.templates.rendered import NotRenderable, Rendered
from services.delivery.ports.channels import Secret
from services.delivery.ports.messages import Messages
from services.delivery.ports.people import Gates
from services.delivery.use_cases.compose import Compose
from services.delivery.use_cases.links import NO_LINKS
from services.shared.addresses import address_key, normalise_address
from services.shared.channels import CHANNELS
from services.shared.clock import Clock
from services.shared.contracts.consent import EVERY
from services.shared.errors import Invalid, NotFound


class Slots(Protocol):
    """Slots by name."""

    def slot(self, name: str) -> Slot | None:
        """The slot; some seconds old at most."""
        ...

    def put_slot(self, name: str, slot: Slot) -> None:
        """Replace it."""
        ...


class Active(Protocol):
    """Templates by name."""

    def active(self, name: str) -> Template | None:
        """The version that is sent; some seconds old at most."""
        ...


class Inbound:
    """Answers in two reads and a write, where nothing is read anew and no template needs more."""

    def __init__(
        self,
        *,
        slots: Slots,
        templates: Active,
        gates: Gates,
        messages: Messages,
        compose: Compose,
        address_secret: Secret,
        clock: Clock,
    ) -> None:
        self._slots = slots
        self._templates = templates
        self._gates = gates
        self._messages = messages
        self._compose = compose
        self._address_secret = address_secret
        self._clock = clock

    def put(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Say what a slot may show.

        Raises:
            pydantic.ValidationError: the body breaks a rule.
            Invalid: `unknown_template`, one has no part for `web`.
        """
        slot = Slot.model_validate(dict(body))
        for template in slot.templates:
            found = self._templates.active(template)
            if found is None or found.document.channels.web is None:
                raise Invalid("unknown_template", f"no template {template} with a part for web")
        self._slots.put_slot(name, slot)
        return {"slot": name, **slot.model_dump()}

    def ask(self, name: str, profile_id: str) -> dict[str, Any]:
        """What the slot shows to a profile: `{slot, decision, shown}`; `shown` is `None` where nothing fits.

        Raises:
            NotFound: there is no such slot.
            Invalid: no profile is named.
        """
        slot = self._slots.slot(name)
        if slot is None:
            raise NotFound("not_found", f"no slot {name}")
        if not profile_id:
            raise Invalid("invalid", "profile is required")
        now = self._clock.now()
        contact = self._gates.reach([profile_id]).get(profile_id)
        if not isinstance(contact, Contact):
            return {"slot": name, "decision": None, "shown": None}
        found = [t for one in slot.templates if (t := self._templates.active(one))]
        winner, content, gates = self._best(name, by_value(found), contact, now)
        message = self._messages.create(record(name, contact.profile_id, winner, gates, now))
        shown = _shown(winner, content) if winner and content else None
        return {"slot": name, "decision": message.send_id, "shown": shown}

    def _best(
        self, slot: str, templates: Sequence[Template], contact: Contact, now: datetime
    ) -> tuple[Template | None, Rendered | None, list[Mapping[str, str]]]:
        everything = self._gates.standings(self._addresses(contact), EVERY)
        gates: list[Mapping[str, str]] = []
        for template in templates:
            asked = list(against(template, contact, everything, now))
            gates += [_gate(template, name, seen, passes) for name, seen, passes in asked]
            if not all(passes for _, _, passes in asked):
                continue
            message = record(slot, contact.profile_id, template, (), now)
            document = template.document.spoken(contact.locale)
            try:
                composed = self._compose(document, WEB, message, contact, NO_LINKS, now)
            except NotRenderable as error:
                gates.append(_gate(template, "content", error.detail, passes=False))
                continue
            gates += [{**one, "template": template.name} for one in composed.gates]
            value = template.document.worth()
            gates.append(_gate(template, "value", "none" if value is None else str(value), passes=True))
            return template, composed.content, gates
        return None, None, gates

    def _addresses(self, contact: Contact) -> dict[str, tuple[str, str]]:
        found = {}
        for channel in CHANNELS:
            raw = contact.address(channel)
            try:
                key = address_key(self._address_secret(), channel, raw)
                found[channel] = (normalise_address(channel, raw), key)
            except ValueError:
                continue
        return found


def _gate(template: Template, name: str, seen: str, passes: bool) -> dict[str, str]:
    verdict = "pass" if passes else "stop"
    return {"gate": name, "channel": WEB, "template": template.name, "input": seen, "verdict": verdict}


def _shown(winner: Template, content: Rendered) -> dict[str, Any]:
    return {
        "template": winner.name,
        "version": winner.version,
        "title": content.subject,
        "text": content.text,
        "url": content.details.get("url", ""),
    }
