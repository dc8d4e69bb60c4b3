"""Track events that declare traits."""

from __future__ import annotations

from typing import Any

import pytest

from services.ingest.domain.identifiers import EMAIL, Identifier
from services.ingest.domain.processes import declared_traits
from services.ingest.domain.validate import validate
from services.shared.clock import from_iso

AT = from_iso("2026-03-01T12:00:00.000Z")


@pytest.mark.parametrize(
    ("name", "properties", "traits"),
    [
        (
            "Registered",
            {"email": "a@example.com", "firstName": "Ann", "plan": "x", "phone": None},
            {"email": "a@example.com", "firstName": "Ann"},
        ),
        (
            "Email Changed",
            {"previous": "a@example.com", "email": "b@example.com"},
            {"email": "b@example.com"},
        ),
        (
            "Address Moved",
            {"address": {"city": "Delft"}, "previous": {"city": "Gouda"}},
            {"address": {"city": "Delft"}},
        ),
        (
            "Preferences Updated",
            {"preferredChannel": "sms", "topics": [], "email": "x@example.com"},
            {"preferredChannel": "sms", "topics": []},
        ),
        ("Order Completed", {"email": "a@example.com", "address": {}}, {}),
        ("registered", {"email": "a@example.com"}, {}),
    ],
)
def test_a_process_declares_what_it_is_about_and_nothing_else(
    name: str, properties: dict[str, Any], traits: dict[str, Any]
) -> None:
    assert declared_traits(name, properties) == traits


def test_a_process_keeps_its_properties_and_its_address_identifies() -> None:
    event = {
        "type": "track",
        "event": "Email Changed",
        "userId": "u1",
        "properties": {"previous": "a@example.com", "email": "B@example.com"},
    }
    call = validate(event, received_at=AT, message_id="m")
    assert call.traits == {"email": "B@example.com"}
    assert call.properties == event["properties"]
    assert Identifier(EMAIL, "b@example.com") in call.identifiers


def test_a_page_of_that_name_declares_nothing() -> None:
    event = {"type": "page", "name": "Registered", "userId": "u1", "properties": {"email": "a@example.com"}}
    assert validate(event, received_at=AT, message_id="m").traits == {}
