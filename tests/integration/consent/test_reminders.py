"""At most one reminder of a request, where its purpose wants one, and never after the person said yes or no."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.consent.handlers import person, remind
from services.consent.handlers.on_ledger_stream import handler as tell
from services.shared.clock import to_iso
from tests.integration.consent.conftest import CONTEXT, TEXT, World

ANN = "ann@example.com"


@pytest.fixture
def reminding(world: World) -> World:
    """A purpose that reminds after three days."""
    texts = [{"version": "2026-1", "language": "en", "text": TEXT}]
    purpose = {"title": "Newsletter", "channels": ["email", "sms"], "texts": texts, "remind_after_days": 3}
    assert world.json("PUT /purposes/newsletter", purpose)[0] == 200
    return world


def round_of(world: World, **later: float) -> list[dict[str, Any]]:
    """Time passes, the schedule runs twice; the messages that it asked for."""
    world.pump()
    world.clock.advance(timedelta(**later))
    before = len(world.published)
    for _ in range(2):
        remind.handler({}, CONTEXT)
    return [m for fact in world.published[before:] for m in fact["requests"]]


def revoke(world: World) -> None:
    contact = {"channel": "email", "address": ANN, "purpose": "newsletter", "reason": "phoned"}
    world.json("POST /consents/revocations", contact)


def object_to(world: World) -> None:
    addresses = [{"channel": "email", "address": ANN}]
    world.json("POST /consents/objections", {"addresses": addresses, "reason": "letter"})


def erase(world: World) -> None:
    addresses = [{"channel": "email", "address": ANN}]
    asked = {"ask": "erase", "profile_ids": [], "addresses": addresses, "at": to_iso(world.clock.now())}
    person.handler(asked, CONTEXT)


@pytest.mark.capability("003-22")
def test_by_default_nobody_is_reminded(world: World) -> None:
    world.ask()
    assert round_of(world, days=4) == []
    assert world.items("reminders") == []


@pytest.mark.capability("003-22")
def test_whoever_does_not_confirm_is_asked_once_more(reminding: World) -> None:
    world = reminding
    world.ask()
    first = world.mail()
    assert round_of(world, days=2, hours=23) == []
    (second,) = round_of(world, hours=2)
    assert (second["template"], second["address"]) == (first["template"], ANN)
    assert second["send_id"] != first["send_id"]
    assert second["params"] == {**first["params"], "reminder": True}
    assert [round_of(world, days=1) for _ in range(6)] == [[]] * 6
    assert world.items("reminders") == []
    assert world.confirm(world.mailed_token())["statusCode"] == 200


@pytest.mark.capability("003-22")
@pytest.mark.parametrize("said", [revoke, object_to, erase])
def test_nobody_is_reminded_of_what_is_settled(reminding: World, said: Callable[[World], None]) -> None:
    reminding.ask()
    reminding.pump()
    said(reminding)
    assert round_of(reminding, days=4) == []


def test_nobody_is_reminded_of_what_they_confirmed_or_asked_for_again(reminding: World) -> None:
    world = reminding
    world.granted()
    world.ask("bob@example.com")
    world.pump()
    world.clock.advance(timedelta(days=1))
    world.ask("bob@example.com")
    assert [mail["address"] for mail in round_of(world, days=2, hours=12)] == []
    assert [mail["address"] for mail in round_of(world, days=1)] == ["bob@example.com"]


def test_a_schedule_that_stood_still_misses_nobody(reminding: World) -> None:
    reminding.ask()
    assert len(round_of(reminding, days=5)) == 1


def test_a_reminder_whose_end_was_lost_is_the_same_message(
    reminding: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5, F8: published, and the function died before it noted so."""
    world = reminding
    world.ask()
    with monkeypatch.context() as dying:
        dying.setattr("services.consent.adapters.reminder_table.ReminderTable.settle", lambda *_: None)
        first, again = round_of(world, days=4)
    assert first == again
    assert round_of(world, hours=1) == [first]
    assert tell({"Records": []}, CONTEXT) == {"batchItemFailures": []}
