"""Rows of other systems into events: the declared language, its errors, and the documents that ship with ingest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.ingest.domain.mapping import RowRefused, SourceMapping, events_of
from services.ingest.domain.validate import validate
from services.shared.errors import HalteError
from tests.unit.ingest.fakes import NOW

SHIPPED = Path(__file__).parents[3] / "services" / "ingest" / "mappings"


def mapping(**rule: Any) -> SourceMapping:
    """One rule, which tracks `E`."""
    options = {name: rule.pop(name) for name in ("zone", "decimal", "root") if name in rule}
    base = {"name": "r", "type": "track", "event": {"value": "E"}, "userId": "id"}
    return SourceMapping.model_validate({**options, "rules": [{**base, **rule}]})


def shipped(name: str) -> SourceMapping:
    return SourceMapping.model_validate_json((SHIPPED / f"{name}.json").read_text())


def read_one(row: Any, spec: Any, **options: Any) -> Any:
    """What `spec` makes of `row`, as a property."""
    (event,) = events_of(mapping(properties={"x": spec}, **options), row)
    return event.get("properties", {}).get("x")


@pytest.mark.parametrize(
    ("row", "spec", "expected"),
    [
        ({"a": 1}, "a", 1),
        ({"a": {"b": [1, 2]}}, "a.b[-1]", 2),
        ({"Order No.": "7"}, '"Order No."', "7"),
        ({}, {"value": {"kept": True}}, {"kept": True}),
        ({}, "a", None),
        ({"a": "  "}, "a", None),
        ({"a": None}, {"path": "a", "default": "d"}, "d"),
        ({"a": ""}, {"path": "a", "default": 0}, 0),
        ({"a": 0}, {"path": "a", "default": 5}, 0),
        ({"a": False}, {"path": "a", "default": True}, False),
        ({"a": 42}, {"path": "a", "as": "text"}, "42"),
        ({"a": True}, {"path": "a", "as": "text"}, "true"),
        ({"a": " 1,234.50 "}, {"path": "a", "as": "number"}, 1234.5),
        ({"a": "-7"}, {"path": "a", "as": "number"}, -7),
        ({"a": "12345678901234567890"}, {"path": "a", "as": "number"}, 12345678901234567890),
        ({"a": "8.0"}, {"path": "a", "as": "integer"}, 8),
        ({"a": "Yes"}, {"path": "a", "as": "boolean"}, True),
        ({"a": 0}, {"path": "a", "as": "boolean"}, False),
        ({"a": "2026-01-02T03:04:05+02:00"}, {"path": "a", "as": "timestamp"}, "2026-01-02T01:04:05.000Z"),
        ({"a": "2026-01-02"}, {"path": "a", "as": "timestamp"}, "2026-01-02T00:00:00.000Z"),
        ({"a": 1767323045}, {"path": "a", "as": "epoch_seconds"}, "2026-01-02T03:04:05.000Z"),
        ({"a": "1767323045678"}, {"path": "a", "as": "epoch_millis"}, "2026-01-02T03:04:05.678Z"),
        ({"a": "2026-01-02"}, {"path": "a", "as": "date"}, "2026-01-02"),
        ({"a": "02/01/2026"}, {"path": "a", "as": "date", "format": "%d/%m/%Y"}, "2026-01-02"),
    ],
)
def test_values(row: Any, spec: Any, expected: Any) -> None:
    assert read_one({"id": "u", **row}, spec) == expected


def test_local_times_and_decimal_commas() -> None:
    at = {"path": "t", "as": "timestamp", "format": "%d/%m/%Y %H:%M"}
    row = {"id": "u", "t": "01/12/2010 08:26", "summer": "01/07/2010 08:26", "n": "1.234,5"}
    assert read_one(row, at, zone="Europe/Brussels") == "2010-12-01T07:26:00.000Z"
    assert read_one(row, {**at, "path": "summer"}, zone="Europe/Brussels") == "2010-07-01T06:26:00.000Z"
    assert read_one(row, {"path": "n", "as": "number"}, decimal=",") == 1234.5


@pytest.mark.parametrize(
    ("row", "spec", "code"),
    [
        ({}, {"path": "a", "required": True}, "missing_value"),
        ({"a": " "}, {"path": "a", "required": True, "as": "number"}, "missing_value"),
        ({"a": "x"}, {"path": "a", "as": "number"}, "bad_value"),
        ({"a": "nan"}, {"path": "a", "as": "number"}, "bad_value"),
        ({"a": "1e999"}, {"path": "a", "as": "number"}, "bad_value"),
        ({"a": "1_000"}, {"path": "a", "as": "number"}, "bad_value"),
        ({"a": True}, {"path": "a", "as": "number"}, "bad_value"),
        ({"a": [1]}, {"path": "a", "as": "text"}, "bad_value"),
        ({"a": "1.5"}, {"path": "a", "as": "integer"}, "bad_value"),
        ({"a": "perhaps"}, {"path": "a", "as": "boolean"}, "bad_value"),
        ({"a": "yesterday"}, {"path": "a", "as": "timestamp"}, "bad_value"),
        ({"a": "9999-12-31T23:59:59-14:00"}, {"path": "a", "as": "timestamp"}, "bad_value"),
        ({"a": "30/02/2026"}, {"path": "a", "as": "date", "format": "%d/%m/%Y"}, "bad_value"),
        ({"a": 1e300}, {"path": "a", "as": "epoch_seconds"}, "bad_value"),
        ({"a": 7}, "length(a)", "bad_value"),
        ({"a": 7}, "nonsense(a)", "bad_value"),
    ],
)
def test_a_row_that_cannot_be_read_names_rule_and_field(row: Any, spec: Any, code: str) -> None:
    with pytest.raises(RowRefused) as refusal:
        read_one({"id": "u", **row}, spec)
    assert (refusal.value.code, refusal.value.rule, refusal.value.field) == (code, "r", "properties.x")


def test_each_rule_that_applies_makes_an_event_and_none_refuses_the_row() -> None:
    rules = [
        {"name": "one", "type": "identify", "userId": "id", "traits": {"email": "mail"}},
        {"name": "two", "when": "total > `0`", "type": "track", "event": {"value": "Bought"}, "userId": "id"},
    ]
    both = SourceMapping.model_validate({"rules": rules})
    assert [e["type"] for e in events_of(both, {"id": 1, "total": 5})] == ["identify", "track"]
    assert [e["type"] for e in events_of(both, {"id": 1})] == ["identify"]
    second = SourceMapping.model_validate({"rules": rules[1:]})
    with pytest.raises(RowRefused, match="no_rule"):
        events_of(second, {"id": 1, "total": 0})


@pytest.mark.parametrize(
    "document",
    [
        {"rules": []},
        {"rules": [{"name": "r", "type": "purchase"}]},
        {"rules": [{"name": "r", "type": "track", "userId": "a.."}]},
        {"rules": [{"name": "r", "type": "track", "userId": "["}]},
        {"rules": [{"name": "r", "type": "track", "userId": "[" * 299}]},
        {"rules": [{"name": "r", "type": "track", "userId": "a" * 301}]},
        {"rules": [{"name": "r", "type": "track", "userId": {"path": "a", "value": 1}}]},
        {"rules": [{"name": "r", "type": "track", "userId": {}}]},
        {"rules": [{"name": "r", "type": "track", "when": "!!"}]},
        {"rules": [{"name": "r", "type": "track", "userid": "a"}]},
        {"rules": [{"name": "r", "type": "track"}], "zone": "Europe/Atlantis"},
        {"rules": [{"name": "r", "type": "track"}], "zone": "../../etc/passwd"},
        {"rules": [{"name": "r", "type": "track"}], "root": "("},
    ],
)
def test_a_malformed_mapping_is_refused_when_it_is_declared(document: Any) -> None:
    with pytest.raises(ValidationError):
        SourceMapping.model_validate(document)


ORDER = {
    "order_number": 12,
    "status": "placed",
    "customer_number": 5,
    "ordered_at": "2026-01-01T10:00:00+01:00",
    "changed_at": "2026-01-03T10:00:00+01:00",
    "net_amount": "12.50",
    "refunded_amount": 2.5,
    "currency": "EUR",
    "contact_email": "orders@example.com",
    "lines": [{"item_number": "a", "description": "Tea", "quantity": 2, "unit_price": 6.25}],
}
CONTACT = {
    "id": 7,
    "customer_number": "c-1",
    "email": "ann@example.com",
    "phone": 32475123456,
    "modified_at": "2026-01-01T10:00:00Z",
    "date_of_birth": "1980-02-29",
    "address": {"street": "Main 1", "postal_code": "1000", "city": "Brussels", "country": "BE"},
}


def on_the_bus(row: Any) -> dict[str, Any]:
    return {
        "id": "e-1",
        "source": "acme",
        "detail_type": "Changed",
        "time": "2026-01-01T00:00:00Z",
        "detail": row,
    }


@pytest.mark.parametrize("wrap", [lambda row: row, on_the_bus], ids=["row", "bus"])
def test_shipped_mappings_make_valid_events_of_rows_and_of_bus_events(wrap: Any) -> None:
    (contact,) = events_of(shipped("crm-contact"), wrap(CONTACT))
    assert contact["traits"]["phone"] == "32475123456"
    assert contact["traits"]["address"]["country"] == "BE"
    assert contact["context"]["externalIds"] == [{"type": "crm", "id": "7"}]
    (removed,) = events_of(shipped("crm-contact"), wrap({**CONTACT, "deleted": True}))
    assert removed["event"] == "Contact Removed"
    names = {}
    for status in ("placed", "invoiced", "cancelled", "refunded"):
        (event,) = events_of(shipped("erp-order"), wrap({**ORDER, "status": status}))
        names[status] = event["event"], event["timestamp"], event["messageId"]
        validate(event, received_at=NOW, message_id="m")
    assert names == {
        "placed": ("Order Completed", "2026-01-01T09:00:00.000Z", "erp:placed:12"),
        "invoiced": ("Order Completed", "2026-01-01T09:00:00.000Z", "erp:placed:12"),
        "cancelled": ("Order Cancelled", "2026-01-03T09:00:00.000Z", "erp:cancelled:12"),
        "refunded": (
            "Order Refunded",
            "2026-01-03T09:00:00.000Z",
            "erp:refunded:12:2026-01-03T10:00:00+01:00",
        ),
    }
    (reading,) = events_of(
        shipped("device-reading"), wrap({"device_id": "d-1", "reading": "Filter Worn", "value": 3})
    )
    assert reading["context"] == {"device": {"id": "d-1"}}
    (line,) = events_of(shipped("contact-csv"), wrap({"User ID": "7"}) if wrap(1) == 1 else {"User ID": "7"})
    assert line["userId"] == "7"


rows = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*ORDER, *CONTACT, "detail", "deleted", "reading", "owner"]), inner, max_size=5
        )
    ),
    max_leaves=15,
)


@settings(max_examples=100)
@given(st.sampled_from(sorted(path.stem for path in SHIPPED.glob("*.json"))), rows)
def test_no_row_gets_through_a_mapping_by_accident(name: str, row: Any) -> None:
    """Either the row is refused by name, or it makes events that can be written as JSON."""
    refused = ""
    made: list[Any] = []
    try:
        made = events_of(shipped(name), row)
    except HalteError as refusal:
        refused = refusal.code
    assert made or refused in {"no_rule", "bad_value", "missing_value"}
    json.dumps(made)
