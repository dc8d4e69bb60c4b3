"""Which links and pictures a message carries that tell what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.delivery.domain.choice import Choice
from services.delivery.domain.contact import Contact
from services.delivery.domain.message import Message
from services.delivery.domain.templates.documents import TemplateDocument
from services.delivery.domain.templates.rendered import Rendered
from services.delivery.domain.touches import link_key
from services.delivery.domain.tracking import hosts_in, short_code, with_led_links, with_marks
from services.delivery.ports.channels import Secret
from services.shared.permission import DOUBLE_OPT_IN
from services.shared.tokens import sign

CLICK = "click"
"""Use of a token that leads on: claims `send_id` and `url`, or `trap` in its place."""

OPEN = "open"
"""Use of a token that stands for an open: claim `send_id`."""

VALID = timedelta(days=730)
"""As long as people keep messages, and as unsubscribing by them works."""

PATHS = {CLICK: "c", OPEN: "o"}


@dataclass(frozen=True)
class Tracking:
    """Makes what tells."""

    public_url: str
    secret: Secret

    def __call__(
        self,
        document: TemplateDocument,
        message: Message,
        choice: Choice,
        contact: Contact | None,
        content: Rendered,
        now: datetime,
    ) -> tuple[Rendered, Mapping[str, str]]:
        """`content` as it leaves, and where its short links lead to, by `touches.link_key`; as it is for somebody who
        does not want to be followed."""
        if contact and contact.untracked:
            return content, {}
        until, short = now + VALID, dict[str, str]()

        def lead(url: str) -> str:
            if choice.channel == "sms":
                short[link_key(url)] = url
                return f"{self.public_url}/c/{short_code(self.secret(), message.send_id, link_key(url))}"
            return self._token(CLICK, {"send_id": message.send_id, "url": url}, until)

        clicks, opens = _wanted(document, message, choice)
        trap = picture = ""
        if clicks:
            hosts = set(document.track.hosts if document.track else ())
            for source in document.sources().values():
                hosts |= hosts_in(source)
            content = with_led_links(content, hosts, self.public_url, lead)
            trap = self._token(CLICK, {"send_id": message.send_id, "trap": "1"}, until)
        if opens:
            picture = self._token(OPEN, {"send_id": message.send_id}, until)
        return with_marks(content, trap=trap, picture=picture), short

    def _token(self, use: str, claims: Mapping[str, str], until: datetime) -> str:
        return f"{self.public_url}/{PATHS[use]}/{sign(self.secret(), use, claims, until)}"


def _wanted(document: TemplateDocument, message: Message, choice: Choice) -> tuple[bool, bool]:
    """Are clicks followed, and opens? Opens only where the person themselves said yes to the messages."""
    track, permission = document.track, choice.standing.permission
    said = track.clicks if track else None
    clicks = (choice.channel == "email" and message.is_commercial) if said is None else said
    own_choice = permission is not None and (permission.basis or DOUBLE_OPT_IN) == DOUBLE_OPT_IN
    opens = bool(track and track.opens) and choice.channel == "email" and message.is_commercial and own_choice
    return clicks and choice.channel in ("email", "sms"), opens
