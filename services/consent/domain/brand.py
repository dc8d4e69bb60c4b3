"""What a firm makes of the public pages: its name, logo, colours and a few words, within what everybody can read.

Texts are plain and the logo is part of the page: nothing is loaded from elsewhere, nobody else learns who looks.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
Text = Annotated[str, Field(max_length=600, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]*$")]

READABLE = 4.5
"""The least contrast of text with what is behind it, as WCAG 2.2 (1.4.3) has it for level AA."""

MAX_LOGO = 60_000
"""Characters of a logo as a data URL: some 45 KB of picture in every page."""

_LOGO = re.compile(r"data:image/(png|jpeg|gif|webp);base64,([A-Za-z0-9+/]+={0,2})", re.ASCII)
_BEGINS: Mapping[str, bytes] = {
    "png": b"\x89PNG\r\n\x1a\n",
    "jpeg": b"\xff\xd8\xff",
    "gif": b"GIF8",
    "webp": b"RIFF",
}

HINT, ERROR = "#595959", "#a61b1b"
"""Colours that pages have besides: of hints, and of what is wrong."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Colours(_Part):
    """`accent` is the colour of links and buttons, `on_accent` of the words on buttons."""

    text: Colour = "#1a1a1a"
    background: Colour = "#ffffff"
    accent: Colour = "#0b5394"
    on_accent: Colour = "#ffffff"

    @model_validator(mode="after")
    def _readable(self) -> Self:
        pairs = {
            "text on background": (self.text, self.background),
            "accent on background": (self.accent, self.background),
            "on_accent on accent": (self.on_accent, self.accent),
            f"hints ({HINT}) on background": (HINT, self.background),
            f"errors ({ERROR}) on background": (ERROR, self.background),
        }
        for pair, (one, other) in pairs.items():
            found = contrast(one, other)
            if found < READABLE:
                raise ValueError(f"{pair} has a contrast of {found:.2f} to 1, at least {READABLE} is needed")
        return self


class Words(_Part):
    """`intro` stands at the top of the preference centre, `footer` under every page."""

    intro: Text = ""
    footer: Text = ""


class Brand(_Part):
    """How the public pages look. `logo` is a picture as a data URL (PNG, JPEG, GIF or WebP); without one the name
    stands in its place. `texts` are by the pages' language."""

    name: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
    logo: Annotated[str, Field(max_length=MAX_LOGO)] = ""
    colours: Annotated[Colours, Field(default_factory=Colours)]
    texts: dict[Literal["en", "nl"], Words] = {}

    @field_validator("logo")
    @classmethod
    def _is_picture(cls, logo: str) -> str:
        found = _LOGO.fullmatch(logo)
        if logo and found is None:
            raise ValueError("must be data:image/png;base64,… (or jpeg, gif, webp)")
        try:
            if found and not base64.b64decode(found[2], validate=True).startswith(_BEGINS[found[1]]):
                raise ValueError(f"is no {found[1]} picture")
        except binascii.Error as error:
            raise ValueError("is not base64") from error
        return logo


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (`#rrggbb`), 1 to 21, as WCAG 2.2 defines it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
