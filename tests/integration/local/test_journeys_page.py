"""Journeys as they run, in pages: the numbers, the picture, the states, and one person's trace."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from halte.marketers import Refused
from local import page
from local.journeys_page import JourneyPages
from local.live_journeys import LiveJourneys
from local.preflight import ROOT
from local.tap import Tap
from tests.support.accessible import Page, faults

WELCOME = json.loads((ROOT / "local" / "seeds" / "journeys" / "welcome.json").read_text())
AT = "1997-01-02T12:00:00.000Z"


def counted(version: int, nodes: dict[str, int], **more: Any) -> dict[str, Any]:
    return {
        "version": version,
        "published_at": AT,
        "retired": False,
        "cohorts": {"open": 1},
        "people": sum(nodes.values()),
        "nodes": nodes,
        "stuck": [],
        "complete": True,
        "cursor": None,
        **more,
    }


class Answers:
    """The marketers' API: answers by path, in turn where there are several; what has none is refused."""

    def __init__(self, **changed: Any) -> None:
        self.asked: list[str] = []
        self.status = {
            "name": "welcome",
            "status": "live",
            "held": False,
            "migrations": {},
            "versions": [counted(1, {"wait_30_days": 2}), counted(2, {"wait_1_day": 1234})],
            **changed,
        }
        walk = {
            "journey": "welcome",
            "version": 2,
            "key": "cart <7>",
            "status": "active",
            "entered_at": AT,
            "exited_at": None,
            "reason": "",
        }
        row = {"profile_id": "prf_a", "key": "", "version": 2, "node": "wait_1_day", "since": AT, "due": AT}
        catalogued = {"name": "welcome", "title": "<i>Hi</i>", "objective": "welcome", "version": 2}
        step = {
            "at": AT,
            "profile": "prf_a",
            "key": "",
            "node": "thank_you",
            "what": "asked",
            "detail": "<x>",
        }
        self.answers: dict[str, Any] = {
            "/journeys": {"journeys": [catalogued]},
            "/journeys/welcome": {"name": "welcome", "version": 2, "document": WELCOME},
            "/journeys/welcome/status": self.status,
            "/journeys/welcome/participants": {"participants": [{**row, "entered_at": AT}], "cursor": None},
            "/profiles/prf_a/journeys": {"journeys": [walk]},
            "/profiles/prf_a/journeys/welcome/trace": {
                "profile_id": "prf_a",
                "journey": "welcome",
                "steps": [step],
                "text": "",
            },
        }

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        self.asked.append(path)
        if path not in self.answers:
            raise Refused(f"{method} {path} answered 404: <nobody>")
        answer: dict[str, Any] = self.answers[path]
        return answer

    def upload(self, url: str, content: bytes) -> None:
        raise AssertionError("nothing is put anywhere")


class Still:
    def now(self) -> datetime:
        return datetime(1997, 1, 3, 9, 30, tzinfo=UTC)


@pytest.fixture
def tap(monkeypatch: pytest.MonkeyPatch) -> Tap:
    """Nine entered version 2: six were thanked, four had an offer, three of these left, and one ordered again."""
    with mock_aws():
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        boto3.client("events").create_event_bus(Name="halte")
        seen = Tap(boto3.client, "halte")

    def tell(kind: str, rows: str, number: int, **what: Any) -> None:
        items = [
            {"enrolment_id": f"e{i}", "send_id": f"{what.get('node')}{i}", "profile_id": f"prf_{i}", **what}
            for i in range(number)
        ]
        for _ in range(2):  # at least once
            seen.see({"detail-type": f"{kind}.v1", "detail": {rows: items}})

    of = {"journey": "welcome", "version": 2, "at": AT}
    tell("JourneyEntered", "enrolments", 9, **of)
    tell("MessageRequested", "requests", 6, node="thank_you", **of)
    tell("MessageRequested", "requests", 4, node="offer", **of)
    tell("JourneyExited", "enrolments", 3, reason="completed", **of)
    tell("JourneyExited", "enrolments", 4, reason="second_order", **{**of, "version": 1})
    tell("EntryRefused", "refusals", 2, reason="too_soon", **of)
    gone = {"enrolment_id": "e8", "profile_id": "prf_8", "reason": "second_order", **of}
    seen.see({"detail-type": "JourneyExited.v1", "detail": {"enrolments": [gone]}})
    return seen


def shown(tap: Tap, path: str, query: str = "", answers: Answers | None = None) -> str:
    found = JourneyPages(LiveJourneys(answers or Answers(), tap, Still())).render(path, query)
    assert found is not None
    status, html = found
    assert (status, faults(html)) == (200, [])
    assert html.count("<table>") == html.count("<caption>")
    return html


def rows(html: str) -> list[str]:
    """The text of each row, cells parted by bars."""
    parts = html.replace("</th>", "|</th>").replace("</td>", "|</td>")
    return [one.text for one in Page(parts).all("tr")]


def test_a_journey_says_who_is_where_and_who_went_which_way(tap: Tap) -> None:
    told = rows(shown(tap, "/journeys/welcome"))
    assert "wait_1_day: wait 1 day|2|1,234|not told|" in told
    assert "wait_30_days|1|2|not told|" in told, "an older version"
    assert "thank_you: send thank_you (email)|2|0|6|" in told
    assert "entry|enters first_order|wait_1_day|9|" in told
    ways = {tuple(row.split("|")[0:3:2]): row.split("|")[3] for row in told if row.count("|") == 4}
    assert ways["wait_1_day", "thank_you"] == "6"
    assert ways["thank_you", "wait_30_days"] == "not told", "nobody says who has come to a wait and gone on"
    assert ways["ordered_again", "second_order"] == "1", "not those of version 1"
    assert ways["ordered_again", "offer"] == "4"
    assert ways["offer", "completed"] == "3"


def test_a_journey_says_who_came_and_left_why(tap: Tap) -> None:
    html = shown(tap, "/journeys/welcome")
    told = rows(html)
    for row in (
        "entered||9|",
        "left|completed|3|",
        "left|second_order|1|",
        "not let in (any version)|too_soon|2|",
        f"prf_8|2|second_order|{AT}|",
    ):
        assert row in told
    assert told.index(f"prf_8|2|second_order|{AT}|") < told.index(f"prf_2|2|completed|{AT}|"), (
        "the last first"
    )
    assert 'href="/journeys/welcome/people/prf_a"' in html
    assert "1997-01-03 09:30" in html


def test_the_picture_carries_the_numbers_and_has_a_text_for_who_does_not_see_it(tap: Tap) -> None:
    html = shown(tap, "/journeys/welcome")
    (drawn,) = Page(html).all("svg")
    for text in ("wait_1_day: wait 1 day", "1,234 here now", "9 entered", "second_order"):
        assert text in drawn.text
    assert drawn.attributes["role"] == "img"
    assert "the journey welcome" in drawn.attributes["aria-label"]
    (region,) = [one for one in Page(html).elements if one.attributes.get("role") == "region"]
    assert (region.attributes["tabindex"], bool(region.attributes["aria-label"])) == ("0", True)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "It runs."),
        ({"held": True}, "It is paused"),
        ({"status": "draining"}, "being stopped"),
        ({"status": "stopped"}, "It was stopped"),
    ],
)
def test_a_journey_says_whether_it_runs(tap: Tap, changed: dict[str, Any], said: str) -> None:
    assert said in shown(tap, "/journeys/welcome", answers=Answers(**changed))


def test_counting_that_takes_several_answers_is_gone_on_with(tap: Tap) -> None:
    part = counted(2, {"wait_1_day": 5}, complete=False, cursor="a=&b")
    late = [{"cohort": "chr_1", "node": "wait_1_day", "due": AT}]
    answers = Answers(versions=[part])
    rest = {**answers.status, "versions": [counted(2, {"wait_1_day": 2, "offer": 1}, stuck=late)]}
    answers.answers["/journeys/welcome/status?version=2&cursor=a%3D%26b"] = rest
    told = rows(shown(tap, "/journeys/welcome", answers=answers))
    assert "wait_1_day: wait 1 day|2|7|not told|" in told
    assert f"2|{AT}|8|2 open|chr_1 at wait_1_day|all|" in told


def test_counting_that_never_ends_is_given_up_and_says_so(tap: Tap) -> None:
    part = counted(2, {"wait_1_day": 1}, complete=False, cursor="c")
    answers = Answers(versions=[part])
    answers.answers["/journeys/welcome/status?version=2&cursor=c"] = answers.status
    assert "not all: at least so many" in shown(tap, "/journeys/welcome", answers=answers)


def test_a_page_loads_itself_anew_only_for_who_asked_and_says_how_to_end_that(tap: Tap) -> None:
    """WCAG 2.2.1 and 2.2.2: what moves by itself can be stopped."""
    once, again = shown(tap, "/journeys/welcome"), shown(tap, "/journeys/welcome", "every=10")
    assert "http-equiv" not in once
    assert 'href="/journeys/welcome?every=10"' in once
    assert '<meta http-equiv="refresh" content="10">' in again
    assert '<a href="/journeys/welcome">Stop that</a>' in again
    assert "http-equiv" not in shown(tap, "/journeys/welcome", "every=0")


def test_a_trace_is_reached_from_the_journey_and_from_the_person(tap: Tap) -> None:
    assert f"{AT}|asked|thank_you|<x>||" in rows(shown(tap, "/journeys/welcome/people/prf_a"))
    pages = JourneyPages(LiveJourneys(Answers(), tap, Still()))
    part = pages.walked_by("prf_a")
    assert 'href="/journeys/welcome/people/prf_a"' in part
    assert "cart &lt;7&gt;" in part
    assert "did not say" in pages.walked_by("prf_b")
    assert "&lt;nobody&gt;" in pages.walked_by("prf_b")


def test_the_list_leads_to_the_journeys(tap: Tap) -> None:
    html = shown(tap, "/journeys")
    assert '<a href="/journeys/welcome">welcome</a>' in html
    assert "&lt;i&gt;Hi&lt;/i&gt;" in html


def test_what_the_api_refuses_is_said_and_what_does_not_exist_is_not_asked_for(tap: Tap) -> None:
    answers = Answers()
    pages = JourneyPages(LiveJourneys(answers, tap, Still()))
    refused = pages.render("/journeys/welcome/people/prf_b", "")
    assert refused is not None
    status, html = refused
    assert (status, faults(html)) == (502, [])
    assert "&lt;nobody&gt;" in html
    answers.asked.clear()
    for path in ("/journeys/other", "/journeys/welcome.svg", "/journeys/a/b", "/journeys/people/prf_a", "/"):
        assert pages.render(path, "") is None
    assert set(answers.asked) == {"/journeys"}


def test_while_the_run_goes_on_only_journeys_are_shown(tap: Tap) -> None:
    site = page.Site(None, 0, JourneyPages(LiveJourneys(Answers(), tap, Still())))
    try:
        found = site.render("/")
        assert found is not None
        assert 'href="/journeys"' in found[2]
        assert faults(found[2]) == []
        assert site.render("/outbox") is None
        assert site.render("/journeys/welcome") is not None
        assert site.render("/journeys/welcome.svg") is None
    finally:
        site.stop()


def test_an_end_whose_reason_a_rule_gives_too_says_nothing_of_ways() -> None:
    from local.journey_counts import Told, taken
    from services.journeys.domain.document import Document

    ruled = {**WELCOME, "exit_on": [{"event": "Order Completed", "reason": "second_order"}]}
    told = Told(2, Counter(), Counter({"second_order": 2}))
    assert taken(Document.model_validate(ruled), told) == {}
    (way,) = taken(Document.model_validate(WELCOME), told)
    assert (way.source, way.target) == ("ordered_again", "second_order")
