"""What a message says to one person, in their language."""

from __future__ import annotations

from services.delivery.domain.contact import Contact
from services.delivery.domain.footer import with_preferences
from services.delivery.domain.message import Message
from services.delivery.domain.templates.documents import TemplateDocument
from services.delivery.domain.templates.rendering import Rendered, render
from services.delivery.use_cases.links import Made


def locale_of(message: Message, contact: Contact | None) -> str:
    """The person's own choice, else the language in which an address was asked for its permission."""
    asked = message.params.get("language")
    return (contact.locale if contact else "") or (asked if isinstance(asked, str) else "")


def content_of(
    document: TemplateDocument,
    locale: str,
    channel: str,
    message: Message,
    contact: Contact | None,
    links: Made,
) -> Rendered:
    """The rendered message, with the link to the preference centre where it must have one; `document` is in the
    language of `locale` where it can be.

    Raises:
        NotRenderable: the template has no text for this person.
    """
    variables = {**message.params, **_traits(contact), **links.variables(), "message_id": message.send_id}
    content = render(document, channel, variables)
    if links.preferences and channel == "email":
        content = with_preferences(content, links.preferences, locale)
    return content


def _traits(contact: Contact | None) -> dict[str, str]:
    known = {"first_name": contact.first_name, "locale": contact.locale} if contact else {}
    return {name: value for name, value in known.items() if value}
