"""What is allowed in a template and yet not good: for who can't see it, for small inboxes, for spam filters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

from services.delivery.domain.templates.contexts import MARK, marked
from services.delivery.domain.templates.documents import TemplateDocument

CLIPPED = 102 * 1024
"""Bytes of HTML after which Gmail hides the rest, the way to unsubscribe included."""

SUBJECT = 78
"""Characters of a subject that most inboxes show (RFC 5322 says the same of a line)."""

CONTRAST = 4.5
"""The least between text and what is behind it (WCAG 2.2, 1.4.3, level AA)."""

_COLOURS = {"white": "#ffffff", "black": "#000000", "red": "#ff0000", "silver": "#c0c0c0", "gray": "#808080"}
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
_HEX = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})\b", re.IGNORECASE)
_DECLARED = re.compile(r"(?:^|;)\s*(color|background-color|background)\s*:\s*([^;]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Advice:
    """One thing to mend: `code` names the rule, `path` the part of the template."""

    code: str
    path: str
    message: str


def advice(document: TemplateDocument) -> list[Advice]:
    """Every thing to mend in a document whose MJML is compiled."""
    found: list[Advice] = []
    for path, source in document.sources().items():
        if path.endswith(".email.subject"):
            found += _of_subject(path, source)
        elif path.endswith(".email.html"):
            found += _of_html(path, source)
        elif path.endswith(".text") and "http://" in source:
            found.append(Advice("insecure_link", path, "a link begins with http: use https"))
    return found


def _of_subject(path: str, source: str) -> Iterator[Advice]:
    shown = marked(source).replace(MARK, "")
    if len(shown) > SUBJECT:
        yield Advice("long_subject", path, f"{len(shown)} characters without variables; {SUBJECT} are shown")
    letters = [c for c in shown if c.isalpha()]
    if len(letters) > 10 and all(c.isupper() for c in letters):
        yield Advice("shouting_subject", path, "all capitals: spam filters count that")


def _of_html(path: str, source: str) -> Iterator[Advice]:
    size = len(source.encode())
    if size > CLIPPED:
        yield Advice("clipped", path, f"{size} bytes: Gmail hides what is after {CLIPPED}")
    reader = _Reader()
    reader.feed(marked(source))
    reader.close()
    if reader.opened and not reader.language:
        reader.found["no_language"] = "<html> has no lang: screen readers guess how to pronounce it"
    for code, message in reader.found.items():
        yield Advice(code, path, message)


class _Reader(HTMLParser):
    """Walks through HTML and keeps the first thing to mend of each kind."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.opened = self.language = False
        self._colours: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.opened, self.language = True, bool(values.get("lang"))
        if tag == "img" and "alt" not in values:
            self._mend("no_alt", "an image has no alt (an empty one, where it only decorates)")
        if tag == "table" and values.get("role") not in ("presentation", "none", "table"):
            self._mend("table_role", "a table has no role: presentation where it only lays out")
        if any(values.get(name, "").startswith("http://") for name in ("href", "src")):
            self._mend("insecure_link", "a link or an image begins with http: use https")
        if tag == "form":
            self._mend("form", "a form: most mail programs remove it")
        self._look_at_colours(tag, values)

    def handle_endtag(self, tag: str) -> None:
        if any(opened == tag for opened, _, _ in self._colours):
            while self._colours and self._colours.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.cdata_elem or not data.strip() or not self._colours:
            return
        _, text, behind = self._colours[-1]
        ratio = _contrast(text, behind)
        if ratio is not None and ratio < CONTRAST:
            self._mend("contrast", f"{text} on {behind} is {ratio:.1f} to 1, below {CONTRAST}")

    def _look_at_colours(self, tag: str, values: dict[str, str]) -> None:
        _, text, behind = self._colours[-1] if self._colours else ("", "#000000", "#ffffff")
        behind = _colour(values.get("bgcolor", "")) or behind
        for name, value in _DECLARED.findall(values.get("style", "")):
            if name.lower() == "color":
                text = _colour(value)
            else:
                behind = _colour(value)
        if tag not in _VOID:
            self._colours.append((tag, text, behind))

    def _mend(self, code: str, message: str) -> None:
        self.found.setdefault(code, message)


def _colour(value: str) -> str:
    """A colour as `#rrggbb`, or empty: it can't be told from the source."""
    word = value.strip().lower().removesuffix("!important").strip()
    found = _HEX.match(_COLOURS.get(word, word))
    if not found:
        return ""
    digits = found[1]
    return "#" + (digits if len(digits) == 6 else "".join(c * 2 for c in digits))


def _contrast(one: str, other: str) -> float | None:
    """The contrast ratio of two colours, by WCAG's definition; `None` where one is not known."""
    if not one or not other:
        return None
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)
