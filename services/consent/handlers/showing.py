"""Pages as people get them: in the firm's colours, with its logo and words."""

from __future__ import annotations

from html import escape
from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.consent.bootstrap.permissions import branding
from services.consent.domain.brand import Brand, Words
from services.shared.http import html
from services.shared.pages import Look, dressed, language_of


def shown(status: int, page: str, *, intro: bool = False) -> Response[Any]:
    """A page of ours; with `intro` the firm's own words stand at its top."""
    brand = branding().brand()
    return html(status, dressed(page, look_of(brand, language_of(page), intro=intro)) if brand else page)


def look_of(brand: Brand, language: str, *, intro: bool) -> Look:
    """A brand as HTML and style: all that it says is escaped, and its colours are checked where they are set."""
    words, colours, name = _words(brand, language), brand.colours, escape(brand.name)
    logo = f'<img src="{escape(brand.logo)}" alt="{name}">' if brand.logo else f"<strong>{name}</strong>"
    return Look(
        style="\n".join(
            [
                f"body{{color:{colours.text};background:{colours.background}}}",
                f"a{{color:{colours.accent};background:{colours.background}}}",
                f"button{{color:{colours.on_accent};background:{colours.accent}}}",
                f":focus-visible,input:focus-within{{outline-color:{colours.text}}}",
            ]
        ),
        header=f"<header>{logo}</header>",
        intro=_paragraphs(words.intro) if intro else "",
        footer=f"<footer>{_paragraphs(words.footer)}</footer>" if words.footer else "",
    )


def _words(brand: Brand, language: str) -> Words:
    return next((words for spoken, words in brand.texts.items() if spoken == language), Words())


def _paragraphs(text: str) -> str:
    return "\n".join(f"<p>{escape(line)}</p>" for line in text.splitlines() if line.strip())
