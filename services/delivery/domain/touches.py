"""Opens and clicks as they were reported, and which of them a person made.

The verdict is a function of the set of touches and of when the message was delivered, so that neither the order in
which reports arrive nor their repetition can matter. What a machine did is kept, beside what people did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from services.shared.clock import from_iso

OPENED, CLICKED = "opened", "clicked"
KINDS = (OPENED, CLICKED)
BY_MACHINE = "machine_"
"""Before a kind: the mark of what was no person's doing."""

TRAP = "trap"
"""Who followed the link that nobody can see."""

MOST = 30
"""Touches that are kept of a message, its first ones; more say nothing new."""

AT_ONCE = timedelta(seconds=2)
"""Sooner after delivery, or so many links within it, is faster than people are."""

LINKS_AT_ONCE = 3
AROUND_TRAP = timedelta(seconds=60)


@dataclass(frozen=True, order=True)
class Touch:
    """One open or click: `at` is ISO 8601 in UTC, `who` an `agents.Agent` or `TRAP`, `link` from `link_key`."""

    at: str
    kind: str
    who: str = "person"
    link: str = ""

    def __str__(self) -> str:
        return f"{self.at} {self.kind} {self.who} {self.link}".rstrip()


def read_touch(text: str) -> Touch:
    """The touch that was written so."""
    return Touch(*text.split(" "))


def link_key(url: str) -> str:
    """What stands for a link within its message."""
    return hashlib.sha256(url.encode()).hexdigest()[:8]


def with_touch(touches: Iterable[str], new: Touch) -> tuple[str, ...]:
    """`touches` with `new` among them: the earliest ones, each once."""
    return tuple(sorted({*touches, str(new)})[:MOST])


def judged(touches: Iterable[str], delivered: str) -> list[tuple[Touch, bool]]:
    """Each touch, in order of time, and whether it is a person's. `delivered` is empty while that is not known."""
    known = sorted(read_touch(text) for text in touches)
    early = from_iso(delivered) + AT_ONCE if delivered else None
    clicks = [one for one in known if one.kind == CLICKED]
    return [
        (
            one,
            one.who == "person"
            and not (early and from_iso(one.at) < early)
            and not (one.kind == CLICKED and _hurried(one, clicks)),
        )
        for one in known
    ]


def _hurried(click: Touch, clicks: Iterable[Touch]) -> bool:
    """Is it one of many links at once, or beside the invisible one?"""
    at = from_iso(click.at)
    around = [(from_iso(other.at) - at, other) for other in clicks]
    if any(other.who == TRAP and abs(apart) <= AROUND_TRAP for apart, other in around):
        return True
    near = [(apart, other.link) for apart, other in around if abs(apart) < AT_ONCE and other.link]
    return any(
        len({link for apart, link in near if timedelta(0) <= apart - start < AT_ONCE}) >= LINKS_AT_ONCE
        for start, _ in near
    )


def marks_of(touches: Iterable[str], delivered: str) -> dict[str, str]:
    """The first moment of each: `opened`, `clicked`, `machine_opened`, `machine_clicked`."""
    marks: dict[str, str] = {}
    for touch, by_person in judged(touches, delivered):
        marks.setdefault(touch.kind if by_person else f"{BY_MACHINE}{touch.kind}", touch.at)
    return marks


def links_of(touches: Iterable[str], delivered: str) -> Mapping[str, str]:
    """When a person first clicked each link (empty: a link that was not told), by `link_key`."""
    links: dict[str, str] = {}
    for touch, by_person in judged(touches, delivered):
        if by_person and touch.kind == CLICKED:
            links.setdefault(touch.link, touch.at)
    return links
