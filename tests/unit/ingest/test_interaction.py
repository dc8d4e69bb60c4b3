"""Direction, channel and initiator of events."""

from __future__ import annotations

import pytest

from services.delivery.domain.outcomes import _EVENTS
from services.shared.contracts.delivery import OutcomesObserved
from services.shared.contracts.ingest import CustomerEvent
from services.shared.interaction import Interaction, interaction_of
from tests.unit.ingest.people import event, page

OURS = OutcomesObserved.source


@pytest.mark.parametrize(
    ("given", "source", "expected"),
    [
        (event("Email Delivered"), OURS, Interaction("outbound", "email", "halte")),
        (event("Email Opened"), OURS, Interaction("inbound", "email", "halte")),
        (event("Unsubscribed", channel="sms"), OURS, Interaction("inbound", "sms", "halte")),
        (event("Email Delivered"), "another-tool", Interaction("outbound", "email", "company")),
        (event("Call Made"), "crm", Interaction("outbound", "phone", "company")),
        (event("Call Received"), "crm", Interaction("inbound", "phone", "customer", "service")),
        (page("Home"), "web", Interaction("inbound", "web", "customer", "information")),
        (event("s", type="screen"), "", Interaction("inbound", "app", "customer", "information")),
        (event("Order Completed"), "", Interaction("inbound", "other", "customer", "purchase")),
        (
            event("Order Completed", channel="store"),
            "",
            Interaction("inbound", "store", "customer", "purchase"),
        ),
        (event("identify", type="identify"), "", Interaction("internal", "other", "company")),
        (
            event("Advised", channel="store", need="advice"),
            "",
            Interaction("inbound", "store", "customer", "advice"),
        ),
        (
            event("Survey Mailed", direction="outbound", channel="print", initiator="company"),
            "",
            Interaction("outbound", "print", "company"),
        ),
        (
            event("X", direction="sideways", channel=7, initiator=None),
            "",
            Interaction("inbound", "other", "customer"),
        ),
        (page("Email Delivered"), "web", Interaction("inbound", "web", "customer", "information")),
    ],
)
def test_how_an_event_stands_between_person_and_company(
    given: CustomerEvent, source: str, expected: Interaction
) -> None:
    assert interaction_of(given, source) == expected


def test_every_outcome_that_delivery_tells_is_known() -> None:
    for (channel, kind), name in _EVENTS.items():
        said = interaction_of(event(name, channel=channel), OURS)
        expected = "outbound" if kind in ("delivered", "bounced") else "inbound"
        assert (said.direction, said.channel, said.initiator) == (expected, channel, "halte"), name
