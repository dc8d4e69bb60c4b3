"""A service message carries no promotion: what in its sources would be one, by path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.delivery.domain.templates.documents import TemplateDocument
from services.delivery.domain.templates.limits import compile_source

TRACKED = frozenset(
    {"utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term", "gclid", "fbclid", "msclkid"}
    | {"campaign", "coupon", "discount", "offer", "promo", "promotion"}
)
"""Parameters of links by which campaigns are measured or prices cut."""

BLOCKS = frozenset(
    {"campaign", "coupon", "coupons", "discount", "discounts", "next_best", "offer", "offers", "products"}
    | {"promotion", "promotions", "proposition", "propositions", "recommendations", "recommended"}
)
"""Variables that offer something, alone or in `walk`, and what `data-block` in HTML names such a part."""

_LINK = re.compile(r"https?://[^\s\"'<>\])}]+", re.IGNORECASE)
_BLOCK = re.compile(r"""data-block\s*=\s*["']?([\w-]+)""", re.IGNORECASE)
_URL = r"^https?://[^\s\"'<>?#*]+\*?$"

Page = Annotated[str, StringConstraints(pattern=_URL, max_length=500)]
"""An address without its query; with `*` at the end, every one that begins so."""


class LandingPages(BaseModel):
    """Where campaigns lead to: a message that links there is a commercial one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pages: Annotated[list[Page], Field(max_length=1_000)]


def found_in(document: TemplateDocument, pages: Sequence[str]) -> Iterator[str]:
    """All that promotes something, as `path: what it is`; nothing of a message that may."""
    if document.message_class != "service":
        return
    for path, source in document.sources().items():
        for link in dict.fromkeys(match.rstrip(".,;:!") for match in _LINK.findall(source)):
            if reason := _promotes(link, pages):
                yield f"{path}: {link} {reason}"
        for block in sorted(_blocks(path, source)):
            yield f"{path}: {block} is a block that promotes"


def _promotes(link: str, pages: Sequence[str]) -> str:
    place = _place(link)
    for page in pages:
        wanted = _place(page.removesuffix("*"))
        begins_so = page.endswith("*") and place.startswith(wanted)
        if begins_so or place.rstrip("/") == wanted.rstrip("/"):
            return "leads to a landing page of campaigns"
    try:
        names = {name.lower() for name, _ in parse_qsl(urlsplit(link).query, keep_blank_values=True)}
    except ValueError:
        return "cannot be read"
    tracked = sorted(names & TRACKED)
    return f"is a tracked commercial link ({', '.join(tracked)})" if tracked else ""


def _place(link: str) -> str:
    """Host and path as one would compare them: without scheme, `www.` and query."""
    rest = re.split(r"[?#]", link, maxsplit=1)[0].partition("://")[2]
    host, slash, path = rest.partition("/")
    return f"{host.lower().removeprefix('www.')}{slash}{path}"


def _blocks(path: str, source: str) -> set[str]:
    names = {name.lower() for name in _BLOCK.findall(source)}
    for uses in compile_source(path, source).analyze().globals.values():
        for use in uses:
            read = use.segments[:2] if use.segments[0] == "walk" else use.segments[:1]
            names.update(str(name) for name in read)
    return names & BLOCKS
