"""From a document as it was written to one that can be rendered."""

from __future__ import annotations

from collections.abc import Callable

from services.delivery.domain.templates.documents import TemplateDocument
from services.delivery.domain.templates.parts import MOST_HTML, Channels
from services.delivery.domain.templates.rendering import check
from services.shared.errors import TooLarge

CompileMjml = Callable[[str, str], str]
"""(path, source) to HTML."""


def ready(document: TemplateDocument, compile_mjml: CompileMjml) -> TemplateDocument:
    """The document with HTML for its MJML, checked.

    Raises:
        Invalid: a source breaks a rule of its language, or a variable stands where it would not be safe.
        TooLarge: what MJML becomes is over the limit.
    """
    translations = {
        name: _compiled(f"translations.{name}", channels, compile_mjml)
        for name, channels in document.translations.items()
    }
    channels = _compiled("channels", document.channels, compile_mjml)
    made = document.model_copy(update={"channels": channels, "translations": translations})
    check(made)
    return made


def _compiled(path: str, channels: Channels, compile_mjml: CompileMjml) -> Channels:
    if not (channels.email and channels.email.mjml):
        return channels
    html = compile_mjml(f"{path}.email.mjml", channels.email.mjml)
    if len(html) > MOST_HTML:
        raise TooLarge("template_too_large", f"{path}.email.mjml becomes more than {MOST_HTML} characters")
    email = channels.email.model_copy(update={"html": html, "mjml": ""})
    return channels.model_copy(update={"email": email})
