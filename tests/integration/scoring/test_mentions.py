"""Mentions by their routes and tables: counted once, shown of forums and of large enough segments, of nobody."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from services.scoring.adapters import mentions_table
from services.shared.aws.dynamo import Refusal, TransactionRefused, transact
from services.shared.clock import FixedClock
from services.shared.net.guarded_https import GuardedHttps, Reply
from tests.integration.scoring.conftest import (
    CONTEXT,
    Stream,
    ask,
    call,
    deliver,
    message,
    moment,
    publish,
    request,
)
from tests.unit.scoring.builders import change, order
from tests.unit.scoring.test_mentions import RSS

PRAISE = "I love this shop, the app is great"
SCORN = "I hate this shop, delivery is terrible"
WRITER = "angry.anna"


@pytest.fixture(autouse=True)
def board(clock: FixedClock) -> None:
    assert call("PUT", "/segments/buyers", {"condition": {"fact": "orders", "gte": 1}})[0] == 200
    document = {"segment": "buyers", "topics": {"app": ["app"], "delivery": ["delivery", "parcel"]}}
    assert call("PUT", "/forums/board", document)[0] == 200
    moment(clock, "1997-03-10")


def hear(*mentions: dict[str, Any]) -> dict[str, Any]:
    status, body = send("POST", "/mentions", {"mentions": list(mentions)})
    assert status == 200, body
    return dict(body)


def send(method: str, path: str, body: Any = None) -> tuple[int, Any]:
    response = request(method, path, body, module="mentions")
    return response["statusCode"], json.loads(response["body"])


def mention(text: str, guid: str = "", day: str = "1997-03-10", **more: str) -> dict[str, str]:
    return {"forum": "board", "text": text, "at": f"{day}T10:00:00Z", "guid": guid, **more}


def people(number: int, stream: Stream) -> None:
    changes = [change(1, order("1997-03-01"), profile_id=f"prf_{n}") for n in range(number)]
    assert deliver(message("a", *changes)) == []
    publish(stream())


@pytest.mark.capability("002-9")
def test_the_same_mention_counts_once_however_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """F1: by webhook, again, by another crawler that knows its address only, and by the forum's feed."""
    first = mention(PRAISE, "p1", url="https://board.example/1?utm_source=mail")
    assert hear(first, mention(SCORN, "p2")) == {"counted": 2, "known": 0, "refused": []}
    assert hear(first, mention(PRAISE, url="https://board.example/1"), mention("edited", "p2")) == {
        "counted": 0,
        "known": 3,
        "refused": [],
    }
    document = {"segment": "buyers", "feed": "https://board.example/rss"}
    assert call("PUT", "/forums/board", document)[0] == 200
    feed = RSS.replace(b"Sat, 21 Nov 2026", b"Sun, 09 Mar 1997")
    monkeypatch.setattr(GuardedHttps, "get", lambda self, url, headers, limit: Reply(200, feed))
    from services.scoring.handlers.feeds import handler

    assert handler({}, CONTEXT) == {"read": 1}
    report = send("GET", "/forums/board/sentiment")[1]
    assert report["mentions"] == 3, "p1 of the feed was known, its other entry was not"
    assert {k: report["feed"][k] for k in ("outcome", "counted", "known")} == {
        "outcome": "read",
        "counted": 1,
        "known": 1,
    }


def test_a_mention_that_meets_another_of_its_day_is_counted_a_moment_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F11. And where it never gets through, its sender is told to come again, and nothing is counted."""
    conflict = TransactionRefused([Refusal(None, None), Refusal("TransactionConflict", None)])
    failures = [conflict, conflict]

    def contended(ops: Any) -> None:
        if failures:
            raise failures.pop()
        transact(ops)

    monkeypatch.setattr(mentions_table, "transact", contended)
    monkeypatch.setattr(mentions_table.time, "sleep", lambda seconds: None)
    assert hear(mention(PRAISE, "1"))["counted"] == 1

    failures[:] = [conflict] * mentions_table.ATTEMPTS
    with pytest.raises(mentions_table.Contended):
        hear(mention(PRAISE, "2"))
    assert hear(mention(PRAISE, "2"))["counted"] == 1
    assert send("GET", "/forums/board/sentiment")[1]["mentions"] == 2


def test_a_forum_s_score_over_time_and_by_topic() -> None:
    hear(
        mention(PRAISE, "1"),
        mention(SCORN, "2"),
        mention("De levering was een ramp, delivery", "3", language="nl"),
        mention(SCORN, "4", "1997-02-24"),
    )
    report = send("GET", "/forums/board/sentiment")[1]

    assert [(row["day"], row["mentions"], row["positive"], row["negative"]) for row in report["days"]] == [
        ("1997-02-24", 1, 0, 1),
        ("1997-03-10", 3, 1, 1),
    ]
    assert (report["mentions"], report["topics"]["app"]["mentions"]) == (4, 1)
    assert report["topics"]["app"]["score"] > 0.5
    assert report["topics"]["delivery"]["score"] < -0.5
    assert report["topics"]["delivery"]["mentions"] == 3
    scores = {row["day"]: row["score"] for row in report["days"]}
    weighed = (scores["1997-03-10"] * 2 + scores["1997-02-24"] * 0.5) / 2.5  # 14 days are a half-life
    assert report["score"] == pytest.approx(weighed, abs=2e-4)
    assert send("GET", "/forums/board/sentiment?days=7")[1]["mentions"] == 3


@pytest.mark.capability("002-8")
def test_a_segment_shows_its_sentiment_from_twenty_members_on_and_no_answer_about_a_person_does(
    stream: Stream,
) -> None:
    """Over all routes with a person in them, the person's export, and every item that is stored."""
    people(19, stream)
    hear({**mention(SCORN, "1", url="https://board.example/1"), "author": WRITER, "user": {"name": WRITER}})
    few = send("GET", "/segments/buyers/sentiment")[1]
    assert few == {"segment": "buyers", "forums": ["board"], "shown": False, "minimum_members": 20}

    people_later = change(1, order("1997-03-01"), profile_id="prf_19")
    assert deliver(message("b", people_later)) == []
    publish(stream())
    shown = send("GET", "/segments/buyers/sentiment")[1]
    assert (shown["shown"], shown["mentions"], shown["score"] < -0.5) == (True, 1, True)
    assert shown["topics"]["delivery"]["mentions"] == 1

    about_a_person = [
        call("GET", "/profiles/prf_1/standing")[1],
        call("GET", "/segments/buyers/members")[1],
        ask("export", "prf_1"),
        ask("describe", "prf_1"),
    ]
    text = json.dumps(about_a_person)
    assert "prf_1" in text
    assert not any(word in text for word in ("sentiment", "mention", "polarity", "forum", "board"))
    stored = json.dumps(boto3.client("dynamodb").scan(TableName="mentions")["Items"])
    assert not any(word in stored for word in (WRITER, SCORN, "https", "prf_", "hate"))
    assert json.loads(stored)


def test_a_forum_may_ask_for_larger_groups(stream: Stream) -> None:
    people(20, stream)
    assert send("GET", "/segments/buyers/sentiment")[1]["shown"] is True
    assert call("PUT", "/forums/board", {"segment": "buyers", "minimum_members": 21})[0] == 200
    assert send("GET", "/segments/buyers/sentiment")[1]["shown"] is False


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"forum": "nowhere"}, "unknown_forum"),
        ({"guid": ""}, "no_identity"),
        ({"at": "1997-01-01T00:00:00Z"}, "too_old"),
        ({"at": "1997-03-12T00:00:00Z"}, "in_future"),
        ({"at": "1997-03-10T00:00:00"}, "invalid"),
        ({"at": "yesterday"}, "invalid"),
        ({"text": ""}, "invalid"),
        ({"text": "x" * 10_001}, "invalid"),
        ({"language": "<b>"}, "invalid"),
        ({"guid": 7}, "invalid"),
    ],
)
def test_a_mention_that_breaks_a_rule_is_refused_and_its_neighbour_is_not(
    said: dict[str, Any], code: str
) -> None:
    answer = hear({**mention(PRAISE, "1"), **said}, mention(PRAISE, "2"))
    assert (answer["counted"], [(row["index"], row["code"]) for row in answer["refused"]]) == (1, [(0, code)])
    assert PRAISE not in json.dumps(answer)


def test_what_is_not_there_and_what_is_no_list() -> None:
    assert send("GET", "/forums/nowhere/sentiment")[0] == 404
    assert send("GET", "/segments/nowhere/sentiment")[0] == 404
    for path in ("/forums/board", "/segments/buyers"):  # which is too small to be shown
        assert send("GET", f"{path}/sentiment?days=0")[1]["code"] == "bad_days"
    for mentions in (None, {}, [], [mention(PRAISE, "1")] * 101):
        assert send("POST", "/mentions", {"mentions": mentions})[1]["code"] == "invalid_mentions"
