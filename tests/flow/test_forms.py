"""A form on somebody's page: one submission becomes a profile, an entry in the consent ledger and an event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.road import Road
from tests.support.shop import Shop, header_of, open_shop, send_id_of
from tests.support.templates import Templates
from tests.support.wire import Response

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = "https://shop.example.com/basket?session=secret#top"
FORM: dict[str, Any] = {
    "kind": "popup",
    "questions": [
        {"name": "email", "type": "email", "trait": "email", "required": True},
        {"name": "first", "trait": "firstName"},
        {"name": "colour", "type": "choice", "choices": ["red", "green"], "property": "colour"},
    ],
    "purposes": [{"purpose": "newsletter", "text_version": "2026-1", "language": "en"}],
    "allowed_origins": ["https://shop.example.com"],
    "thanks": {"title": "Thanks <you>", "text": "See you & yours"},
}


@pytest.fixture
def shop(templates: Templates) -> Iterator[Shop]:
    with Road(templates, START) as road:
        shop = open_shop(road, kinds=("purposes", "templates"))
        answer = road.http("PUT", "/forms/exit-popup", body=FORM, admin=True)
        assert (answer.status, answer.json()["version"]) == (201, 1)
        yield shop


def submit(shop: Shop, body: dict[str, Any], **headers: str) -> Response:
    sent = {"origin": "https://shop.example.com", "user-agent": "Firefox", **headers}
    return shop.road.http("POST", "/forms/exit-popup/submissions", body=body, headers=sent)


def answers(email: str = "ann@example.com") -> dict[str, Any]:
    return {
        "answers": {"email": email, "first": "Ann", "colour": "green", "not_asked": "x"},
        "consents": ["newsletter"],
        "anonymousId": "visitor-1",
        "page": PAGE,
        "submissionId": "0123456789abcdef",
    }


def profile(shop: Shop, identifier: str) -> dict[str, Any]:
    answer = shop.road.http("GET", f"/profiles/{identifier}", admin=True)
    return dict(answer.json()) if answer.status == 200 else {}


def history(shop: Shop, address: str) -> list[dict[str, Any]]:
    lookup = {"channel": "email", "address": address}
    return list(shop.road.http("POST", "/consents/lookups", body=lookup, admin=True).json()["history"])


def events_told(shop: Shop) -> list[dict[str, Any]]:
    changes = [change for fact in shop.road.facts("ProfilesChanged.v1") for change in fact["changes"]]
    return [event for change in changes for event in change["events"]]


@pytest.mark.capability("000-6")
def test_a_submission_is_a_profile_a_consent_entry_and_an_event(shop: Shop) -> None:
    road = shop.road
    answer = submit(shop, answers())
    assert (answer.status, answer.json()) == (202, {"status": "received"})
    road.deliver()

    known = profile(shop, "ann@example.com")
    assert known["profile_id"] == profile(shop, "visitor-1")["profile_id"]
    submitted = [event for event in events_told(shop) if event["name"] == "Form Submitted"]
    (event,) = submitted
    assert event["properties"] == {
        "form_id": "exit-popup",
        "form_version": 1,
        "form_kind": "popup",
        "page": "https://shop.example.com/basket",
        "answers": {"colour": "green"},
        "purposes": ["newsletter"],
    }

    (entry,) = history(shop, "ann@example.com")
    assert (entry["kind"], entry["purpose"], entry["text_version"]) == ("requested", "newsletter", "2026-1")
    key = road.http(
        "POST", "/consents/lookups", body={"channel": "email", "address": "ann@example.com"}, admin=True
    ).json()["address_key"]
    proof, mailed = road.http("GET", f"/consents/{key}/proof", admin=True).json()["entries"]
    assert proof["form"] == "exit-popup@1"
    assert proof["evidence"]["page"] == "https://shop.example.com/basket"
    assert proof["evidence"]["ip"] == "192.0.2.1"
    assert proof["evidence"]["user_agent"] == "road"
    assert proof["intact"]
    assert (mailed["kind"], mailed["request_id"], mailed["intact"]) == ("mailed", proof["request_id"], True)
    assert mailed["form"] == f"message:{send_id_of(road.outbox[0])}"
    assert mailed["evidence"]["provider_id"]
    assert mailed["evidence"]["template_version"] != "0"

    assert [header_of(sent, "Subject") for sent in road.outbox] == ["Please confirm: Offers and news"]
    assert shop.confirm(road.outbox[0]).status == 200
    road.deliver()
    assert [one["kind"] for one in history(shop, "ann@example.com")] == ["requested", "granted"]
    assert road.dead_letters() == []


def test_everything_twice_is_once(templates: Templates) -> None:
    """F2, F5: the page repeats its submission, and every hop delivers twice."""
    with Road(templates, START, twice=True) as road:
        shop = open_shop(road, kinds=("purposes", "templates"))
        road.http("PUT", "/forms/exit-popup", body=FORM, admin=True)
        for _ in range(2):
            assert submit(shop, answers()).status == 202
            road.deliver()
        assert len({event["message_id"] for event in events_told(shop)}) == 2
        assert profile(shop, "visitor-1")["counts"] == {"identify": 1, "track": 1}
        assert len(history(shop, "ann@example.com")) == 1
        assert len(road.outbox) == 1
        assert road.dead_letters() == []


def test_a_form_changes_no_address_that_is_known(shop: Shop) -> None:
    """A visitor's page says whose it is; it must not redirect a customer's mail."""
    road = shop.road
    shop.batch(
        [
            {
                "type": "identify",
                "userId": "u1",
                "anonymousId": "visitor-1",
                "traits": {"email": "ann@example.com"},
            }
        ]
    )
    road.deliver()
    submit(shop, answers("mallory@example.com"))
    road.deliver()
    assert profile(shop, "u1")["traits"]["email"] == "ann@example.com"


def test_known_and_unknown_people_get_the_same_answer(shop: Shop) -> None:
    shop.batch([{"type": "identify", "userId": "u1", "traits": {"email": "ann@example.com"}}])
    shop.road.deliver()
    known = submit(shop, {**answers(), "submissionId": ""})
    unknown = submit(shop, {**answers("bob@example.com"), "submissionId": ""})
    trapped = submit(shop, {"answers": {"email": "x@example.com", "website": "spam"}})
    assert (known.status, known.body) == (unknown.status, unknown.body) == (trapped.status, trapped.body)


def test_without_javascript_a_person_sees_a_page(shop: Shop) -> None:
    form = {"email": "ann@example.com", "colour": "red", "consent": "newsletter", "submit": "Send"}
    answer = shop.road.http(
        "POST",
        "/forms/exit-popup/submissions",
        form=form,
        headers={"accept": "text/html,*/*", "referer": PAGE},
    )
    assert answer.status == 202
    assert "<h1>Thanks &lt;you&gt;</h1>" in answer.body
    assert "See you &amp; yours" in answer.body
    shop.road.deliver()
    assert profile(shop, "ann@example.com")
    assert len(shop.road.outbox) == 1
    (event,) = [one for one in events_told(shop) if one["name"] == "Form Submitted"]
    assert event["properties"]["page"] == "https://shop.example.com/basket"


def test_limits_hold_back_quietly(shop: Shop) -> None:
    for _ in range(7):
        assert submit(shop, {**answers(), "submissionId": ""}).status == 202
    assert len(shop.road.facts("FormSubmitted.v1")) == 5
    shop.road.deliver()
    assert len(shop.road.outbox) == 3  # and consent has its own limit for an address


def test_a_form_is_not_sent_from_elsewhere(shop: Shop) -> None:
    answer = submit(shop, answers(), origin="https://evil.example.com")
    assert (answer.status, answer.json()["code"]) == (403, "origin_not_allowed")
    assert shop.road.facts("FormSubmitted.v1") == []


def test_a_permission_that_can_not_be_asked_is_let_go_and_the_rest_lands(shop: Shop) -> None:
    body = {**FORM, "purposes": [{"purpose": "unheard-of", "text_version": "1", "language": "en"}]}
    shop.road.http("PUT", "/forms/exit-popup", body=body, admin=True)
    submit(shop, {**answers(), "consents": ["unheard-of"]})
    shop.road.deliver()
    assert profile(shop, "ann@example.com")
    assert shop.road.outbox == []
    assert shop.road.dead_letters() == []
