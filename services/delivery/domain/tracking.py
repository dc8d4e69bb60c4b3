"""Links that tell when they are followed, the picture that tells when a message is opened, and the link that only
machines find.

Only links to hosts that the template itself names are led through us: what a person's data brings along is left as it
is, so that nobody can have us send others to a place of their choice.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from html import escape, unescape
from urllib.parse import urlsplit

from services.delivery.domain.templates.rendered import Rendered

LONGEST = 1_000
"""Characters of a link that is led through us; longer ones are left as they are."""

_HREF = re.compile(r"""(<a\b[^<>]*?\shref\s*=\s*)("[^"<>]*"|'[^'<>]*')""", re.IGNORECASE)
_LINK = re.compile(r"https?://[!#-;=?-~]+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}'*_"
_LITERAL_HOST = re.compile(r"https?://([a-z0-9.-]+)(?::443)?(?=[/?#\s\"'<>)]|$)", re.IGNORECASE)
_PLAIN = re.compile(r"[!-~]+")
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)

_SHORT_MAC = 14

Lead = Callable[[str], str]
"""From where a link leads to, to the one that is shown in its place."""


@lru_cache(maxsize=512)
def hosts_in(source: str) -> frozenset[str]:
    """Hosts that the source of a template names whole, outside of anything it fills in."""
    return frozenset(match.group(1).lower() for match in _LITERAL_HOST.finditer(source))


def is_led(url: str, hosts: Iterable[str], own: str) -> bool:
    """Is the link one to lead through us? Not one of our own (`own` is how they begin), nor one to any other host."""
    if len(url) > LONGEST or not _PLAIN.fullmatch(url) or url.startswith(own):
        return False
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    named = host in hosts and port in (None, 80, 443)
    return parts.scheme in ("http", "https") and named and parts.username is None and "\\" not in url


def with_led_links(content: Rendered, hosts: Iterable[str], own: str, lead: Lead) -> Rendered:
    """`content` with each link that is to be led replaced, in text and in HTML."""
    known = frozenset(hosts)

    def shown(url: str) -> str:
        return lead(url) if is_led(url, known, own) else url

    def in_text(match: re.Match[str]) -> str:
        url = match.group(0).rstrip(_TRAILING)
        return shown(url) + match.group(0)[len(url) :]

    def in_html(match: re.Match[str]) -> str:
        url = unescape(match.group(2)[1:-1]).strip()
        led = shown(url)
        return f'{match.group(1)}"{escape(led)}"' if led != url else match.group(0)

    return replace(
        content,
        text=_LINK.sub(in_text, content.text),
        html=_HREF.sub(in_html, content.html) if content.html else "",
    )


def with_marks(content: Rendered, *, trap: str = "", picture: str = "") -> Rendered:
    """`content` whose HTML ends with a link that nobody sees (`trap`) and a picture that loads when it is opened."""
    marks = ""
    if trap:
        marks += f'<a href="{escape(trap)}" style="display:none" aria-hidden="true" tabindex="-1"></a>'
    if picture:
        marks += f'<img src="{escape(picture)}" width="1" height="1" alt="">'
    if not content.html or not marks:
        return content
    ends = list(_BODY_END.finditer(content.html))
    place = ends[-1].start() if ends else len(content.html)
    return replace(content, html=f"{content.html[:place]}{marks}{content.html[place:]}")


def short_code(secret: str, send_id: str, link: str) -> str:
    """What names a link of a message where every character counts: `<send id>.<link>.<56 bits of HMAC-SHA256>`."""
    mac = hmac.new(secret.encode(), f"short link\0{send_id}\0{link}".encode(), hashlib.sha256).hexdigest()
    return f"{send_id}.{link}.{mac[:_SHORT_MAC]}"


def read_short_code(secret: str, code: str) -> tuple[str, str] | None:
    """The send id and the link of a genuine code."""
    parts = code.split(".")
    if len(parts) != 3 or not code.isascii():
        return None
    send_id, link, _ = parts
    return (send_id, link) if hmac.compare_digest(short_code(secret, send_id, link), code) else None
