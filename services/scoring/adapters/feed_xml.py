"""RSS 0.9 to 2.0 and Atom, by the names of elements alone; documents with a DTD are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any

from services.scoring.mentions.ports import FeedEntry, UnreadableFeed

MOST_ENTRIES = 200
LONGEST = 5_000

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_TAG = re.compile(r"<[^<>]{0,2000}>")


class FeedXml:
    """Port `FeedReader`."""

    def read(self, body: bytes) -> list[FeedEntry]:
        from xml.etree.ElementTree import ParseError

        from defusedxml import DefusedXmlException
        from defusedxml.ElementTree import fromstring

        try:
            root = fromstring(body, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
            raise UnreadableFeed from error
        if _local(root) not in ("rss", "RDF", "feed"):
            raise UnreadableFeed
        language = _language(root)
        entries = [element for element in root.iter() if _local(element) in ("item", "entry")]
        return [_entry(element, language) for element in entries[:MOST_ENTRIES]]


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _language(root: Any) -> str:
    named = [element.text for element in root.iter() if _local(element) == "language"]
    found = root.get(_LANGUAGE) or next((text.strip() for text in named if text), "")
    return found if re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]+)*", found) else "en"


def _entry(element: Any, language: str) -> FeedEntry:
    parts: dict[str, str] = {}
    for child in element:
        name, text = _local(child), "".join(child.itertext()).strip()
        if name == "link":
            text = text or (child.get("href", "") if child.get("rel", "alternate") == "alternate" else "")
        if text:
            parts.setdefault(name, text)
    said = next(
        (parts[name] for name in ("encoded", "content", "description", "summary") if parts.get(name)), ""
    )
    text = f"{_plain(parts.get('title', ''))}. {_plain(said)}".strip(". ")
    return FeedEntry(
        guid=parts.get("guid") or parts.get("id", ""),
        url=parts.get("link", ""),
        text=text[:LONGEST],
        at=next(_dates(parts), None),
        language=language,
    )


def _plain(markup: str) -> str:
    return re.sub(r"\s+", " ", unescape(_TAG.sub(" ", unescape(markup[: 4 * LONGEST])))).strip()


def _dates(parts: dict[str, str]) -> Iterator[datetime]:
    for name in ("pubDate", "published", "date", "updated"):
        text = parts.get(name, "")
        for read in (datetime.fromisoformat, parsedate_to_datetime):
            try:
                found = read(text)
            except (ValueError, TypeError, IndexError):
                continue
            yield found if found.tzinfo else found.replace(tzinfo=UTC)
