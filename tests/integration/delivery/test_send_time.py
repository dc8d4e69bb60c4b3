"""The hour at which people read, learned from what is reported of their messages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.delivery.bootstrap.sending import sending
from tests.integration.delivery.steps import ask, consent, given_contact, given_templates, request
from tests.integration.delivery.test_feedback import note
from tests.integration.delivery.test_merged_people import LOSER, OWN, WINNER, merge
from tests.integration.delivery.test_pressure import given_policy
from tests.integration.delivery.test_wishes import fates, swept
from tests.integration.delivery.world import CLOCK, NOW, World, ses_event

HOUR = timedelta(hours=1)


@pytest.fixture
def ready(world: World) -> World:
    given_templates()
    world.fake_senders()
    for profile in (WINNER, LOSER):
        given_contact(profile, email=OWN, timezone="Europe/Amsterdam", country="NL")
    consent("granted", address=OWN)
    given_policy(brake=None, guard=None, send_time={"learned": True})
    return world


def read_for_days(world: World, profile: str, days: int, hours: int) -> None:
    """Asked for at noon, opened so many hours later; each report comes three times, and a scanner's besides."""
    for _ in range(days):
        name, at = f"snd_{profile}_{CLOCK.now():%d}", int((CLOCK.now() - NOW) / timedelta(minutes=1))
        ask(request(name, profile_id=profile, node=name, requested_at=CLOCK.now()))
        for _ in range(3):
            note(ses_event("Delivery", name, at + 1))
            note(ses_event("Open", name, at + hours * 60))
            note(ses_event("Open", name, at + 90, userAgent="Barracuda Sentinel (EE)"))
        CLOCK.advance(timedelta(days=1))


@pytest.mark.parametrize("days", [4, 5])
def test_messages_wait_for_the_hour_at_which_somebody_reads(ready: World, days: int) -> None:
    """From five opens on; reports that are told again and machines teach nothing (F19)."""
    read_for_days(ready, WINNER, days, hours=6)
    ask(request("news", profile_id=WINNER, node="last", requested_at=CLOCK.now()))
    assert fates(ready, "news") == [("sent", "") if days < 5 else ("held", "send_time")]
    swept(6 * HOUR + timedelta(minutes=2))
    assert fates(ready, "news") == [("sent", "")]


def test_two_profiles_that_become_one_bring_their_hours(ready: World) -> None:
    """Told twice, they count once."""
    read_for_days(ready, WINNER, 2, hours=6)
    read_for_days(ready, LOSER, 3, hours=6)
    ledgers = sending()._pressure._ledgers
    for _ in range(2):
        merge()
        assert dict(ledgers.get(WINNER).reads) == {18: 5}
    assert sending()._pressure._ledgers.get(LOSER).reads == {}
