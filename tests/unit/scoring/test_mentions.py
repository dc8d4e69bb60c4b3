"""Mentions: the same one is known again, and a forum's score is the decayed mean of what can be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.scoring.adapters.feed_xml import MOST_ENTRIES, FeedXml
from services.scoring.adapters.vader import Vader
from services.scoring.domain.definitions import Definitions, Segment
from services.scoring.domain.definitions.forums import Forum
from services.scoring.domain.mentions import Day, Days, Mention, counted, decayed, mention_keys, topics_in
from services.scoring.mentions.hearing import FEED_BYTES, Feeds, Hearing
from services.scoring.mentions.ports import UnreadableFeed
from services.shared.clock import FixedClock
from services.shared.errors import Conflict, Invalid
from services.shared.net.guarded_https import NoReply, Reply
from tests.unit.scoring.fakes import FakeDefinitions

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOW.date()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("g1", ""), ("g1", "https://x.example/a")),
        (("", "https://X.example/a/"), ("", "http://x.example/a")),
        (("", "https://x.example/a?utm_source=b&p=1#c"), ("", "https://x.example/a?p=1")),
        (("g1", "https://x.example/a"), ("g2", "https://x.example/a")),
    ],
)
def test_the_same_mention_is_known_again(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert set(mention_keys("f", *one)) & set(mention_keys("f", *other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("g1", ""), ("g2", "")),
        (("", "https://x.example/a?p=1"), ("", "https://x.example/a?p=2")),
        (("https://x.example/a", ""), ("", "https://x.example/b")),
    ],
)
def test_others_are_not(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert not set(mention_keys("f", *one)) & set(mention_keys("f", *other))
    assert not set(mention_keys("f", *one)) & set(mention_keys("g", *one))


def test_a_mention_without_identity_is_refused() -> None:
    with pytest.raises(Invalid, match="no_identity"):
        mention_keys("f", " ", "")


def test_topics_are_whole_words_in_any_case() -> None:
    topics = {"app": ["app", "the site"], "price": ["€ 5", "cheap"]}
    assert topics_in("The Site is down, and the APP.", topics) == ("app",)
    assert topics_in("Happy with my appetite. cheaper", topics) == ()
    assert topics_in("all for € 5!", topics) == ("price",)


def test_what_is_older_by_a_half_life_weighs_half() -> None:
    days = [(TODAY, Day(1, 1, 600)), (TODAY - timedelta(days=7), Day(1, 1, -600))]
    assert decayed(days, TODAY, 7) == pytest.approx((0.6 - 0.3) / 1.5, abs=1e-4)
    assert decayed([], TODAY, 7) is None
    assert decayed([(TODAY, Day(5))], TODAY, 7) is None, "mentions that could not be read say nothing"


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.lists(st.integers(-1000, 1000), min_size=1, max_size=5)), max_size=8
    ),
    st.integers(1, 60),
)
def test_a_score_lies_between_the_worst_and_the_best(rows: list[tuple[int, list[int]]], half: int) -> None:
    days = [(TODAY - timedelta(days=age), Day(len(t), len(t), sum(t))) for age, t in rows]
    score = decayed(days, TODAY, half)
    told = [one / 1000 for _, t in rows for one in t]
    assert (score is None) == (not told)
    assert score is None or min(told) - 1e-4 <= score <= max(told) + 1e-4


def test_english_has_a_polarity_and_other_languages_have_none() -> None:
    vader = Vader()
    good = vader.of("I love this bank, the new app is great!", "en-GB")
    bad = vader.of("Terrible service. I hate waiting, and the app is awful.", "en")
    assert good is not None
    assert bad is not None
    assert good > 0.5 > -0.5 > bad
    assert vader.of("Ik hou van deze bank", "nl") is None
    assert counted(Mention("f", NOW, ("k",), (), None)) == Day(mentions=1)


# Feeds

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Board</title><language>en-us</language>
<item><guid>p1</guid><link>https://board.example/1</link><title>Great &amp; fast</title>
<description>&lt;p&gt;I &lt;b&gt;love&lt;/b&gt; it&lt;/p&gt;</description><author>ann@example.com (Ann)</author>
<pubDate>Sat, 21 Nov 2026 10:00:00 +0200</pubDate></item>
<item><link>https://board.example/2</link><title>Hm</title></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="nl"><title>Bord</title>
<entry><id>urn:1</id><link rel="self" href="https://x.example/api/1"/><link href="https://x.example/1"/>
<title>Kön</title><author><name>Bob</name></author><content type="html">goed</content>
<updated>2026-11-20T08:00:00Z</updated></entry></feed>""".encode()
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>c</title></channel>
<item><title>One</title><link>https://r.example/1</link><dc:date>2026-11-19T07:00:00Z</dc:date></item></rdf:RDF>"""


def test_rss_and_atom_are_read_as_plain_text_and_nobody_s_name_is() -> None:
    first, second = FeedXml().read(RSS)
    assert (first.guid, first.url, first.language) == ("p1", "https://board.example/1", "en-us")
    assert first.text == "Great & fast. I love it"
    assert first.at == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert (second.guid, second.text, second.at) == ("", "Hm", None)

    (atom,) = FeedXml().read(ATOM)
    assert (atom.guid, atom.url, atom.language, atom.text) == (
        "urn:1",
        "https://x.example/1",
        "nl",
        "Kön. goed",
    )
    (rdf,) = FeedXml().read(RDF)
    assert (rdf.url, rdf.at) == ("https://r.example/1", datetime(2026, 11, 19, 7, tzinfo=UTC))
    assert not any(name in repr([first, atom]) for name in ("ann@", "Ann", "Bob"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>not found</body></html>",
        b"<rss><channel><item></rss>",
        b'<?xml version="1.0" encoding="nowhere"?><rss/>',
        b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><channel>&b;</channel></rss>',
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel>&x;</channel></rss>',
    ],
)
def test_what_is_no_feed_or_tries_something_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableFeed):
        FeedXml().read(body)


def test_a_feed_is_read_up_to_a_limit() -> None:
    items = b"<item><guid>g</guid><title>t</title></item>" * (MOST_ENTRIES + 5)
    assert len(FeedXml().read(b"<rss><channel>" + items + b"</channel></rss>")) == MOST_ENTRIES


# Definitions


def test_a_forum_names_a_segment_that_there_is_and_a_feed_in_the_open() -> None:
    forum = Forum.read("board", {"segment": "fans", "feed": "https://board.example/rss"})
    with pytest.raises(Invalid, match="unknown_reference"):
        Definitions.of(1, [forum])
    fans = Segment.read("fans", {"condition": {"fact": "orders", "gte": 1}})
    assert Definitions.of(1, [forum, fans]).get("forum", "board") == forum
    with pytest.raises(Conflict, match="in_use"):
        Definitions.of(1, [forum, fans]).without("segment", "fans")
    assert Forum.read("board", forum.document()) == forum


@pytest.mark.parametrize(
    "document",
    [
        {"feed": "http://board.example/rss"},
        {"feed": "https://169.254.169.254/latest"},
        {"feed": "https://localhost/rss"},
        {"minimum_members": 19},
        {"half_life_days": 0},
        {"topics": {"App": ["app"]}},
        {"topics": {"a/b": ["app"]}},
        {"topics": {"app": []}},
        {"topics": {"app": ["a"]}},
        {"author": True},
    ],
)
def test_what_a_forum_may_not_say(document: dict[str, Any]) -> None:
    with pytest.raises((Invalid, ValidationError)):
        Forum.read("board", document)


# Reading feeds on schedule


class FakeMentions:
    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.counted: list[Mention] = []
        self.feeds: dict[str, Mapping[str, Any]] = {}

    def add(self, mention: Mention, owners: Sequence[str], now: datetime) -> bool:
        if self.seen & set(mention.keys):
            return False
        self.seen |= set(mention.keys)
        self.counted.append(mention)
        return True

    def days(self, owner: str, first: date) -> Days:
        return {}

    def note_feed(self, forum: str, state: Mapping[str, Any]) -> None:
        self.feeds[forum] = state

    def feed(self, forum: str) -> Mapping[str, Any] | None:
        return self.feeds.get(forum)


class Web:
    """What the open internet answers, by URL."""

    def __init__(self, **replies: Reply | NoReply) -> None:
        self.replies = replies
        self.asked: list[str] = []

    def get(self, url: str, headers: Mapping[str, str], limit: int) -> Reply | NoReply:
        assert limit == FEED_BYTES
        self.asked.append(url)
        return self.replies[url.removeprefix("https://").partition(".")[0]]


def feeds(web: Web, mentions: FakeMentions, clock: FixedClock) -> Feeds:
    forums = [Forum.read(name, {"feed": f"https://{name}.example/rss"}) for name in web.replies]
    definitions = FakeDefinitions(Definitions.of(1, [*forums, Forum.read("silent", {})]))
    hearing = Hearing(definitions, mentions, Vader(), clock)
    return Feeds(definitions, hearing, mentions, web, FeedXml(), clock)


ALWAYS: Callable[[], bool] = lambda: True  # noqa: E731


def test_a_feed_that_is_read_again_counts_nothing_twice_and_a_broken_one_holds_up_no_other() -> None:
    web = Web(
        board=Reply(200, RSS),
        inward=NoReply("blocked_address"),
        gone=Reply(404, b""),
        moved=Reply(301, b""),
        odd=Reply(200, b"<html/>"),
    )
    mentions, clock = FakeMentions(), FixedClock(NOW)
    outcomes = feeds(web, mentions, clock).run(ALWAYS)
    assert outcomes == {"read": 1, "blocked_address": 1, "http_404": 1, "http_301": 1, "unreadable_feed": 1}
    assert mentions.feeds["board"]["counted"] == 2

    clock.advance(timedelta(hours=1))
    feeds(web, mentions, clock).run(ALWAYS)
    assert (mentions.feeds["board"]["counted"], mentions.feeds["board"]["known"]) == (0, 2)
    assert len(mentions.counted) == 2


def test_what_is_older_than_the_memory_of_mentions_is_not_counted_from_a_feed() -> None:
    mentions = FakeMentions()
    feeds(Web(board=Reply(200, RSS)), mentions, FixedClock(NOW + timedelta(days=40))).run(ALWAYS)
    assert [one.at for one in mentions.counted] == [NOW + timedelta(days=40)], "only the one without a date"
    assert mentions.feeds["board"]["refused"] == 1


def test_feeds_for_which_there_was_no_time_come_first_the_next_time() -> None:
    web = Web(a=Reply(200, RSS), b=Reply(200, ATOM))
    mentions, clock = FakeMentions(), FixedClock(NOW)
    left = [True, False]
    assert feeds(web, mentions, clock).run(lambda: left.pop(0)) == {"read": 1, "postponed": 1}
    clock.advance(timedelta(minutes=15))
    feeds(web, mentions, clock).run(ALWAYS)
    assert web.asked == [f"https://{name}.example/rss" for name in ("a", "b", "a")]
