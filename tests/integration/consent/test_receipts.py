"""What a person keeps of what they permitted, and who may fetch it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from services.shared import tokens
from tests.integration.consent.conftest import TEXT, World
from tests.integration.consent.test_records import SOFT, give_basis, sell


def receipt_by(world: World, token: str) -> dict[str, Any]:
    answer = world.call("GET /preferences/receipt", query={"token": token})
    return {"status": answer["statusCode"], "headers": answer["headers"], "body": answer["body"]}


def test_whoever_confirms_gets_a_receipt_to_keep(world: World) -> None:
    """The fields of ISO/IEC TS 27560:2023, sections 6.3.3 to 6.3.7."""
    world.ask()
    done = world.confirm(world.mailed_token())["body"]
    token = done.split("preferences/receipt?token=")[1].split('"')[0]
    got = receipt_by(world, token)
    assert got["status"] == 200
    assert "attachment" in got["headers"]["Content-Disposition"]
    receipt = json.loads(got["body"])
    assert receipt["schema_version"] == "ISO/IEC TS 27560:2023"
    (record,) = receipt["records"]
    assert record["pii_principal_id"] == world.key()
    processing = record["pii_processing"]
    assert processing["privacy_notice"]["text"] == TEXT
    assert processing["language"] == "en"
    (purpose,) = processing["purposes"]
    assert purpose["purpose"] == {"id": "newsletter", "title": "Newsletter"}
    assert purpose["lawful_basis"] == "consent"
    assert purpose["collection_method"] == "footer@3"
    assert purpose["withdrawal_method"]
    assert record["party_identification"][0]["party_name"] == "Example Energy"
    assert [event["event_state"] for event in record["events"]] == ["requested", "given"]
    assert "ann@example.com" not in got["body"]
    assert world.json(f"GET /consents/{world.key()}/receipt")[1]["records"] == receipt["records"]


SPECIFIED = {
    "": {"schema_version", "receipt_id"},
    "records.": {
        "schema_version",
        "record_id",
        "pii_principal_id",
        "pii_processing",
        "party_identification",
        "events",
    },
    "records.pii_processing": {"privacy_notice", "language", "purposes"},
    "records.pii_processing.purposes.": {
        *(
            "purpose",
            "pii_information",
            "pii_controllers",
            "storage_locations",
            "retention_period",
            "jurisdiction",
        ),
        *("recipient_third_parties", "withdrawal_method"),
    },
    "records.pii_processing.purposes.pii_information.": {"pii_type"},
    "records.party_identification.": {
        "party_id",
        "party_address",
        "party_name",
        "party_contact",
        "party_type",
    },
    "records.events.": {"event_time", "validity_duration", "entity_id", "event_type", "event_state"},
}
"""What ISO/IEC TS 27560:2023 makes mandatory, by section (as the W3C group DPV lists it); a place that ends in a dot is
one of a list."""


def lacking(place: str, found: Any) -> list[str]:
    """The mandatory fields that are not there, or say nothing."""
    if isinstance(found, list):
        return [name for one in found for name in lacking(f"{place}.", one)]
    if not isinstance(found, dict):
        return []
    gone = [f"{place} {name}" for name in SPECIFIED.get(place, ()) if found.get(name) in (None, "")]
    return gone + [
        name
        for key, value in found.items()
        for name in lacking(f"{place.rstrip('.')}.{key}".lstrip("."), value)
    ]


@pytest.mark.parametrize("basis", ["double_opt_in", "soft_opt_in"])
def test_every_mandatory_field_says_something(world: World, basis: str) -> None:
    if basis == "soft_opt_in":
        give_basis(world, **SOFT)
        sell(world)
    else:
        world.granted()
    receipt = world.json(f"GET /consents/{world.key()}/receipt")[1]
    assert lacking("", receipt) == []
    (record,) = receipt["records"]
    assert "records.events. entity_id" in lacking("", {"records": [{**record, "events": [{}]}]})


def test_a_receipt_says_on_what_basis_until_when_and_where(world: World) -> None:
    """A sale is no consent, and the receipt does not call it one."""
    give_basis(world, **SOFT)
    sell(world)
    (record,) = world.json(f"GET /consents/{world.key()}/receipt")[1]["records"]
    (purpose,) = record["pii_processing"]["purposes"]
    assert purpose["lawful_basis"] == "legitimate interest (existing customer)"
    assert (purpose["storage_locations"], purpose["jurisdiction"]) == (["eu-central-1"], "NL")
    (given,) = record["events"]
    assert (given["event_type"], given["event_state"]) == ("implied", "given")
    assert given["validity_duration"] == "2026-03-01T12:00:00.000Z/2027-02-28T12:00:00.000Z"
    (party,) = record["party_identification"]
    assert (party["party_address"], party["party_contact"]) == (
        "1 High Street, Utrecht",
        "privacy@example.com",
    )


def test_a_receipt_tells_how_long_each_step_holds(world: World) -> None:
    world.granted()
    said = {"channel": "email", "address": "ann@example.com", "purpose": "newsletter", "reason": "asked"}
    world.json("POST /consents/revocations", said)
    (record,) = world.json(f"GET /consents/{world.key()}/receipt")[1]["records"]
    assert [(event["validity_duration"], event["entity_id"]) for event in record["events"]] == [
        ("P30D", world.key()),
        ("until withdrawn", world.key()),
        ("until given again", "controller"),
    ]


def test_the_link_to_the_preference_centre_opens_the_receipt_and_others_do_not(world: World) -> None:
    key = world.granted()
    world.json(
        "POST /consents/revocations",
        {"channel": "email", "address": "ann@example.com", "purpose": "newsletter", "reason": "asked"},
    )
    in_an_hour = world.clock.now() + timedelta(hours=1)

    def link(use: str) -> str:
        claims = {"channel": "email", "email_key": key, "address_key": key, "purpose": "newsletter"}
        return tokens.sign("token-secret", use, claims, in_an_hour)

    token = link(tokens.PREFERENCES)
    states = [e["event_state"] for e in json.loads(receipt_by(world, token)["body"])["records"][0]["events"]]
    assert states == ["requested", "given", "withdrawn"]
    centre = world.call("GET /preferences", query={"token": token})
    assert f"preferences/receipt?token={token}" in centre["body"]
    for other_use in (tokens.UNSUBSCRIBE, "confirm"):
        assert receipt_by(world, link(other_use))["status"] == 400
    world.clock.advance(timedelta(hours=2))
    assert receipt_by(world, token)["status"] == 410
    assert world.json("GET /consents/adr_none/receipt")[0] == 404
