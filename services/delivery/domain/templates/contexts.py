"""Where in HTML a variable may stand, and which links may be in it.

Escaping makes a value safe in text and in a quoted attribute, and nowhere else: that is seen to when a template is
kept. Where a link leads is known only when it is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

MARK = "\ue000"
"""Stands for whatever Liquid puts out; a character for private use, which no source may have."""

FORBIDDEN = frozenset(
    {"script", "iframe", "frame", "object", "embed", "applet", "base", "svg", "math", "portal"}
)
"""What no mail program runs and every filter hates."""

SCHEMES = frozenset({"http", "https", "mailto", "tel", "sms", "cid"})
URL_ATTRIBUTES = frozenset({"href", "src", "action", "formaction", "background", "poster", "longdesc"})
_NO_VARIABLE = frozenset({"style", "srcdoc", "srcset", "http-equiv"})

_OUTPUT = re.compile(r"\{\{.*?\}\}|\{%-?\s*(?:echo|cycle|increment|decrement|liquid)\b.*?%\}", re.DOTALL)
_TAG = re.compile(r"\{%.*?%\}", re.DOTALL)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_VALUES = re.compile(
    r"=(?<=[fcndrFCNDR\s]=)\s*(\"(?!https?://)[^\":&]*[:&][^\"]*\"|'(?!https?://)[^':&]*[:&][^']*')"
)
"""What may be a link with a scheme: after the last letter of a name of `URL_ATTRIBUTES`, and not plainly the web's."""

_URL_ENDINGS = tuple(URL_ATTRIBUTES)
_PAIRS = (("<!--", "-->"), ("<", ">"))
_TAG_RUN = re.compile(r"<[^>]*")
LONGEST_TAG = 5_000
_TAG_NAME = re.compile(rf"<[/!?]?[\w:-]*{MARK}")
_UNCLOSED = re.compile(r"<[a-zA-Z/!?]")
_BLANK = re.compile(r"[\x00-\x20\x7f-\xa0\u00ad\u180e\u2000-\u200f\u2028-\u202f\u2060-\u2069\u3000\ufeff]+")
_SCHEME = re.compile(r"([^/?#]*?):")


def marked(source: str) -> str:
    """HTML with `MARK` for each output of Liquid and without its other tags."""
    return _TAG.sub("", _OUTPUT.sub(MARK, source))


def unsafe_places(source: str) -> list[str]:
    """What makes an HTML source with Liquid in it unsafe, in words; nothing: it is safe."""
    if MARK in source:
        return ["a character for private use (U+E000) is not allowed"]
    text = marked(source)
    if any(text.rfind(opens) > text.rfind(closes) for opens, closes in _PAIRS):
        return ["a tag or a comment is not closed"]  # the parser would look for its end again and again
    if max(map(len, _TAG_RUN.findall(text)), default=0) > LONGEST_TAG:
        return [f"a tag has more than {LONGEST_TAG} characters"]
    reader = _Reader()
    reader.read(text)
    if _TAG_NAME.search(text):
        reader.problems.append("a variable in the name of a tag")
    if reader.seen != text.count(MARK) and not reader.problems:
        reader.problems.append("a variable stands in a tag that is not closed, or where nothing is shown")
    return list(dict.fromkeys(reader.problems))


def leads_astray(url: str) -> bool:
    """Has the value of an attribute a scheme that nothing may lead to, however it is hidden?"""
    if url.startswith(("https://", "http://")):
        return False
    scheme = _SCHEME.match(_BLANK.sub("", unescape(url)))
    return scheme is not None and scheme[1].lower() not in SCHEMES


def with_safe_links(html: str) -> str:
    """HTML whose links lead nowhere where they would lead astray."""
    bad = [match.span(1) for match in _VALUES.finditer(html) if _is_bad_link(html, match.start(), match[1])]
    for begin, end in reversed(bad):
        html = html[: begin + 1] + html[end - 1 :]
    return html


def _is_bad_link(html: str, equals: int, quoted: str) -> bool:
    name = html[max(0, equals - 20) : equals].rstrip().lower()
    return name.endswith(_URL_ENDINGS) and leads_astray(quoted[1:-1])


class _Reader(HTMLParser):
    """Finds variables and elements that are out of place; counts the variables that it sees."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.problems: list[str] = []
        self.seen = 0
        self._tail = ""

    def read(self, text: str) -> None:
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raw, self._tail = self.get_starttag_text() or "", ""
        self.seen += raw.count(MARK)
        name = tag.rpartition(":")[2]
        if name in FORBIDDEN:
            self.problems.append(f"<{name}> is not allowed")
        if MARK in _QUOTED.sub("", raw):
            self.problems.append(f"a variable in <{tag.replace(MARK, '…')}> must be in a quoted attribute")
        self.problems += self._attributes(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if MARK in tag:
            self.seen += 1
            self.problems.append("a variable in the name of a tag")

    def handle_data(self, data: str) -> None:
        self.seen += data.count(MARK)
        if MARK in data and self.cdata_elem:
            self.problems.append(f"a variable in <{self.cdata_elem}>")
        elif MARK in data and _UNCLOSED.search(self._tail + data):
            self.problems.append("a variable in a tag that is not closed")
        self._tail = data[-1:]

    def handle_comment(self, data: str) -> None:
        if data.startswith("[if") and ">" in data:  # Outlook reads what is in it
            inner = _Reader()
            inner.read(data.partition(">")[2].removesuffix("<![endif]"))
            self.problems += inner.problems
            self.seen += inner.seen
        elif MARK in data:
            self.seen += data.count(MARK)
            self.problems.append("a variable in a comment")

    def handle_decl(self, decl: str) -> None:
        self._declared(decl)

    def handle_pi(self, data: str) -> None:
        self._declared(data)

    def unknown_decl(self, data: str) -> None:
        self._declared(data)

    def _declared(self, data: str) -> None:
        self.seen += data.count(MARK)
        if MARK in data:
            self.problems.append("a variable in a declaration")

    @staticmethod
    def _attributes(tag: str, attrs: list[tuple[str, str | None]]) -> Iterator[str]:
        for name, value in attrs:
            plain = name.rpartition(":")[2]
            if plain.startswith("on"):
                yield f"{name} of <{tag}> is a script"
            elif plain in _NO_VARIABLE and MARK in (value or ""):
                yield f"a variable in {name} of <{tag}>"
            elif plain in URL_ATTRIBUTES and value and leads_astray(value):
                yield f"{name} of <{tag}> leads to a scheme that is not allowed"
            if tag == "meta" and plain == "http-equiv" and (value or "").strip().lower() == "refresh":
                yield "<meta http-equiv=refresh> is not allowed"
