"""What forums and segments sound like. Nothing here knows of a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from services.scoring.domain.definitions import Segment
from services.scoring.domain.definitions.forums import MINIMUM_MEMBERS, Forum
from services.scoring.domain.mentions import ALL, Day, Days, decayed
from services.scoring.domain.places import MEMBER
from services.scoring.mentions.ports import Mentions
from services.scoring.ports import DefinitionReader, PlaceBook
from services.shared.clock import Clock
from services.shared.errors import Invalid, NotFound

MOST_DAYS = 400
DEFAULT_HALF_LIFE = 14


class Sentiment:
    """The marketers' two routes."""

    def __init__(
        self, definitions: DefinitionReader, mentions: Mentions, places: PlaceBook, clock: Clock
    ) -> None:
        self._definitions = definitions
        self._mentions = mentions
        self._places = places
        self._clock = clock

    def of_forum(self, name: str, days: int) -> dict[str, Any]:
        """`{"forum", "score", "mentions", "topics", "days", "feed"}` over the last `days` days: `score` is the decayed
        mean polarity, -1 to 1 (null: nobody said anything that could be read).

        Raises:
            NotFound: there is no such forum.
            Invalid: `bad_days`.
        """
        _check(days)
        forum = self._definitions.load().get(Forum.kind, name)
        if not isinstance(forum, Forum):
            raise NotFound("not_found", f"there is no forum named {name!r}")
        report = self._report(f"forum/{name}", days, forum.half_life_days)
        return {"forum": name, **report, "feed": self._mentions.feed(name) if forum.feed else None}

    def of_segment(self, name: str, days: int) -> dict[str, Any]:
        """The same of a segment, from all forums that stood for it: `{"segment", "forums", "shown", "minimum_members"}`
        and, where it has as many members, `score`, `mentions`, `topics`, `days`.

        Raises:
            NotFound: there is no such segment.
            Invalid: `bad_days`.
        """
        _check(days)
        definitions = self._definitions.load()
        if definitions.get(Segment.kind, name) is None:
            raise NotFound("not_found", f"there is no segment named {name!r}")
        forums = [
            one for one in definitions.of_kind(Forum.kind) if isinstance(one, Forum) and one.segment == name
        ]
        minimum = max((one.minimum_members for one in forums), default=MINIMUM_MEMBERS)
        half_life = max((one.half_life_days for one in forums), default=DEFAULT_HALF_LIFE)
        shown = self._places.count((Segment.kind, name, ""), MEMBER) >= minimum
        report = self._report(f"segment/{name}", days, half_life) if shown else {}
        names = [one.name for one in forums]
        return {"segment": name, "forums": names, "shown": shown, "minimum_members": minimum, **report}

    def _report(self, owner: str, days: int, half_life: int) -> dict[str, Any]:
        today = self._clock.now().date()
        found = self._mentions.days(owner, today - timedelta(days=days - 1))
        every = _of_topic(found, ALL)
        topics = sorted({topic for _, topic in found} - {ALL})
        return {
            **_summary(every, today, half_life),
            "topics": {topic: _summary(_of_topic(found, topic), today, half_life) for topic in topics},
            "days": [
                {
                    "day": day.isoformat(),
                    "mentions": one.mentions,
                    "score": one.score,
                    "positive": one.positive,
                    "negative": one.negative,
                }
                for day, one in every
            ],
        }


def _check(days: int) -> None:
    if not 1 <= days <= MOST_DAYS:
        raise Invalid("bad_days", f"days: is not between 1 and {MOST_DAYS}")


def _of_topic(days: Days, topic: str) -> list[tuple[date, Day]]:
    return sorted(((day, one) for (day, of), one in days.items() if of == topic), key=lambda row: row[0])


def _summary(days: Iterable[tuple[date, Day]], today: date, half_life: int) -> dict[str, Any]:
    known = list(days)
    return {
        "score": decayed(known, today, half_life),
        "mentions": sum(one.mentions for _, one in known),
    }
