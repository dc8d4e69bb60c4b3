"""Direction, channel and initiator of events."""

from __future__ import annotations

import pytest

from services.delivery.domain.outcomes import _EVENTS
from services.ingest.domain.interaction import Interaction, interaction_of
from services.shared.contracts.ingest import CustomerEvent
from tests.unit.ingest.people import event, page

OURS = {"template": "offer", "email_id": "snd_1"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (event("Email Delivered", **OURS), Interaction("outbound", "email", "halte")),
        (event("Email Opened", **OURS), Interaction("inbound", "email", "halte")),
        (event("SMS Delivered", template="t", sms_id="snd_2"), Interaction("outbound", "sms", "halte")),
        (event("Unsubscribed", **{**OURS, "channel": "sms"}), Interaction("inbound", "sms", "halte")),
        (event("Email Delivered", email_id="of-another-tool"), Interaction("outbound", "email", "company")),
        (event("Call Made"), Interaction("outbound", "phone", "company")),
        (event("Call Received"), Interaction("inbound", "phone", "customer", "service")),
        (page("Home"), Interaction("inbound", "web", "customer", "information")),
        (event("s", type="screen"), Interaction("inbound", "app", "customer", "information")),
        (event("Order Completed"), Interaction("inbound", "other", "customer", "purchase")),
        (event("Order Completed", channel="store"), Interaction("inbound", "store", "customer", "purchase")),
        (event("identify", type="identify"), Interaction("internal", "other", "company")),
        (
            event("Branch Visited", channel="store", need="advice"),
            Interaction("inbound", "store", "customer", "advice"),
        ),
        (
            event("Survey Mailed", direction="outbound", channel="print", initiator="company"),
            Interaction("outbound", "print", "company"),
        ),
        (
            event("X", direction="sideways", channel=7, initiator=None),
            Interaction("inbound", "other", "customer"),
        ),
        (page("Email Delivered"), Interaction("inbound", "web", "customer", "information")),
    ],
)
def test_how_an_event_stands_between_person_and_company(given: CustomerEvent, expected: Interaction) -> None:
    assert interaction_of(given) == expected


def test_every_outcome_that_delivery_tells_is_known() -> None:
    for (channel, kind), name in _EVENTS.items():
        said = interaction_of(event(name, channel=channel, template="t", email_id="snd_1"))
        expected = "outbound" if kind in ("delivered", "bounced") else "inbound"
        assert (said.direction, said.channel, said.initiator) == (expected, channel, "halte"), name
