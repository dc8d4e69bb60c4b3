"""A person's decision records, by page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.delivery.adapters.dynamo_ledgers import DynamoLedgers
from services.delivery.domain.pressure.ledger import Ledger
from services.delivery.handlers import sweep
from services.shared.aws.dynamo import Table
from tests.integration.delivery.steps import EMAIL, ask, call, consent, given_contact, request
from tests.integration.delivery.world import CLOCK, Context, World

DAYS = 12


def pages(limit: int, profile: str = "prf_1", **query: str) -> list[list[str]]:
    """Send ids of all pages."""
    found: list[list[str]] = []
    cursor: str | None = ""
    while cursor is not None:
        status, answer = call(
            "GET", "/decisions", query={"profile": profile, "limit": str(limit), "cursor": cursor, **query}
        )
        assert status == 200
        found.append([one["send_id"] for one in answer["decisions"]])
        cursor = answer["cursor"]
    return found


def sends(*, journeys: tuple[str, ...] = ("welcome",)) -> list[str]:
    """A message a day that its ledger names, and one that was never sent: only the index has that; the newest first."""
    asked = []
    for day in range(DAYS):
        journey = journeys[day % len(journeys)]
        ask(
            request(
                f"snd_{day}",
                template="confirm" if day % 3 == 0 else "news",
                journey=journey,
                requested_at=CLOCK.now(),
            ),
            request(f"skp_{day}", channels=["sms"], journey=journey, requested_at=CLOCK.now()),
        )
        asked += [f"skp_{day}", f"snd_{day}"]  # of one moment: by their ids
        CLOCK.advance(timedelta(days=1))
    return asked[::-1]


@pytest.fixture
def permitted(ready: World) -> World:
    consent("granted")
    return ready


@pytest.mark.capability("000-35")
@pytest.mark.parametrize("limit", [1, 5, 23, 24, 100])
def test_a_history_is_read_by_page(permitted: World, limit: int) -> None:
    """All of it, each once, in one order, however many at once."""
    expected = sends()
    found = pages(limit)
    assert [one for page in found for one in page] == expected
    assert {len(page) for page in found[:-1]} <= {limit}
    assert found[-1]


def test_decisions_of_one_journey_are_found_behind_those_of_others(permitted: World) -> None:
    expected = sends(journeys=("old", "new", "new"))
    for journey in ("old", "new"):
        own = [one for one in expected if (int(one[4:]) % 3 == 0) == (journey == "old")]
        assert [one for page in pages(3, journey=journey) for one in page] == own
    assert pages(3, journey="none") == [[]]


def test_what_is_asked_for_meanwhile_is_in_no_later_page(permitted: World) -> None:
    """A page goes on where the last one ended."""
    expected = sends()
    first = call("GET", "/decisions", query={"profile": "prf_1", "limit": "4"})[1]
    ask(request("snd_new", requested_at=CLOCK.now()))
    rest = call("GET", "/decisions", query={"profile": "prf_1", "cursor": first["cursor"]})[1]
    assert [one["send_id"] for one in [*first["decisions"], *rest["decisions"]]] == expected
    assert rest["cursor"] is None


def test_a_message_that_waited_has_one_place(permitted: World) -> None:
    """It was kept before its person's ledger named it, so both the index and the ledger tell of it."""
    sends()
    given_contact(version=2, email=EMAIL, quietHours="11:00-14:00", timezone="UTC")
    ask(request("snd_late", requested_at=CLOCK.now()))
    assert permitted.item("snd_late")["status"] == "held"
    CLOCK.advance(timedelta(hours=3))
    sweep.handler({}, Context())
    assert permitted.item("snd_late")["status"] == "sent"
    assert "snd_late" in {touch.bid.send for touch in DynamoLedgers(Table("gates")).get("prf_1").touches}
    for limit in (1, 5, 100):
        found = [one for page in pages(limit) for one in page]
        assert found.count("snd_late") == 1
        assert len(found) == len(set(found)) == 2 * DAYS + 1


def test_a_history_that_was_joined_is_in_order(permitted: World) -> None:
    """After a merge a ledger has messages of both, and puts by what is older than what was put by before."""
    expected = sends()
    gates = Table("gates")
    ledgers = DynamoLedgers(gates)
    theirs = ledgers.get("prf_1")
    early, late = theirs.touches[::2], theirs.touches[1::2]
    gates.delete({"pk": "cap#prf_1", "sk": "ledger"})
    for part in (late, early):
        ledgers.keep("prf_2", Ledger(touches=part))
        ledgers.join("prf_2", "prf_3")  # leaves a list of its own each time
    for item in list(gates.query("pk = :pk", values={":pk": "cap#prf_2"})):
        gates.put({**item, "pk": "cap#prf_1"})
    assert [one for page in pages(4) for one in page] == expected


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"cursor": "nonsense"}, "bad_cursor"),
        ({"cursor": "WzEsMl0"}, "bad_cursor"),
        ({"limit": "-1"}, "bad_limit"),
    ],
)
def test_a_bad_page_is_named(permitted: World, query: dict[str, Any], code: str) -> None:
    status, answer = call("GET", "/decisions", query={"profile": "prf_1", **query})
    assert (status, answer["code"]) == (400, code)


def test_nobody_elses_is_shown(permitted: World) -> None:
    sends()
    given_contact("prf_2")
    assert pages(10, profile="prf_2") == [[]]
