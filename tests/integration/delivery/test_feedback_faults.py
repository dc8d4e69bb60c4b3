"""What providers report, told too often, in any order and while other messages are on their way."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from tests.integration.delivery.steps import EMAIL, PHONE, ask, consent, given_contact, request
from tests.integration.delivery.test_feedback import note, publish, sent, totals
from tests.integration.delivery.world import World, key_of, ses_event

__all__ = ["sent"]

REPORTS: tuple[dict[str, Any], ...] = (
    ses_event("Send", "snd_1"),
    ses_event("Delivery", "snd_1"),
    ses_event("Open", "snd_1", 3),
    ses_event("Bounce", "snd_1", bounceType="Transient"),
    ses_event("Bounce", "snd_1", 2, bounceType="Permanent"),
    ses_event("Complaint", "snd_1", 5),
)


@pytest.mark.parametrize("seed", range(6))
def test_feedback_fifty_times_in_any_order_counts_once_and_a_complaint_wins(sent: World, seed: int) -> None:
    """F19: I2 effects once, I4 nothing leaves after it, I5 all is visible; also where the bounce came first."""
    told = list(REPORTS) * (50 if seed == 0 else 3)
    random.Random(seed).shuffle(told)
    events: Counter[str] = Counter()
    for at, report in enumerate(told):
        note(report)
        if at % 40 == 39:
            events += observed(sent)
    events += observed(sent)
    gates = {i["sk"]["S"]: i for i in sent.raw("gates") if i["pk"]["S"] == f"address#{key_of(EMAIL)}"}
    assert gates["suppressed#email"]["reason"]["S"] == "complained"
    assert totals() == {
        "requested": 1,
        "sent": 1,
        "delivered": 1,
        "opened": 1,
        "soft_bounced": 1,
        "bounced": 1,
        "complained": 1,
    }
    assert events == Counter(
        {"Email Delivered": 1, "Email Opened": 1, "Email Bounced": 1, "Email Marked as Spam": 1}
    )
    ask(request("snd_2"))
    assert sent.item("snd_2")["reason"] == "suppressed"


def observed(world: World) -> Counter[str]:
    facts = [detail for name, detail in publish(world) if name == "OutcomesObserved.v1"]
    return Counter(event["event"] for fact in facts for event in fact["events"])


@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_complaint_in_the_middle_of_a_fan_out_stops_what_has_not_left(sent: World, after: int) -> None:
    """F33: other people's messages go on; on a channel they did not complain about, so do the person's own."""
    given_contact(version=2, email=EMAIL, phone=PHONE)
    given_contact("prf_2", email="bob@example.com")
    consent("granted", 2, "bob@example.com")
    consent("granted", 3, PHONE, "sms")
    for number in range(after):
        ask(request(f"snd_b{number}", profile_id="prf_2", node=f"n{number}"))
    before = len(sent.email.accepted)
    note(ses_event("Complaint", "snd_1"))
    ask(
        *(request(f"snd_a{number}", node=f"a{number}") for number in range(5)),
        request("snd_sms", channels=["email", "sms"], node="sms"),
        request("snd_bob", profile_id="prf_2", node="last"),
    )
    assert {sent.item(f"snd_a{number}")["reason"] for number in range(5)} == {"suppressed"}
    assert [one.to for one in sent.sms.accepted] == [PHONE]
    bobs = 1 if after < 3 else 0  # he has his own limit a day
    assert [one.to for one in sent.email.accepted[before:]] == ["bob@example.com"] * bobs
