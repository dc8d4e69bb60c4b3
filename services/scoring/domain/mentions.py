"""Mentions: which are the same, what they are about, and what they add up to. Who wrote them is not asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from services.shared.errors import Invalid
from services.shared.ids import stable_id

OLDEST = timedelta(days=30)
"""A mention of before that is not counted: it may have been, and been forgotten since."""

SEEN_KEPT = timedelta(days=60)
"""How long a mention is known again: for longer than it may still count."""

AHEAD = timedelta(days=1)
CLEAR = 0.05
"""A polarity of this much is positive, its negative is negative: the convention of VADER."""

ALL = ""
"""The topic of every mention."""


@dataclass(frozen=True)
class Mention:
    """`keys` are what it is known again by; `polarity` goes from -1 to 1, or is unknown."""

    forum: str
    at: datetime
    keys: tuple[str, ...]
    topics: tuple[str, ...]
    polarity: float | None


@dataclass(frozen=True)
class Day:
    """Mentions of a day; `scored` have a polarity, and these add up to `thousandths`."""

    mentions: int = 0
    scored: int = 0
    thousandths: int = 0
    positive: int = 0
    negative: int = 0

    @property
    def score(self) -> float | None:
        """The mean polarity."""
        return round(self.thousandths / self.scored / 1000, 4) if self.scored else None


Days = Mapping[tuple[date, str], Day]
"""By day (UTC) and topic."""


def counted(mention: Mention) -> Day:
    """What one mention adds."""
    if mention.polarity is None:
        return Day(mentions=1)
    return Day(
        mentions=1,
        scored=1,
        thousandths=round(mention.polarity * 1000),
        positive=int(mention.polarity >= CLEAR),
        negative=int(mention.polarity <= -CLEAR),
    )


def mention_keys(forum: str, guid: str, url: str) -> tuple[str, ...]:
    """What a mention is known again by: the id that its feed gives it, and its address. Hashes.

    Raises:
        Invalid: `no_identity`, it has neither.
    """
    found = [("guid", guid.strip()), ("url", _same(url))]
    keys = tuple(stable_id("men", forum, kind, value) for kind, value in found if value)
    if not keys:
        raise Invalid("no_identity", "guid or url: one of them is needed, to count a mention once")
    return keys


def _same(url: str) -> str:
    """An address without what does not change where it leads."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return url.strip()
    if not parts.netloc:
        return url.strip()
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not k.startswith("utm_")]
    place = f"{parts.netloc.lower()}{parts.path.rstrip('/')}"
    return f"{place}?{urlencode(query)}" if query else place


def check_time(at: datetime, now: datetime) -> None:
    """Is a mention neither too old nor of the future?

    Raises:
        Invalid: `too_old` or `in_future`.
    """
    if at < now - OLDEST:
        raise Invalid("too_old", f"at: is more than {OLDEST.days} days ago")
    if at > now + AHEAD:
        raise Invalid("in_future", "at: is more than a day ahead")


def topics_in(text: str, topics: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The topics of which a word or phrase stands in the text, as whole words, in any case."""
    low = text.casefold()
    return tuple(
        topic
        for topic, words in sorted(topics.items())
        if any(re.search(rf"(?<!\w){re.escape(word.casefold())}(?!\w)", low) for word in words)
    )


def decayed(days: Iterable[tuple[date, Day]], today: date, half_life_days: int) -> float | None:
    """The mean polarity of mentions of which each weighs half as much after every half-life; `None`: there are none."""
    total = weights = 0.0
    for day, of_day in days:
        weight = 0.5 ** (max((today - day).days, 0) / half_life_days)
        total += weight * of_day.thousandths / 1000
        weights += weight * of_day.scored
    return round(total / weights, 4) if weights else None
