"""What the accounts say of themselves decides before anything is attempted: stopped ones, and slow ones."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.delivery.bootstrap import sending
from services.delivery.domain.pressure.pace import Quota
from services.delivery.domain.protocol import Retry
from tests.integration.delivery.steps import PHONE, ask, consent, given_templates, request
from tests.integration.delivery.steps import call as templates
from tests.integration.delivery.test_pressure import call, given_policy
from tests.integration.delivery.test_wishes import fates, swept, wishing
from tests.integration.delivery.world import World

MINUTE = timedelta(minutes=1)


@pytest.fixture
def quota() -> dict[str, Quota]:
    """What both accounts say, for tests to change."""
    return {"email": Quota(), "sms": Quota()}


@pytest.fixture
def ready(world: World, quota: dict[str, Quota], monkeypatch: pytest.MonkeyPatch) -> World:
    def said(channel: str, now: float) -> Quota:
        return Quota(**{**vars(quota[channel]), "read_at": now})

    monkeypatch.setattr(sending, "ses_quota", lambda now: said("email", now))
    monkeypatch.setattr(sending, "sms_quota", lambda origination, now: said("sms", now))
    given_templates()
    text = {
        "class": "service",
        "channels": {"email": {"subject": "S", "text": "T"}, "sms": {"text": "T" * 400}},
    }
    assert templates("PUT", "/templates/told", text)[0] == 200
    wishing()
    consent("granted", address=PHONE, channel="sms")
    world.fake_senders()
    given_policy(brake=None)
    return world


def told(ready: World, *names: str, channel: str) -> None:
    ask(*(request(name, template="told", channels=[channel]) for name in names))


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_an_account_that_says_it_is_stopped_is_asked_for_nothing(
    ready: World, quota: dict[str, Quota], channel: str
) -> None:
    """F16: the circuit opens without an attempt, the other channel goes on, and all leave once the account may."""
    quota[channel] = Quota(paused="account_paused")
    fake, other = (ready.email, ready.sms) if channel == "email" else (ready.sms, ready.email)
    told(ready, "a", "b", channel=channel)
    told(ready, "c", channel="sms" if channel == "email" else "email")
    assert fates(ready, "a", "b", "c") == [("held", "circuit"), ("held", "circuit"), ("sent", "")]
    (shown,) = call("GET", "/pressure/pauses")[1]["pauses"]
    assert (shown["name"], shown["reason"]) == (f"circuit:{channel}", "account_paused")
    swept(3 * MINUTE)
    assert fates(ready, "a") == [("held", "circuit")]
    assert (len(fake.accepted), len(other.accepted)) == (0, 1)
    quota[channel] = Quota()
    for _ in range(12):
        swept(3 * MINUTE)
    assert fates(ready, "a", "b") == [("sent", "")] * 2
    assert call("GET", "/pressure/pauses")[1]["pauses"] == []


def test_a_month_s_money_for_text_messages_that_is_spent_opens_the_circuit(ready: World) -> None:
    """F16."""
    ready.sms.answers = [Retry("MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT")]
    told(ready, "a", channel="sms")
    told(ready, "b", channel="sms")
    assert fates(ready, "b") == [("held", "circuit")]
    swept(16 * MINUTE)
    swept(16 * MINUTE)
    assert fates(ready, "a", "b") == [("sent", "")] * 2


def test_a_text_message_of_three_parts_takes_the_room_of_three(ready: World, quota: dict[str, Quota]) -> None:
    """F14: 4 parts a second, and the clock stands still: one goes, the next waits its turn, and is not lost."""
    quota["sms"] = Quota(per_second=4)
    told(ready, "a", channel="sms")
    told(ready, "b", channel="sms")
    assert fates(ready, "a", "b") == [("sent", ""), ("held", "pace")]
    swept(3 * MINUTE)
    assert fates(ready, "b") == [("sent", "")]
