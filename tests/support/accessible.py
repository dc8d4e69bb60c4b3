"""What can be told of a page without a browser: is it one that everybody can use, with nothing from elsewhere?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "input", "br", "hr", "img", "link"}
_COLOUR = re.compile(r"#[0-9a-f]{3,6}")


@dataclass
class Element:
    """An element with its attributes and the text in it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    inside: tuple[str, ...] = ()


@dataclass
class Page(HTMLParser):
    """A parsed page; `unbalanced` are end tags that closed nothing of theirs."""

    source: str
    elements: list[Element] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[Element] = []
        self.feed(self.source)
        self.close()
        self.unbalanced += [element.tag for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {n: v or "" for n, v in attrs}, inside=tuple(e.tag for e in self._open))
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1].tag == tag:
            self._open.pop()
        else:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str) -> list[Element]:
        """Every element of a tag, in order."""
        return [element for element in self.elements if element.tag == tag]

    def fields(self) -> dict[str, str]:
        """What a browser would send of the page's form, untouched: boxes that are ticked, the first option."""
        found = {}
        for one in self.all("input"):
            if one.attributes.get("type") != "checkbox" or "checked" in one.attributes:
                found[one.attributes["name"]] = one.attributes.get("value", "")
        return {**found, **{one.attributes["name"]: "" for one in self.all("select")}}


def faults(source: str) -> list[str]:
    """Everything wrong with a page; empty when it can be used by keyboard, screen reader and without script."""
    page = Page(source)
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    found = [f"unbalanced {tag}" for tag in page.unbalanced]
    found += [f"id {one} stands twice" for one in set(ids) if ids.count(one) > 1]
    html = page.all("html")
    if len(html) != 1 or not re.fullmatch(r"[a-z]{2}(-[A-Z]{2})?", html[0].attributes.get("lang", "")):
        found.append("no language")
    for tag in ("title", "main", "h1"):
        if len(page.all(tag)) != 1 or not page.all(tag)[0].text.strip():
            found.append(f"not one {tag}")
    found += _form_faults(page, ids)
    found += [f"{tag} in the page" for tag in ("script", "link", "iframe", "object") if page.all(tag)]
    found += _picture_faults(page)
    for element in page.elements:
        found += [f"handler {name}" for name in element.attributes if name.startswith("on")]
        for name in ("href", "src", "action"):
            target = element.attributes.get(name, "")
            if "//" in target or target.startswith("javascript:"):
                found.append(f"{name} leads elsewhere: {target}")
            if target.startswith("#") and target[1:] not in ids:
                found.append(f"{name} leads nowhere: {target}")
        if element.attributes.get("tabindex", "0") not in ("0", "-1"):
            found.append("an order of focus of its own")
    return found


def _picture_faults(page: Page) -> list[str]:
    found = []
    for image in page.all("img"):
        if not image.attributes.get("src", "").startswith("data:image/"):
            found.append("a picture from elsewhere")
        if not image.attributes.get("alt", "").strip():
            found.append("a picture without words")
    return found


def _form_faults(page: Page, ids: list[str]) -> list[str]:
    found = []
    labelled = {label.attributes.get("for") for label in page.all("label") if label.text.strip()}
    for tag in ("input", "select", "textarea"):
        for one in page.all(tag):
            if one.attributes.get("type") != "hidden" and one.attributes.get("id") not in labelled:
                found.append(f"no label for {one.attributes.get('name')}")
    for fieldset in page.all("fieldset"):
        if not page.all("legend") or len(page.all("legend")) != len(page.all("fieldset")):
            found.append(f"no legend: {fieldset.text[:20]}")
    for element in page.elements:
        for one in element.attributes.get("aria-describedby", "").split():
            if one not in ids:
                found.append(f"described by nothing: {one}")
    if page.all("form") and not [b for b in page.all("button") if b.text.strip()]:
        found.append("no button")
    return found


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (`#rrggbb`), 1 to 21, as WCAG 2.2 defines it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    full = digits if len(digits) == 6 else "".join(2 * d for d in digits)
    channels = [int(full[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def colours(source: str) -> list[tuple[str, str]]:
    """Text colour and background of each rule of a page's style; white where a rule names no background."""
    style = source.partition("<style>")[2].partition("</style>")[0]
    found = []
    for rule in re.findall(r"\{([^}]*)\}", style):
        said = dict(part.split(":", 1) for part in rule.split(";") if ":" in part)
        if "color" in said:
            background = _COLOUR.search(said.get("background", "")) or _COLOUR.search("#ffffff")
            assert background is not None
            found.append((said["color"], background.group()))
    return found
