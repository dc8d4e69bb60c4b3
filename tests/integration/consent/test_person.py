"""One person's addresses in consent's tables: described, exported, erased."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.consent.domain.ledger import SHARDS, shard_of
from services.consent.handlers import person
from tests.integration.consent.conftest import CONTEXT, START, TEXT, World
from tests.integration.consent.test_addresses import change, tell
from tests.integration.consent.test_consent_road import state_of

ANN, BOB = "ann@example.com", "bob@example.com"


def ask(question: str, *addresses: str, channel: str = "email") -> dict[str, Any]:
    event = {
        "ask": question,
        "profile_ids": ["prf_1"],
        "addresses": [{"channel": channel, "address": address} for address in addresses],
        "at": START.isoformat(),
    }
    return person.handler(event, CONTEXT)


def test_described_is_the_state_by_address_and_purpose(world: World) -> None:
    world.granted(ANN)

    (state,) = ask("describe", "Ann@EXAMPLE.com", "never@example.com", "no address")["stores"]["consents"]

    assert (state["address"], state["purpose"], state["state"]) == (
        "Ann@example.com",
        "newsletter",
        "granted",
    )
    assert ask("describe", BOB) == {"service": "consent", "stores": {}, "more": False}


def test_exported_is_the_whole_proof_and_of_nobody_else(world: World) -> None:
    world.granted(BOB)
    world.granted(ANN)

    answer = ask("export", ANN, BOB.replace("bob", "nobody"))

    (proof,) = answer["stores"]["consents"]
    assert [entry["kind"] for entry in proof["entries"]] == ["requested", "granted"]
    assert proof["entries"][0]["evidence"]["address"] == ANN
    assert proof["entries"][0]["text"] == TEXT
    assert BOB not in json.dumps(answer)


def test_erased_is_the_evidence_and_with_it_the_permission_but_not_the_chain(world: World) -> None:
    """F25: nothing can be proven any more, so nothing is permitted; and the ledger still holds together."""
    world.granted(BOB)
    key = world.granted(ANN)
    world.pump()
    bob = world.json(f"GET /consents/{world.key(BOB)}/proof")

    assert ask("erase", ANN)["stores"] == {"permissions": 1, "evidence": 2, "latest_addresses": 0}
    assert ask("erase", ANN)["stores"] == {"permissions": 0, "evidence": 0, "latest_addresses": 0}

    (fact,) = world.pump()
    assert [(c["address_key"], c["state"]) for c in fact["changes"]] == [(key, "revoked")]
    assert state_of(world, ANN) == "revoked"
    text = json.dumps(world.items("evidence") + world.items("ledger"), default=str)
    assert ANN not in text
    assert not [item for item in world.items("evidence") if item["pk"] == f"limit#{key}"]
    for shard in range(SHARDS):
        assert world.json(f"GET /ledger/shards/{shard}")[1]["intact"]
    _, proof = world.json(f"GET /consents/{key}/proof")
    assert [entry["kind"] for entry in proof["entries"]] == ["requested", "granted", "revoked"]
    assert all(entry["intact"] for entry in proof["entries"])
    if shard_of(key) != shard_of(world.key(BOB)):
        assert world.json(f"GET /consents/{world.key(BOB)}/proof") == bob
    assert state_of(world, BOB) == "granted"


def test_an_objection_survives(world: World) -> None:
    body = {"channel": "email", "address": ANN, "purpose": "newsletter", "reason": "said so on the phone"}
    assert world.json("POST /consents/revocations", body)[0] == 200

    assert ask("erase", ANN)["stores"] == {"permissions": 0, "evidence": 1, "latest_addresses": 0}

    assert state_of(world, ANN) == "revoked"
    assert "on the phone" not in json.dumps(world.items("evidence"), default=str)


def test_a_request_that_nobody_confirmed_is_forgotten_before_its_message_goes(world: World) -> None:
    world.ask(ANN)

    assert ask("erase", ANN)["stores"] == {"permissions": 0, "evidence": 1, "latest_addresses": 0}

    assert world.pump() == []


@pytest.mark.parametrize("address", ["", "no address", "+31", "\ud800"])
def test_what_is_no_address_has_nothing(world: World, address: str) -> None:
    assert ask("erase", address)["stores"] == {"permissions": 0, "evidence": 0, "latest_addresses": 0}
    assert ask("erase", address, channel="pigeon")["stores"] == {
        "permissions": 0,
        "evidence": 0,
        "latest_addresses": 0,
    }


def test_the_latest_address_of_a_profile_is_exported_and_forgotten_for_good(world: World) -> None:
    tell(world, change(world, 1, ANN))

    assert ask("export")["stores"]["latest_addresses"] == {"prf_1": ANN}
    assert ask("erase")["stores"]["latest_addresses"] == 1
    tell(world, change(world, 2, BOB))  # was under way when the person was erased
    assert ask("export")["stores"]["latest_addresses"] == {}
    assert ask("erase")["stores"]["latest_addresses"] == 0
