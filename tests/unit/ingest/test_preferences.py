"""What people say in the preference centre, as ingest reads it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from services.ingest.domain.arrival import Arrival
from services.ingest.domain.identifiers import EMAIL, Identifier
from services.ingest.domain.intake import unpack
from services.shared.contracts.consent import PermissionChange, PreferencesChange, PreferencesChanged

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANN = "ann@example.com"


def arrivals(**said: Any) -> list[Arrival]:
    fact = PreferencesChanged(changes=[PreferencesChange(change_id="prc_1", address=ANN, at=AT, **said)])
    body = {
        "id": "e",
        "source": fact.source,
        "detail-type": fact.detail_type,
        "detail": fact.model_dump(mode="json"),
    }
    return list(unpack(json.dumps(body), LATER))


def test_each_thing_said_is_one_event_of_the_source_with_its_time() -> None:
    found = arrivals(
        traits={"firstName": "Ann", "address": {"city": "Gouda"}, "locale": "nl"},
        permissions=[PermissionChange(purpose="news", channel="email", state="granted")],
    )
    calls = [one.read() for one in found]
    assert [call.name for call in calls] == ["identify", "Address Moved", "Preferences Updated"]
    assert [dict(call.traits) for call in calls] == [
        {"firstName": "Ann", "locale": "nl"},
        {"address": {"city": "Gouda"}},
        {},
    ]
    for one, call in zip(found, calls, strict=True):
        assert (call.at, one.received_at) == (AT, AT)
        assert call.identifiers == (Identifier(EMAIL, ANN),)
        assert (one.source, one.trusted, one.trait_kind) == ("preference-centre", True, "declared")


def test_a_fact_that_comes_twice_has_the_same_receipts() -> None:
    said: dict[str, Any] = {"traits": {"firstName": "Ann"}, "email": "ann@example.org"}
    once, twice = arrivals(**said), arrivals(**said)
    assert [one.receipt for one in once] == [one.receipt for one in twice]
    assert len({one.message_id for one in once}) == len(once) == 2


def test_a_new_address_leads_to_the_same_person_as_the_one_before() -> None:
    (arrival,) = arrivals(email="ann@example.org")
    call = arrival.read()
    assert set(call.identifiers) == {Identifier(EMAIL, ANN), Identifier(EMAIL, "ann@example.org")}
    assert dict(call.traits) == {"email": "ann@example.org"}
    assert call.properties["previous"] == ANN


def test_nothing_said_is_no_event() -> None:
    assert arrivals() == []
