"""The link to the preference centre, under every commercial e-mail whose template does not show it itself."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape

from services.delivery.domain.templates.rendered import Rendered

_WORDS = {"en": "Change your preferences or address", "nl": "Uw voorkeuren of adres veranderen"}
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)


def with_preferences(content: Rendered, url: str, locale: str) -> Rendered:
    """`content` that shows `url` in text and in HTML (where it has any), in the language of `locale`."""
    words = _WORDS["nl" if locale.lower().startswith("nl") else "en"]
    text, html = content.text, content.html
    if url not in text:
        text = f"{text.rstrip()}\n\n{words}: {url}\n"
    if html and escape(url) not in html and url not in html:
        line = f'<p><small><a href="{escape(url)}">{words}</a></small></p>'
        ends = list(_BODY_END.finditer(html))
        place = ends[-1].start() if ends else len(html)
        html = f"{html[:place]}{line}{html[place:]}"
    return replace(content, text=text, html=html)
