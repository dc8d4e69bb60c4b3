"""What a person keeps of what they permitted, and who may fetch it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from services.shared import tokens
from tests.integration.consent.conftest import TEXT, World


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
