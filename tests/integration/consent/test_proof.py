"""The proof of a permission: every field the law asks for, each entry led to a signed anchor, and checked away from
here with nothing but the public key."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from halte.ledger.signatures import checker
from services.consent.domain.ledger import Malformed
from services.consent.domain.proofs import check
from services.consent.handlers import on_message_sent
from services.shared.clock import to_iso
from services.shared.contracts.delivery import MessageSent
from tests.integration.consent.conftest import CONTEXT, TEXT, World


def delivered(world: World, send_id: str, **changed: Any) -> dict[str, Any]:
    """Delivery says that a message left."""
    outcome = {
        "send_id": send_id,
        **dict.fromkeys(("profile_id", "journey", "node"), ""),
        "template": "confirm_subscription",
        "channel": "email",
        "at": to_iso(world.clock.now()),
        "provider_id": "0100018f-ses",
        "template_version": 4,
        **changed,
    }
    envelope = {
        "id": "1",
        "source": MessageSent.source,
        "detail-type": MessageSent.detail_type,
        "time": to_iso(world.clock.now()),
        "detail": {"messages": [outcome]},
    }
    record = {"messageId": "m1", "body": json.dumps(envelope), "attributes": {"ApproximateReceiveCount": "1"}}
    return on_message_sent.handler({"Records": [record]}, CONTEXT)


def whole_life(world: World) -> str:
    """Asked, mailed, confirmed, withdrawn, and asked for once more; anchored in between."""
    world.ask(profile_ref="prf_1")
    mail = world.mail()
    token = world.mailed_token()
    world.clock.advance(timedelta(seconds=2))
    assert delivered(world, mail["send_id"]) == {"batchItemFailures": []}
    world.clock.advance(timedelta(hours=1))
    world.confirm(token)
    world.anchor()
    world.clock.advance(timedelta(days=3))
    said = {"channel": "email", "address": "ann@example.com", "purpose": "newsletter", "reason": "by phone"}
    world.json("POST /consents/revocations", said)
    world.anchor()
    world.ask()
    return world.key()


def proof_of(world: World, key: str) -> dict[str, Any]:
    status, proof = world.json(f"GET /consents/{key}/proof")
    assert status == 200
    return dict(proof)


def signed_by(world: World) -> Any:
    _, key = world.json("GET /ledger/key")
    return checker(key["public_key"])[0]


@pytest.mark.capability("003-23")
def test_the_proof_has_request_message_confirmation_and_withdrawal(world: World) -> None:
    """Every field of a double opt-in proof, and of each the moment to the millisecond."""
    proof = proof_of(world, whole_life(world))
    asked, mailed, granted, revoked, again = proof["entries"]
    kinds = [entry["kind"] for entry in proof["entries"]]
    assert kinds == ["requested", "mailed", "granted", "revoked", "requested"]

    assert (asked["at"], asked["form"]) == ("2026-03-01T12:00:00.000Z", "footer@3")
    assert (asked["purpose"], asked["channel"], asked["text"]) == ("newsletter", "email", TEXT)
    assert asked["evidence"] | {"salt": ""} == {
        **dict.fromkeys(("page", "reason", "document", "given_at"), ""),
        **dict.fromkeys(("provider_id", "template", "template_version", "sent_at"), ""),
        "address": "ann@example.com",
        "ip": "203.0.113.9",
        "user_agent": "Firefox",
        "locale": "nl",
        "profile_ref": "prf_1",
        "salt": "",
    }
    assert mailed["form"].startswith("message:snd_")
    assert mailed["request_id"] == asked["request_id"] == granted["request_id"]
    assert {name: mailed["evidence"][name] for name in ("provider_id", "template", "template_version")} == {
        "provider_id": "0100018f-ses",
        "template": "confirm_subscription",
        "template_version": "4",
    }
    assert mailed["evidence"]["sent_at"] == "2026-03-01T12:00:02.000Z"
    assert (granted["means"], granted["evidence"]["ip"]) == ("post", "203.0.113.9")
    assert len(granted["token_id"]) == 16
    assert (revoked["means"], revoked["evidence"]["reason"]) == ("marketer", "by phone")
    assert revoked["at"] == "2026-03-04T13:00:02.000Z"
    assert all(entry["intact"] for entry in proof["entries"])
    assert [entry["anchored"] and entry["anchored"]["number"] for entry in proof["entries"]] == [
        1,
        1,
        1,
        2,
        None,
    ]
    assert again["anchored"] is None
    assert proof["states"][0]["state"] == "revoked"


@pytest.mark.capability("003-23")
def test_a_proof_is_checked_without_us_and_every_change_of_it_is_found(world: World) -> None:
    proof = json.loads(json.dumps(proof_of(world, whole_life(world))))
    signed = signed_by(world)
    assert check(proof, signed) == []
    missed = []
    for path in list(leaves(proof)):
        if NOT_PROVED & set(path):
            continue
        forged = copy.deepcopy(proof)
        at(forged, path[:-1])[path[-1]] = other(at(forged, path))
        try:
            if not check(forged, signed):
                missed.append(path)
        except Malformed:
            continue
    assert missed == []


NOT_PROVED = {"made_at", "head", "states", "states_follow", "how_to_check", "format", "next", "intact"}
"""What says something about the proof, or follows from it."""


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Any:
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, name))
    elif value is not None:
        yield path


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        value = value[name]
    return value


def other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value}0"


def test_entries_of_another_person_do_not_fit_in(world: World) -> None:
    key = whole_life(world)
    proof, others = proof_of(world, key), proof_of(world, world.granted("bob@example.com"))
    proof["entries"][1] = others["entries"][0]
    assert any("does not belong here" in problem for problem in check(proof, signed_by(world)))


@pytest.mark.parametrize("document", [{}, {"anchors": [], "entries": [{}]}, {"anchors": [{}], "entries": []}])
def test_what_is_no_proof_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        check(document, lambda *_: True)


def test_a_proof_of_a_tampered_ledger_says_so(world: World) -> None:
    key = whole_life(world)
    table = boto3.resource("dynamodb").Table("ledger")
    entry = next(item for item in world.items("ledger") if item.get("kind") == "granted" and "hash" in item)
    table.put_item(Item={**entry, "at": "2020-01-01T00:00:00.000Z"})
    proof = proof_of(world, key)
    assert [entry["intact"] for entry in proof["entries"]] == [True, True, False, True, True]
    assert check(proof, signed_by(world))


def test_a_message_is_recorded_once_and_only_if_it_asked(world: World) -> None:
    """F1: delivery tells it again; and it tells of messages that asked nothing."""
    world.ask()
    mail = world.mail()
    for _ in range(3):
        delivered(world, mail["send_id"])
    delivered(world, "snd_other")
    world.pump()
    kinds = [entry["kind"] for entry in proof_of(world, world.key())["entries"]]
    assert kinds == ["requested", "mailed"]
    assert world.look()["states"] == []
    assert [entry["kind"] for entry in world.look()["history"]] == ["requested"]
    assert not [fact for fact in world.published if "changes" in fact]


def test_a_proof_survives_the_erasure_of_who_it_is_about(world: World) -> None:
    """003-23 and the right to be forgotten: the evidence goes, the chain and its anchors still hold."""
    key = whole_life(world)
    table = boto3.resource("dynamodb").Table("evidence")
    for item in table.scan()["Items"]:
        table.delete_item(Key={"pk": item["pk"]})
    proof = proof_of(world, key)
    assert {entry["evidence"] for entry in proof["entries"]} == {None}
    assert check(proof, signed_by(world)) == []
    assert "ann@example.com" not in json.dumps(proof)


# On paper


def printed(world: World, key: str, **headers: str) -> dict[str, Any]:
    return world.call(f"GET /consents/{key}/proof", headers={"accept": "text/html", **headers}, marketer=True)


@pytest.mark.capability("003-23")
@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_proof_is_a_page_to_print_in_both_languages(world: World, language: str) -> None:
    key = whole_life(world)
    page = printed(world, key, **{"accept-language": language})
    assert page["headers"]["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page["headers"]["Content-Security-Policy"]
    text = page["body"]
    assert f'<html lang="{language}">' in text
    assert "<script" not in text
    assert "@media print" in text
    proof = proof_of(world, key)
    shown = [
        *("ann@example.com", "203.0.113.9", "Firefox", TEXT, "footer@3", "0100018f-ses", "by phone", "prf_1"),
        *(entry["hash"] for entry in proof["entries"]),
        *(entry["at"] for entry in proof["entries"]),
        *(anchor["root"] for anchor in proof["anchors"]),
        "BEGIN PUBLIC KEY",
    ]
    assert [what for what in shown if what not in text] == []
    words = {
        "en": ("Proof of permission", "everything fits"),
        "nl": ("Bewijs van toestemming", "alles klopt"),
    }
    assert all(word in text for word in words[language])
    assert (
        world.call(
            f"GET /consents/{key}/proof.html",
            query={"language": language},
            headers={"accept": "*/*"},
            marketer=True,
        )["body"]
        == text
    )


def test_what_people_typed_is_text_on_paper(world: World) -> None:
    evil = "<script>alert(1)</script>"
    said = {
        "channel": "email",
        "address": "ann@example.com",
        "purpose": "newsletter",
        "reason": f"$at {evil}",
    }
    world.json("POST /consents/revocations", said)
    text = printed(world, world.key())["body"]
    assert evil not in text
    assert "$at &lt;script&gt;" in text


def test_a_proof_that_does_not_fit_says_so_on_paper(world: World) -> None:
    world.granted()
    table = boto3.resource("dynamodb").Table("ledger")
    entry = next(item for item in world.items("ledger") if item.get("kind") == "granted" and "hash" in item)
    table.put_item(Item={**entry, "means": "other"})
    assert printed(world, world.key())["body"].count("SOMETHING DOES NOT FIT") == 1
