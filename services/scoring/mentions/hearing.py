"""Takes in mentions, sent or read from feeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from services.scoring.domain.definitions.forums import Forum
from services.scoring.domain.mentions import Mention, check_time, mention_keys, topics_in
from services.scoring.mentions.ports import FeedReader, Fetch, Mentions, Polarity, UnreadableFeed
from services.scoring.ports import DefinitionReader
from services.shared.clock import Clock, to_iso
from services.shared.errors import Invalid, explain
from services.shared.net.guarded_https import NoReply

MOST_SENT = 100
LONGEST_TEXT = 10_000
FEED_BYTES = 2_000_000
FEED_HEADERS = {
    "user-agent": "Halte-Feeds/1",
    "accept": "application/rss+xml, application/atom+xml, application/xml",
    "accept-encoding": "identity",
}


class Sent(BaseModel):
    """A mention as it is sent. Whatever else it says, such as who wrote it, is not read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    forum: str
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
    at: datetime
    guid: Annotated[str, Field(max_length=1000)] = ""
    url: Annotated[str, Field(max_length=2000)] = ""
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]+)*$", max_length=35)] = "en"

    @field_validator("at")
    @classmethod
    def _with_zone(cls, at: datetime) -> datetime:
        if at.tzinfo is None:
            raise ValueError("must name its offset from UTC")
        return at.astimezone(UTC)


class Hearing:
    """Counts each mention once, for its forum and the segment that the forum stands for."""

    def __init__(
        self, definitions: DefinitionReader, mentions: Mentions, polarity: Polarity, clock: Clock
    ) -> None:
        self._definitions = definitions
        self._mentions = mentions
        self._polarity = polarity
        self._clock = clock

    def take_in(self, sent: object) -> dict[str, Any]:
        """`{"counted", "known", "refused": [{"index", "code", "message"}]}`; one that is refused holds up no other.

        Raises:
            Invalid: `invalid_mentions`, it is no list, or too long.
        """
        if not isinstance(sent, list) or not 1 <= len(sent) <= MOST_SENT:
            raise Invalid("invalid_mentions", f"mentions: must be a list of 1 to {MOST_SENT}")
        counts: Counter[bool] = Counter()
        refused = []
        for index, one in enumerate(sent):
            try:
                counts[self.hear(Sent.model_validate(one))] += 1
            except ValidationError as error:
                refused.append({"index": index, "code": "invalid", "message": explain(error)})
            except Invalid as error:
                refused.append({"index": index, "code": error.code, "message": error.message})
        return {"counted": counts[True], "known": counts[False], "refused": refused}

    def hear(self, sent: Sent) -> bool:
        """Count a mention; `False`: it was counted before.

        Raises:
            Invalid: `unknown_forum`, `no_identity`, `too_old` or `in_future`.
        """
        now = self._clock.now()
        forum = self._definitions.load().get(Forum.kind, sent.forum)
        if not isinstance(forum, Forum):
            raise Invalid("unknown_forum", "forum: there is none of that name")
        check_time(sent.at, now)
        mention = Mention(
            forum=forum.name,
            at=sent.at,
            keys=mention_keys(forum.name, sent.guid, sent.url),
            topics=topics_in(sent.text, forum.topics),
            polarity=self._polarity.of(sent.text, sent.language),
        )
        owners = [f"forum/{forum.name}", *([f"segment/{forum.segment}"] if forum.segment else [])]
        return self._mentions.add(mention, owners, now)


class Feeds:
    """Reads every forum's feed, each for itself."""

    def __init__(
        self,
        definitions: DefinitionReader,
        hearing: Hearing,
        mentions: Mentions,
        fetch: Fetch,
        reader: FeedReader,
        clock: Clock,
    ) -> None:
        self._definitions = definitions
        self._hearing = hearing
        self._mentions = mentions
        self._fetch = fetch
        self._reader = reader
        self._clock = clock

    def run(self, has_time: Callable[[], bool]) -> Counter[str]:
        """Read feeds while `has_time()`, those first that were not read for longest; how often each outcome was."""
        outcomes: Counter[str] = Counter()
        for forum, _ in sorted(self._due(), key=lambda row: row[1]):
            if not has_time():
                outcomes["postponed"] += 1
                continue
            state = self._read(forum)
            self._mentions.note_feed(forum.name, state)
            outcomes[state["outcome"]] += 1
        return outcomes

    def _due(self) -> list[tuple[Forum, str]]:
        forums = [one for one in self._definitions.load().of_kind(Forum.kind) if isinstance(one, Forum)]
        return [
            (one, str((self._mentions.feed(one.name) or {}).get("read_at", ""))) for one in forums if one.feed
        ]

    def _read(self, forum: Forum) -> dict[str, Any]:
        read_at = to_iso(self._clock.now())
        reply = self._fetch.get(forum.feed, FEED_HEADERS, FEED_BYTES)
        if isinstance(reply, NoReply):
            return {"read_at": read_at, "outcome": reply.error}
        if reply.status != 200:
            return {"read_at": read_at, "outcome": f"http_{reply.status}"}
        try:
            entries = self._reader.read(reply.body)
        except UnreadableFeed:
            return {"read_at": read_at, "outcome": "unreadable_feed"}
        return {"read_at": read_at, "outcome": "read", **self._heard(forum, entries)}

    def _heard(self, forum: Forum, entries: Sequence[Any]) -> Mapping[str, int]:
        counts: Counter[str] = Counter(counted=0, known=0, refused=0)
        for entry in entries:
            said = {name: value for name, value in asdict(entry).items() if value}
            try:
                new = self._hearing.hear(
                    Sent.model_validate({"at": self._clock.now(), **said, "forum": forum.name})
                )
                counts["counted" if new else "known"] += 1
            except (ValidationError, Invalid):
                counts["refused"] += 1
        return counts
