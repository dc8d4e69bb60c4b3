"""What waits in the queue: origins with their trust, bus events by declared rules, and messages of older code."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.ingest.domain.arrival import Arrival, Origin
from services.ingest.domain.intake import BusRules, Unreadable, held, pack_http, unpack
from services.ingest.domain.lake import to_line, to_row
from services.ingest.domain.lines import arrival_of
from services.ingest.domain.mapping import SourceMapping
from services.ingest.domain.sources import Schema
from services.ingest.domain.verdict import Verdict, lake_line
from services.ingest.mappings import shipped
from services.shared.errors import HalteError, Invalid
from tests.unit.ingest.fakes import NOW, identify, track


def bus(detail: Any, source: str = "acme.crm", detail_type: str = "Contact Updated") -> str:
    text = detail if isinstance(detail, str) else json.dumps(detail)
    head = {
        "version": "0",
        "id": "e-1",
        "source": source,
        "detail-type": detail_type,
        "time": "2026-01-01T00:00:00Z",
    }
    return f'{json.dumps(head)[:-1]}, "detail": {text}}}'


def rules(mapping: SourceMapping | None = None, **schema: Any) -> dict[str, BusRules]:
    return {"acme.crm": BusRules("crm", Schema.model_validate(schema), mapping, "crm", "BE")}


def arrivals(body: str, known: dict[str, BusRules] | None = None) -> list[Arrival]:
    return list(unpack(body, NOW, (known or {}).get))


def refusal(arrival: Arrival) -> str:
    with pytest.raises(HalteError) as refused:
        arrival.read()
    return refused.value.code


def test_origin_survives_the_queue() -> None:
    origin = Origin("shop", "http", trusted=True, kind="server", region="BE")
    (body,) = pack_http(origin, "rcp_1", NOW, [json.dumps(identify(traits={"phone": "0475 12 34 56"}))])
    (arrival,) = arrivals(body)
    assert arrival.origin == origin
    assert [i.key for i in arrival.read().identifiers] == ["userId#u-1", "phone#+32475123456"]


def test_a_message_of_older_code_is_read_and_not_trusted() -> None:
    """F43: messages from before sources had kinds and trust."""
    body = json.dumps(
        {
            "door": "http",
            "source": "shop",
            "received_at": "2026-01-10T12:00:00Z",
            "receipt": "rcp_1",
            "events": [track()],
        }
    )
    (arrival,) = arrivals(body)
    assert arrival.origin == Origin("shop", "http")
    assert arrival.read().name == "Order Completed"


@pytest.mark.parametrize("given", ['{"a": 1}', '""', "7", f'"{"x" * 65}"'])
def test_an_envelope_without_the_bus_s_own_id_is_unreadable(given: str) -> None:
    """Ids of what is inside are made of it: of something longer they would be longer than ids may be."""
    with pytest.raises(Unreadable):
        arrivals(bus(track()).replace('"e-1"', given, 1))


def test_who_vouches_for_contact_data() -> None:
    (web,) = arrivals(pack_http(Origin("shop", "http"), "r", NOW, [json.dumps(track())])[0])
    (unregistered,) = arrivals(bus(track()))
    (registered,) = arrivals(bus(track()), rules())
    assert [a.trusted for a in (web, unregistered, registered)] == [False, True, True]
    assert [a.source for a in (web, unregistered, registered)] == ["shop", "acme.crm", "crm"]


@pytest.mark.parametrize(
    ("kind", "trait_kind"),
    [("server", "declared"), ("crm", "declared"), ("import", "imported"), ("device", "observed")],
)
def test_how_traits_are_known_follows_the_source(kind: str, trait_kind: str) -> None:
    (arrival,) = arrivals(pack_http(Origin("s", "http", kind=kind), "r", NOW, [json.dumps(track())])[0])
    assert arrival.trait_kind == trait_kind


def test_a_held_event_is_refused_with_the_door_s_reason_and_its_neighbours_are_read() -> None:
    texts = [json.dumps(track("a")), held(json.dumps(track("b")), Invalid("not_in_schema", "no"))]
    first, second = arrivals(pack_http(Origin("shop", "http"), "r", NOW, texts)[0])
    assert first.read().message_id == "a"
    assert refusal(second) == "not_in_schema"
    assert json.loads(second.raw()) == track("b")


def test_an_event_may_be_called_anything_that_the_queue_uses() -> None:
    event = track(held=["x", "y"], door="http", events=[1], detail={"a": 1})
    (arrival,) = arrivals(pack_http(Origin("shop", "http"), "r", NOW, [json.dumps(event)])[0])
    assert arrival.read().message_id == "m-1"


def test_a_registered_source_without_mapping_sends_segment_messages_under_its_schema() -> None:
    known = rules(events=["Order Completed"])
    (good,) = arrivals(bus(track()), known)
    assert good.read().message_id == "m-1"
    (bad,) = arrivals(bus(track(event="Other")), known)
    assert refusal(bad) == "not_in_schema"


@pytest.mark.parametrize(
    ("time", "at"),
    [
        ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
        (None, NOW),
        ("yesterday", NOW),
        ("1970-01-01T00:00:00Z", NOW),
        ("2099-01-01T00:00:00Z", NOW),
    ],
)
@pytest.mark.parametrize("mapped", [False, True])
def test_a_bus_event_without_timestamp_happened_when_the_bus_took_it(
    time: str | None, at: datetime, mapped: bool
) -> None:
    """F24: whatever time a copy of it is read; and a rebuild from the lake finds the same."""
    told = {"type": "track", "event": "E", "userId": "u"}
    mapping = SourceMapping.model_validate(
        {"rules": [{"name": "what", "type": "track", "event": "detail_type", "userId": "detail.userId"}]}
    )
    body = bus(told).replace('"2026-01-01T00:00:00Z"', json.dumps(time))
    (arrival,) = arrivals(body, rules(mapping if mapped else None))
    assert (arrival.read().at, arrival.received_at) == (at, NOW)
    line = lake_line(arrival, Verdict("applied", message_id=arrival.message_id))
    again = arrival_of(to_line({**to_row(line), "received_at": NOW}))
    assert again.read() == arrival.read()
    (said,) = arrivals(bus({**told, "timestamp": "2025-12-24T00:00:00Z"}), rules())
    assert said.read().at == datetime(2025, 12, 24, tzinfo=UTC)


CONTACT = {"id": 7, "customer_number": "c-1", "email": "ann@example.com", "phone": "0475 12 34 56"}


def test_a_crm_s_own_event_becomes_an_identify_by_the_mapping_of_its_source() -> None:
    (arrival,) = arrivals(bus(CONTACT), rules(shipped("crm-contact")))
    call = arrival.read()
    assert (arrival.source, arrival.receipt, call.type, call.message_id) == (
        "crm",
        "e-1#0",
        "identify",
        "eb-e-1-0",
    )
    assert [i.key for i in call.identifiers] == [
        "userId#c-1",
        "externalId:crm#7",
        "email#ann@example.com",
        "phone#+32475123456",
    ]


@pytest.mark.parametrize(
    ("detail", "code"),
    [
        ({"id": None}, "missing_value"),
        ({**CONTACT, "modified_at": "yesterday"}, "bad_value"),
        ([1], "missing_value"),
        ("7", "missing_value"),
        ('{"a": nope}', "invalid_json"),
        ('{"id": 1, "id": 2}', "duplicate_key"),
        ('{"id": "null"}', "no_identity"),
        ({**CONTACT, "email": "x" * 33_000}, "too_large"),
        ('{"id": NaN}', "not_finite"),
        ("[" * 100 + "]" * 100, "too_deep"),
    ],
)
def test_a_row_that_cannot_be_mapped_is_kept_with_its_reason(detail: Any, code: str) -> None:
    (arrival,) = arrivals(bus(detail), rules(shipped("crm-contact")))
    assert refusal(arrival) == code
    assert arrival.raw()


def test_one_bus_event_may_be_several_events_with_receipts_of_their_own() -> None:
    both = SourceMapping.model_validate(
        {
            "rules": [
                {"name": "who", "type": "identify", "userId": "detail.who"},
                {"name": "what", "type": "track", "event": "detail_type", "userId": "detail.who"},
            ]
        }
    )
    made = arrivals(bus({"who": "u"}), rules(both))
    assert [(a.receipt, a.read().name, a.read().message_id) for a in made] == [
        ("e-1#0", "identify", "eb-e-1-0"),
        ("e-1#1", "Contact Updated", "eb-e-1-1"),
    ]


def test_what_journeys_found_out_is_an_identify_of_the_profile_with_derived_traits() -> None:
    update = {
        "request_id": "upd_1",
        "profile_id": "prf_1",
        "traits": {"met": True},
        "at": "2026-01-01T00:00:00Z",
        "journey": "welcome",
        "version": 1,
        "node": "note",
        "enrolment_id": "enr_1",
    }
    body = bus({"updates": [update]}, "halte.journeys", "ProfileUpdateRequested.v1")
    once, again = arrivals(body), arrivals(body)
    assert [arrival.receipt for arrival in once] == [arrival.receipt for arrival in again] == ["upd_1"]
    call = once[0].read()
    assert (call.type, call.profile_id, call.traits) == ("identify", "prf_1", {"met": True})
    assert once[0].trait_kind == "derived"
    elsewhere = arrivals(bus({"updates": [update]}, "acme.crm", "ProfileUpdateRequested.v1"))
    assert [refusal(arrival) for arrival in elsewhere] == ["unknown_type"]


def balance(cause: str) -> str:
    change = {
        "profile_id": "prf_1",
        "balance": 120,
        "tier": "gold",
        "at": "2026-01-01T00:00:00Z",
        "cause": cause,
    }
    return bus({"changes": [change]}, "halte.loyalty", "LoyaltyBalanceChanged.v1")


@pytest.mark.parametrize(
    ("cause", "names"),
    [
        ("burn", ["Loyalty Balance Changed"]),
        ("expire", ["Loyalty Points Expired"]),
        ("tier", ["Loyalty Points Expired"]),
        ("referral", ["Loyalty Balance Changed", "Referral Converted"]),
    ],
)
def test_a_change_of_points_is_an_event_and_traits_and_the_same_again_is_the_same(
    cause: str, names: list[str]
) -> None:
    once, again = arrivals(balance(cause)), arrivals(balance(cause))
    assert [arrival.receipt for arrival in once] == [arrival.receipt for arrival in again]
    assert len({arrival.receipt for arrival in once}) == len(names) + 1
    *events, traits = [arrival.read() for arrival in once]
    assert [(call.type, call.name, call.profile_id) for call in events] == [
        ("track", name, "prf_1") for name in names
    ]
    assert events[0].properties == {"balance": 120, "tier": "gold", "cause": cause}
    assert traits.traits == {"loyaltyPoints": 120, "loyaltyTier": "gold"}
    assert once[-1].trait_kind == "derived"
    stranger = arrivals(balance(cause).replace("halte.loyalty", "acme.loyalty"))
    assert [refusal(arrival) for arrival in stranger] == ["unknown_type"]
