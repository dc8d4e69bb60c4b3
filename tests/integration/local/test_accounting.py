"""The books: each way an event or a message can go missing makes a check fail, and only that check."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from local import page, people_page, segments_page
from local.accounting import Books, Observed, settle
from local.cdnow import Order
from local.journeys_page import JourneyPages
from local.observe import Machine
from local.people_page import Shown
from local.recipients import Ledger
from local.replay import Tally
from local.segments_page import Group
from local.stand_in import Accepted

AT = datetime(1997, 1, 1, 12, tzinfo=UTC)


def line(
    receipt: str, disposition: str = "applied", door: str = "http", source: str = "web", reason: str = ""
) -> dict[str, Any]:
    return {"receipt": receipt, "disposition": disposition, "door": door, "source": source, "reason": reason}


def message(send_id: str, status: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "send_id": send_id,
        "status": status,
        "message_class": kind,
        "journey": "welcome",
        "template": "thank_you",
        "channel": "email",
        "address_key": "adr_1",
        **more,
    }


def standing(orders: int, cents: int, profile_id: str = "a", segment: str = "") -> dict[str, Any]:
    places = [["segment", segment, "", "in", "1997-01-01T12:00:00.000Z"]] if segment else []
    counts = {"track:Order Completed": orders}
    state = {"counts": counts, "revenue_cents": cents, "places": places}
    return {"profile_id": profile_id, "state": json.dumps(state)}


def copy(revenue: float) -> dict[str, Any]:
    return {"standing": json.dumps({"facts": {"revenue": revenue}})}


def mail(number: int, send_id: str, to: str, commercial: bool) -> Accepted:
    mime = EmailMessage(policy=SMTP)
    mime["Subject"] = "<b>Hi</b>"
    if commercial:
        mime["List-Unsubscribe"] = "<https://example.com/u>"
    mime.set_content("Text\n")
    mime.add_alternative("<p>Hi & bye</p><script>alert(1)</script>", subtype="html")
    return Accepted(
        number, f"m{number}", "email", to, "s@example.com", "", {"send_id": send_id}, mime.as_bytes()
    )


def observed() -> Observed:
    """A small run in which everything is right."""
    return Observed(
        orders=[Order(1, "a", AT, 1, 1001), Order(2, "b", AT, 1, 2002)],
        tally=Tally(http_taken=3, bus_taken=3, resent=1, visits=1, bad=1),
        lake=[
            line("r1#0"),
            line("r1#1"),
            line("r1#2", "duplicate"),
            line("e1", door="bus", source="shop.erp"),
            line("e2", door="bus", source="shop.erp"),
            line("e3", "rejected", door="bus", source="shop.erp", reason="no_identity"),
            line("o1#0", door="outcomes", source="halte.delivery"),
            line("o1#1", "unasked", door="outcomes", source="halte.delivery"),
            line("o1#2", "unasked", door="outcomes", source="halte.delivery"),
            line("o1#2", door="outcomes", source="halte.delivery"),
        ],
        dead={},
        profiles=[
            {"profile_id": "a", "counts": {"page": 1}},
            {"profile_id": "b", "counts": {}},
            {"profile_id": "c", "merged_into": "a"},
        ],
        standings=[standing(1, 1001, "a", "buyers"), standing(1, 2002, "b")],
        places=[
            {"list": "at/segment/buyers//in/3", "entry": "a"},
            {"list": "moved/segment/buyers/1997-01-01", "entry": "0a1b"},
        ],
        copies=[copy(10.01), copy(20.02)],
        messages=[
            message("s1", "sent", "service", first_delivered_at="x", first_opened_at="y"),
            message("s2", "sent", "commercial", consent_entry_id="ent_1"),
            message("s3", "skipped", "commercial", reason="no_consent"),
        ],
        ledger=[
            {"entry_id": "ent_0", "kind": "requested", "address_key": "adr_1", "hash": "h"},
            {"entry_id": "ent_1", "kind": "granted", "address_key": "adr_1", "hash": "h"},
        ],
        requested={"s1": {}, "s2": {}, "s3": {}},
        entered={one: {"journey": "welcome"} for one in ("e1", "e2", "e3")},
        exited={"e1": {"reason": "completed"}, "e3": {"reason": "merged"}},
        outbox=[mail(1, "s1", "a@example.com", False), mail(2, "s2", "b@example.com", True)],
        recipients=Ledger(confirmed={"b@example.com": [AT]}),
        machines=[Machine("welcome-v1", Counter({"SUCCEEDED": 2, "RUNNING": 1}), 12)],
    )


def broken(books: Books) -> list[str]:
    return [check.name for check in books.checks if not check.holds]


def test_right_books_hold() -> None:
    books = settle(observed())
    assert broken(books) == []
    assert books.hold
    assert [(a.door, a.accepted, a.missing) for a in books.doors] == [
        ("HTTP API", 3, 0),
        ("event bus", 3, 0),
        ("provider outcomes", 3, 0),
    ]
    assert (books.doors[2].applied, books.doors[2].unasked) == (
        2,
        1,
    )  # one came along with what was done about it
    assert books.messages["welcome", "thank_you", "email"]["opened"] == 1
    assert books.skipped == {("welcome", "thank_you", "no_consent"): 1}
    assert books.entries == {"welcome": 2}
    assert books.ledger == {"requested": 1, "granted": 1}


def test_a_retried_batch_is_counted_once() -> None:
    seen = observed()
    again = [*seen.lake, line("r1#0", "duplicate"), line("r1#0")]
    assert settle(replace(seen, lake=again)).hold


def test_dead_letters_are_accounted_for_but_not_accepted() -> None:
    seen = observed()
    body = json.dumps({"door": "http", "receipt": "r1", "events": [{}, {}]})
    wrong = replace(seen, lake=seen.lake[2:], dead={"IngestDeadLetters": [body, "not json"]})
    books = settle(wrong)
    assert books.doors[0].missing == 0
    assert books.doors[0].dead_lettered == 2
    assert broken(books) == ["dead letters"]


Change = Callable[[Observed], Observed]

WRONG: list[tuple[str, Change]] = [
    ("HTTP API: accepted", lambda s: replace(s, lake=s.lake[1:])),
    ("HTTP API: accepted", lambda s: replace(s, lake=[*s.lake, line("r9#0")])),
    ("event bus: accepted", lambda s: replace(s, lake=[x for x in s.lake if x["receipt"] != "e1"])),
    ("profiles = customers", lambda s: replace(s, profiles=s.profiles[:1])),
    ("page views on customers' profiles", lambda s: replace(s, tally=replace(s.tally, visits=2))),
    (
        "orders in the computed traits",
        lambda s: replace(s, standings=[standing(3, 3003, segment="buyers")]),
    ),
    ("revenue in cents", lambda s: replace(s, standings=[standing(2, 3002, segment="buyers")])),
    ("revenue in cents in the journeys", lambda s: replace(s, copies=s.copies[1:])),
    ("people listed in segments", lambda s: replace(s, places=[])),
    (
        "people listed in segments",
        lambda s: replace(s, places=[{"list": "at/segment/buyers//in/3", "entry": "b"}]),
    ),
    ("duplicates =", lambda s: replace(s, tally=replace(s.tally, resent=2))),
    ("rejected =", lambda s: replace(s, tally=replace(s.tally, bad=0))),
    ("messages in the book", lambda s: replace(s, requested={**s.requested, "s4": {}})),
    (
        "messages without an end",
        lambda s: replace(
            s,
            messages=[
                *s.messages[:2],
                message("s3", "pending", "commercial"),
                message("s4", "skipped", "commercial", reason="no_consent"),
            ],
            requested={**s.requested, "s4": {}},
        ),
    ),
    ("messages the providers took", lambda s: replace(s, outbox=s.outbox[:1])),
    (
        "messages sent more than once",
        lambda s: replace(s, outbox=[*s.outbox, mail(3, "s1", "a@example.com", False)]),
    ),
    ("commercial messages sent without", lambda s: replace(s, ledger=s.ledger[:1])),
    (
        "commercial messages sent without",
        lambda s: replace(s, ledger=[*s.ledger[:1], {**s.ledger[1], "address_key": "adr_2"}]),
    ),
    ("e-mails with an unsubscribe link", lambda s: replace(s, recipients=Ledger())),
    (
        "commercial messages were held back",
        lambda s: replace(s, messages=s.messages[:2], requested={"s1": {}, "s2": {}}),
    ),
    ("failed executions", lambda s: replace(s, machines=[Machine("welcome-v1", Counter({"FAILED": 1}))])),
    ("requests the doors refused", lambda s: replace(s, tally=replace(s.tally, failures=["500"]))),
    ("pages that failed", lambda s: replace(s, recipients=replace(s.recipients, problems=["confirm: 500"]))),
    ("things the emulator", lambda s: replace(s, complaints=["unsupported"])),
    ("scheduled functions", lambda s: replace(s, failed_schedules=["Sweep"])),
]


@pytest.mark.parametrize(("name", "change"), WRONG, ids=[f"{i}-{name}" for i, (name, _) in enumerate(WRONG)])
def test_every_wrong_is_found(name: str, change: Change) -> None:
    (found,) = broken(settle(change(observed())))
    assert found.startswith(name)


ANN = Shown(
    view={
        "profile_id": "prf_a",
        "merged_ids": ["prf_c"],
        "identifiers": [
            {"kind": "userId", "value": "<ann>", "first_seen": "1997-01-01T12:00:00.000Z", "source": "shop"},
            {"kind": "anonymousId", "value": "phone", "first_seen": None, "source": ""},
        ],
        "traits": {"firstName": "Ann <b>"},
        "domains": {
            "marketing": {
                "firstName": {
                    "value": "Ann <b>",
                    "kind": "declared",
                    "source": "shop",
                    "at": "1997-01-01T12:00:00.000Z",
                    "reliability": 0.9,
                }
            }
        },
        "completeness": 0.5,
        "reliability": 0.9,
    },
    identity={
        "edges": [
            {
                "between": ["userId:<ann>", "anonymousId:phone"],
                "at": "1997-01-02T12:00:00.000Z",
                "by": "public",
                "verdict": "joined",
            }
        ],
        "decisions": [
            {
                "at": "1997-01-02T12:00:00.000Z",
                "what": "merged",
                "profile_id": "prf_a",
                "others": ["prf_c"],
                "message_id": "login-1",
                "reason": "",
            }
        ],
    },
    timeline={
        "events": [
            {
                "at": "1997-01-02T12:00:00.000Z",
                "name": "New releases",
                "direction": "inbound",
                "channel": "web",
                "initiator": "customer",
                "source": "shop",
            }
        ]
    },
    standing={
        "segments": {"buyers": "1997-01-03T12:00:00.000Z"},
        "explained": {
            "buyers": {
                "clause": "all",
                "verdict": True,
                "children": [{"clause": {"trait": "firstName", "eq": "<b>"}, "verdict": True, "seen": "<b>"}],
            },
            "lapsed": {
                "clause": {"fact": "last_order_at", "older_than": "P90D"},
                "verdict": False,
                "seen": "1997-01-03T12:00:00.000Z",
                "flips_at": "1997-04-03T12:00:00.000Z",
            },
            "stage/customer": {
                "": {
                    "stage": "customer",
                    "since": "1997-01-03T12:00:00.000Z",
                    "path": [{"stage": "prospect", "since": "1997-01-01T12:00:00.000Z"}],
                    "ways": [
                        {
                            "to": "loyal",
                            "not_before": "1997-01-03T12:00:00.000Z",
                            "when": {"clause": {"fact": "orders", "gte": 3}, "verdict": False, "seen": 1},
                        }
                    ],
                }
            },
        },
    },
)


BUYERS = Group(
    "segments",
    "buyers",
    {"name": "buyers", "condition": {"fact": "<orders>", "gte": 1}},
    [{"value": "in", "in": 1, "entered": 2, "left": 1}],
)


def content() -> page.Content:
    return page.Content(settle(observed()), [("time", "<1 s>")], {"welcome": "<svg/>"}, [ANN], [BUYERS])


def test_a_person_s_page_says_what_joined_them_and_where_each_thing_comes_from() -> None:
    html = people_page.person(ANN)
    assert html.count("<h1>") == 1
    assert html.count("<table>") == html.count("<caption>") == 8
    for text in ("Ann &lt;b&gt;", "declared", "90%", "userId:&lt;ann&gt; and anonymousId:phone", "joined"):
        assert text in html
    assert "prf_a, prf_c" in html
    assert "login-1" in html
    assert "<b>" not in html


def test_a_person_s_page_says_why_they_are_where_they_are() -> None:
    html = people_page.person(ANN)
    assert "Segment buyers: in since 1997-01-03" in html
    assert "Segment lapsed: not in" in html
    assert "1997-04-03T12:00:00.000Z" in html, "when that changes by itself"
    assert "Lifecycle customer: prospect → customer, since 1997-01-03" in html
    assert "to loyal: {&quot;fact&quot;: &quot;orders&quot;, &quot;gte&quot;: 3}" in html


def test_a_person_s_page_has_the_part_about_journeys() -> None:
    class Walking(JourneyPages):
        def __init__(self) -> None:
            pass

        def render(self, path: str, query: str) -> None:
            return None

        def walked_by(self, profile_id: str) -> str:
            return f"<p>walks of {profile_id}</p>"

    site = page.Site(content(), 0, Walking())
    try:
        found = site.render("/people/prf_a")
    finally:
        site.stop()
    assert found is not None
    assert "<p>walks of prf_a</p>" in found[2]


def test_segments_are_counted_and_shown_as_written() -> None:
    html = segments_page.groups([BUYERS], {})
    assert '<th scope="row">buyers</th><td class="n">1</td><td class="n">2</td><td class="n">1</td>' in html
    assert "&lt;orders&gt;" in html


def test_the_page_is_accessible_and_escapes_what_came_from_outside() -> None:
    html = page.overview(content())
    assert html.startswith('<!doctype html><html lang="en">')
    assert "<title>" in html
    assert html.count("<h1>") == 1
    assert html.count("<table>") == html.count("<caption>")
    assert 'scope="col"' in html
    assert 'scope="row"' in html
    assert "&lt;1 s&gt;" in html
    assert 'alt="The nodes of the journey welcome' in html
    assert "http://" not in html, "no outside assets"
    assert "<script" not in html


def test_a_message_is_shown_in_a_frame_that_may_do_nothing() -> None:
    books = content().books
    html = page.message_page(books.outbox[0])
    assert 'sandbox="" title="The message" srcdoc="&lt;p&gt;Hi &amp; bye' in html
    assert "<script" not in html
    assert "&lt;b&gt;Hi&lt;/b&gt;" in html


def test_the_site_serves_pages_pictures_and_404() -> None:
    import urllib.error
    import urllib.request

    site = page.Site(content(), 0)
    site.start()
    try:
        with urllib.request.urlopen(f"{site.url}/outbox/2") as answer:
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert b"b@example.com" in answer.read()
        with urllib.request.urlopen(f"{site.url}/journeys/welcome.svg") as answer:
            assert answer.read() == b"<svg/>"
        with urllib.request.urlopen(f"{site.url}/people") as answer:
            assert b'href="/people/prf_a"' in answer.read()
        with urllib.request.urlopen(f"{site.url}/people/prf_a") as answer:
            assert b"Known by" in answer.read()
        with urllib.request.urlopen(f"{site.url}/segments") as answer:
            assert b"Who is where" in answer.read()
        for wrong in ("/outbox/3", "/outbox/0", "/journeys/other.svg", "/people/prf_c", "/etc/passwd"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"{site.url}{wrong}")
            assert refused.value.code == 404
            refused.value.close()
    finally:
        site.stop()
