"""What a template would say to a person, shown to marketers, or sent to an address of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.delivery.domain.contact import Contact
from services.delivery.domain.message import Message
from services.delivery.domain.protocol import Sent
from services.delivery.domain.templates.documents import Template
from services.delivery.domain.templates.rendered import NotRenderable
from services.delivery.ports.content import Templates
from services.delivery.ports.messages import Outgoing, Sender
from services.delivery.ports.people import Gates
from services.delivery.use_cases.compose import Compose, Composed, locale_of
from services.delivery.use_cases.links import NO_LINKS, Made
from services.shared.addresses import normalise_address
from services.shared.clock import Clock, to_iso
from services.shared.errors import Conflict, Invalid, NotFound

NOWHERE = Made("https://preview.invalid/unsubscribe", "https://preview.invalid/preferences")
"""Links that change nothing: who looks at a preview must not unsubscribe the person in it."""


class PreviewAsked(BaseModel):
    """Whose message, of which version (default: the active one), on which channel, with which parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile_id: str = Field(default="", max_length=100)
    version: int | None = Field(default=None, ge=1)
    channel: Literal["email", "sms"] = "email"
    params: dict[str, Any] = {}


class TrialAsked(PreviewAsked):
    """The same, to be sent by e-mail to `address`."""

    address: str = Field(min_length=3, max_length=320)
    channel: Literal["email"] = "email"


class TrialAddresses(BaseModel):
    """Where tests may be sent to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    addresses: Annotated[list[Annotated[str, StringConstraints(max_length=320)]], Field(max_length=50)]


class PreviewTemplates:
    """Renders with a person's true data; only a test is sent, and only to a registered address."""

    def __init__(
        self, *, templates: Templates, gates: Gates, compose: Compose, sender: Sender, clock: Clock
    ) -> None:
        self._templates = templates
        self._gates = gates
        self._compose = compose
        self._sender = sender
        self._clock = clock

    def preview(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What the person would get, in `language`, with the `gates` about its content; or the `reason` why nothing.

        Raises:
            Invalid, pydantic.ValidationError: the template does not take the channel, or the body breaks a rule.
            NotFound: there is no such template, version or profile.
        """
        asked = PreviewAsked.model_validate(dict(body))
        template = self._template(name, asked)
        try:
            language, composed = self._composed(template, asked)
        except NotRenderable as error:
            return {"renders": False, "reason": error.reason, "detail": error.detail}
        content = composed.content
        shown = {"subject": content.subject, "text": content.text, "html": content.html}
        return {"renders": True, "language": language, **shown, "gates": list(composed.gates)}

    def test(self, name: str, body: Mapping[str, Any], send_id: str) -> dict[str, Any]:
        """Send it to one of the registered addresses, past every gate: it counts for nobody.

        Raises:
            Invalid, pydantic.ValidationError: the address is not registered, or as `preview`.
            NotFound: as `preview`.
            Conflict: `not_sent`, the template has nothing to say to the person, or the provider did not take it.
        """
        asked = TrialAsked.model_validate(dict(body))
        template = self._template(name, asked)
        if _address(asked.address) not in self._templates.test_addresses():
            raise Invalid("not_a_test_address", "address is none of GET /test-addresses")
        try:
            _, composed = self._composed(template, asked)
        except NotRenderable as error:
            raise Conflict("not_sent", f"{error.reason}: {error.detail}") from error
        content = replace(composed.content, subject=f"[Test] {composed.content.subject}")
        answer = self._sender.send(
            Outgoing(
                send_id=send_id,
                to=_address(asked.address),
                content=content,
                commercial=False,
                unsubscribe_url="",
                at=self._clock.now(),
            )
        )
        if not isinstance(answer, Sent):
            raise Conflict("not_sent", f"the provider answered {type(answer).__name__.lower()}")
        return {"send_id": send_id, "provider_id": answer.provider_id}

    def test_addresses(self) -> dict[str, Any]:
        """`{addresses}`: where tests may be sent to."""
        return {"addresses": self._templates.test_addresses()}

    def put_test_addresses(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Replace them.

        Raises:
            Invalid, pydantic.ValidationError: one of them is no address.
        """
        asked = TrialAddresses.model_validate(dict(body))
        self._templates.put_test_addresses(list(dict.fromkeys(map(_address, asked.addresses))))
        return self.test_addresses()

    def _template(self, name: str, asked: PreviewAsked) -> Template:
        number = asked.version
        found = self._templates.version(name, number) if number else self._templates.active(name)
        if found is None:
            raise NotFound("not_found", f"no template {name}, or not that version")
        if asked.channel not in found.document.supported():
            raise Invalid("no_channel", f"template {name} has nothing for {asked.channel}")
        return found

    def _composed(self, template: Template, asked: PreviewAsked) -> tuple[str, Composed]:
        contact = self._contact(asked.profile_id) if asked.profile_id else None
        now = self._clock.now()
        document = template.document
        message = Message(
            send_id="preview",
            template=template.name,
            channels=(asked.channel,),
            requested_at=to_iso(now),
            profile_id=contact.profile_id if contact else "",
            params=asked.params,
            message_class=document.message_class,
            purpose=document.purpose,
        )
        spoken = document.spoken(locale_of(message, contact))
        links = NOWHERE if message.is_commercial else NO_LINKS
        return spoken.language, self._compose(spoken, asked.channel, message, contact, links, now)

    def _contact(self, profile_id: str) -> Contact:
        found = self._gates.reach([profile_id]).get(profile_id)
        if not isinstance(found, Contact):
            raise NotFound("unknown_profile", f"no contact of profile {profile_id}")
        return found


def _address(raw: str) -> str:
    try:
        return normalise_address("email", raw)
    except ValueError as error:
        raise Invalid("invalid_address", "address is no e-mail address") from error
