"""Consent's handlers on moto, from the form to the fact on the bus and back out again."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from services.consent.bootstrap import permissions as bootstrap
from services.consent.domain.evidence import Origin
from services.consent.domain.ledger import shard_of
from services.shared import tokens
from services.shared.aws.clients import client
from tests.integration.consent.conftest import TEXT, World

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
VECTORS = Path(__file__).parents[3].parent / "shared" / "data" / "list-unsubscribe" / "vectors.json"


def unsubscribe_token(world: World, key: str, days: int = 90, secret: str = "token-secret") -> str:
    claims = {"purpose": "newsletter", "channel": "email", "address_key": key, "send_id": "snd_1"}
    return tokens.sign(secret, tokens.UNSUBSCRIBE, claims, world.clock.now() + timedelta(days=days))


def state_of(world: World, address: str = "ann@example.com") -> str | None:
    states = world.look(address)["states"]
    return states[0]["state"] if states else None


def everything(world: World) -> list[Any]:
    return [sorted(map(repr, world.items(table))) for table in ("ledger", "evidence", "purposes")]


@pytest.mark.capability("003-22")
def test_double_opt_in_from_form_to_fact(world: World) -> None:
    answer = world.ask("Ann@Example.com", profile_ref="prf_1")
    assert (answer["statusCode"], json.loads(answer["body"])) == (202, {"status": "check_your_inbox"})
    assert state_of(world) is None

    mail = world.mail()
    assert mail["template"] == "confirm_subscription"
    assert mail["channels"] == ["email"]
    assert mail["address"] == "Ann@example.com"
    assert mail["params"]["consent_text"] == TEXT
    assert mail["params"]["confirm_url"].startswith("https://api.example.com/consents/confirm?token=")
    token = world.mailed_token()

    page = world.call("GET /consents/confirm", query={"token": token})
    assert page["statusCode"] == 200
    assert TEXT in page["body"]
    assert "frame-ancestors 'none'" in page["headers"]["Content-Security-Policy"]
    assert state_of(world) is None

    world.clock.advance(timedelta(hours=2))
    assert world.confirm(token)["statusCode"] == 200
    assert state_of(world) == "granted"
    (fact,) = world.pump()
    (change,) = fact["changes"]
    assert change["state"] == "granted"
    assert change["address_key"] == world.key()
    assert change["at"] == "2026-03-01T14:00:00.000Z"
    assert change["sequence"] == 2


@pytest.mark.capability("003-23")
def test_the_proof_holds_all_that_the_law_asks(world: World) -> None:
    key = world.granted()
    status, proof = world.json(f"GET /consents/{key}/proof")
    assert status == 200
    asked, granted = proof["entries"]
    assert [asked["kind"], granted["kind"]] == ["requested", "granted"]
    assert asked["text"] == TEXT
    assert asked["form"] == "footer@3"
    assert asked["at"] == "2026-03-01T12:00:00.000Z"
    assert asked["evidence"]["address"] == "ann@example.com"
    assert asked["evidence"]["ip"] == "203.0.113.9"
    assert asked["evidence"]["locale"] == "nl"
    assert granted["means"] == "post"
    assert granted["token_id"]
    assert granted["evidence"]["user_agent"] == "Firefox"
    assert all(entry["intact"] for entry in proof["entries"])
    assert asked["next"]["prev_hash"] == asked["hash"]
    assert proof["head"]["hash"] == granted["hash"]


def test_the_ledger_names_nobody(world: World) -> None:
    world.granted("ann@example.com")
    text = repr(world.items("ledger"))
    assert "ann@example.com" not in text
    assert "203.0.113.9" not in text
    assert "Firefox" not in text


@pytest.mark.capability("003-22")
def test_evidence_of_a_request_is_purged_unless_it_is_confirmed(world: World) -> None:
    world.ask("bob@example.com")
    world.granted("ann@example.com")
    kept = {
        item["evidence"]["address"]: "expires_at" in item
        for item in world.items("evidence")
        if item.get("evidence", {}).get("address")
    }
    assert kept == {"bob@example.com": True, "ann@example.com": False}
    world.clock.advance(timedelta(days=31))
    _, proof = world.json(f"GET /consents/{world.key('bob@example.com')}/proof")
    assert proof["entries"][0]["evidence"] is None
    assert proof["entries"][0]["intact"]


def test_a_confirmation_after_the_evidence_was_erased_still_counts(world: World) -> None:
    world.ask()
    token = world.mailed_token()
    for item in world.items("evidence"):
        boto3.resource("dynamodb").Table("evidence").delete_item(Key={"pk": item["pk"]})
    assert world.confirm(token)["statusCode"] == 200
    assert state_of(world) == "granted"


@pytest.mark.capability("003-22")
def test_get_and_head_change_nothing(world: World) -> None:
    key = world.granted()
    world.ask("bob@example.com")
    confirm, leave = world.mailed_token(), unsubscribe_token(world, key)
    before = everything(world)
    for _ in range(50):
        for method in ("GET", "HEAD"):
            assert world.call(f"{method} /consents/confirm", query={"token": confirm})["statusCode"] == 200
            assert world.call(f"{method} /consents/unsubscribe", query={"token": leave})["statusCode"] == 200
    assert everything(world) == before


@pytest.mark.capability("003-22")
def test_a_link_grants_once(world: World) -> None:
    world.ask()
    token = world.mailed_token()
    nonce = world.nonce_on(world.call("GET /consents/confirm", query={"token": token}))
    answers = [world.form("POST /consents/confirm", {"token": token, "nonce": nonce}) for _ in range(3)]
    assert [a["statusCode"] for a in answers] == [200, 200, 200]
    assert len({a["body"] for a in answers}) == 1
    assert [e["kind"] for e in world.look()["history"]] == ["requested", "granted"]
    assert world.call("GET /consents/confirm", query={"token": token})["statusCode"] == 410


@pytest.mark.capability("003-22")
def test_a_used_link_does_not_undo_a_revocation(world: World) -> None:
    world.ask()
    token = world.mailed_token()
    nonce = world.nonce_on(world.call("GET /consents/confirm", query={"token": token}))
    world.form("POST /consents/confirm", {"token": token, "nonce": nonce})
    world.form("POST /consents/unsubscribe", ONE_CLICK, {"token": unsubscribe_token(world, world.key())})
    assert world.form("POST /consents/confirm", {"token": token, "nonce": nonce})["statusCode"] == 410
    assert state_of(world) == "revoked"


@pytest.mark.parametrize("nonce", ["", "0" * 64, "é"])
def test_a_form_without_its_nonce_grants_nothing(world: World, nonce: str) -> None:
    world.ask()
    token = world.mailed_token()
    assert world.form("POST /consents/confirm", {"token": token, "nonce": nonce})["statusCode"] == 400
    assert state_of(world) is None


@pytest.mark.capability("003-22")
def test_an_expired_forged_or_repurposed_link_grants_nothing(world: World) -> None:
    world.ask()
    token = world.mailed_token()
    leave = unsubscribe_token(world, world.key())
    nonce = world.nonce_on(world.call("GET /consents/confirm", query={"token": token}))
    for wrong in (token[:-1] + ("0" if token[-1] != "0" else "1"), leave, "", "x" * 10_000):
        answer = world.form("POST /consents/confirm", {"token": wrong, "nonce": nonce})
        assert answer["statusCode"] == 400
        assert "<h1>This link does not work</h1>" in answer["body"]
    world.clock.advance(timedelta(days=30))
    assert world.form("POST /consents/confirm", {"token": token, "nonce": nonce})["statusCode"] == 410
    assert state_of(world) is None


@pytest.mark.capability("003-22")
def test_the_fourth_request_in_a_day_sends_nothing_and_answers_the_same(world: World) -> None:
    answers = [world.ask(ip=f"203.0.113.{n}") for n in range(5)]
    assert len({(a["statusCode"], a["body"]) for a in answers}) == 1
    assert sum(len(f.get("requests", [])) for f in world.pump()) == 3
    world.clock.advance(timedelta(hours=24))
    world.ask()
    assert sum(len(f.get("requests", [])) for f in world.pump()) == 1


@pytest.mark.capability("003-22")
def test_one_ip_address_can_not_ask_for_everyone(world: World) -> None:
    answers = [world.ask(f"a{n}@example.com") for n in range(25)]
    assert len({(a["statusCode"], a["body"]) for a in answers}) == 1
    assert sum(len(f.get("requests", [])) for f in world.pump()) == 20


@pytest.mark.capability("003-22")
def test_known_and_unknown_addresses_get_the_same_answer_and_a_mail(world: World) -> None:
    world.granted("ann@example.com")
    world.published.clear()
    known, unknown = world.ask("ann@example.com"), world.ask("new@example.com")
    assert (known["statusCode"], known["body"]) == (unknown["statusCode"], unknown["body"])
    world.pump()
    assert sum(len(f.get("requests", [])) for f in world.published) == 2


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"purpose": "unknown"}, "unknown_purpose"),
        ({"text_version": "1999"}, "unknown_text"),
        ({"address": "nobody"}, "invalid_address"),
        ({"channel": "pigeon"}, "invalid"),
        ({"form": "<script>"}, "invalid"),
    ],
)
def test_a_request_that_breaks_a_rule_says_which(world: World, changed: dict[str, str], code: str) -> None:
    answer = world.ask(**{"address": "ann@example.com", **changed})
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["code"] == code


def test_a_browser_s_form_is_answered_with_a_page(world: World) -> None:
    fields = (
        "purpose=newsletter&channel=sms&address=%2B31612345678&text_version=2026-1&language=en&form=f%401"
    )
    answer = world.call(
        "POST /consents/requests",
        body=fields.encode(),
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "accept": "text/html,*/*",
            "accept-language": "nl-NL",
        },
    )
    assert answer["statusCode"] == 202
    assert "Kijk in uw inbox" in answer["body"]
    assert world.mail()["address"] == "+31612345678"


def one_click_cases() -> list[Any]:
    if not VECTORS.exists():
        return []
    return [pytest.param(c, id=c["id"]) for c in json.loads(VECTORS.read_text())["requests"]]


def test_the_one_click_vectors_are_here() -> None:
    if not VECTORS.exists():
        pytest.skip(f"LOUD: {VECTORS} is absent, RFC 8058 is tested by our own cases only")


@pytest.mark.capability("003-22")
@pytest.mark.parametrize("case", one_click_cases())
def test_one_click_unsubscribe_as_rfc_8058_has_it(world: World, case: dict[str, Any]) -> None:
    key = world.granted()
    world.pump()
    token = unsubscribe_token(world, key, secret="forged" if "token" in case else "token-secret")
    headers = {"content-type": case["content_type"]} if case["content_type"] else {}
    for _ in range(case.get("repeat", 1)):
        answer = world.call(
            f"{case['method']} /consents/unsubscribe",
            query={"token": token},
            body=(case["body"] or "").encode(),
            headers=headers,
        )
        assert "Location" not in answer["headers"]
    revokes = case["id"] in ("r1", "r2", "r6", "r8")
    assert answer["statusCode"] == (200 if revokes or case["method"] != "POST" else 400)
    assert state_of(world) == ("revoked" if revokes else "granted")
    changes = [change for fact in world.pump() for change in fact["changes"]]
    told = [(change["state"], change["send_id"]) for change in changes]
    assert told == ([("revoked", "snd_1")] if revokes else [])


@pytest.mark.capability("003-22")
def test_the_button_on_the_unsubscribe_page_works(world: World) -> None:
    token = unsubscribe_token(world, world.granted())
    nonce = world.nonce_on(world.call("GET /consents/unsubscribe", query={"token": token}))
    assert world.form("POST /consents/unsubscribe", {"token": token, "nonce": nonce})["statusCode"] == 200
    assert state_of(world) == "revoked"
    assert world.look()["history"][-1]["means"] == "page"


def test_who_returns_can_leave_again_by_the_same_link(world: World) -> None:
    token = unsubscribe_token(world, world.granted())
    world.form("POST /consents/unsubscribe", ONE_CLICK, {"token": token})
    world.clock.advance(timedelta(days=1))
    world.granted()
    assert state_of(world) == "granted"
    world.form("POST /consents/unsubscribe", ONE_CLICK, {"token": token})
    assert state_of(world) == "revoked"


@pytest.mark.capability("003-22")
def test_an_objection_of_an_unknown_address_counts(world: World) -> None:
    withdrawal = {"channel": "email", "address": "x@example.com", "purpose": "newsletter", "reason": "phoned"}
    status, body = world.json("POST /consents/revocations", withdrawal)
    assert (status, body["outcome"]) == (200, "revoked")
    assert world.json("POST /consents/revocations", withdrawal)[1]["outcome"] == "unchanged"
    assert state_of(world, "x@example.com") == "revoked"
    _, proof = world.json(f"GET /consents/{body['address_key']}/proof")
    assert proof["entries"][0]["evidence"]["reason"] == "phoned"


@pytest.mark.capability("003-22")
def test_links_survive_one_rotation_of_the_key(world: World) -> None:
    world.ask()
    token = world.mailed_token()
    client("secretsmanager").put_secret_value(SecretId=world.token_arn, SecretString="next-secret")
    from services.shared.aws import secrets

    secrets._kept.clear()
    assert world.confirm(token)["statusCode"] == 200
    client("secretsmanager").put_secret_value(SecretId=world.token_arn, SecretString="third-secret")
    secrets._kept.clear()
    assert world.call("GET /consents/confirm", query={"token": token})["statusCode"] == 400


def test_a_batch_that_is_published_twice_asks_for_the_same_message(world: World) -> None:
    world.ask()
    first = world.mail()
    world._iterators = world._open_stream()
    assert world.mail() == first


@pytest.mark.capability("003-23")
def test_tampering_with_the_table_is_found(world: World) -> None:
    key = world.granted()
    shard = shard_of(key)
    checked = f"GET /ledger/shards/{shard}"
    assert world.json(checked)[1]["intact"]
    table = boto3.resource("dynamodb").Table("ledger")
    place = {"pk": f"shard#{shard:02d}", "sk": f"{1:012d}"}
    entry = table.get_item(Key=place)["Item"]
    table.put_item(Item={**entry, "at": "2020-01-01T00:00:00.000Z"})
    assert [p["kind"] for p in world.json(checked)[1]["problems"]] == ["edited"]
    assert not world.json(f"GET /consents/{key}/proof")[1]["entries"][0]["intact"]
    table.put_item(Item=entry)
    table.put_item(Item={**entry, "sk": f"{3:012d}"})
    assert "forked" in {p["kind"] for p in world.json(checked)[1]["problems"]}
    table.delete_item(Key={**place, "sk": f"{3:012d}"})
    table.delete_item(Key={**place, "sk": f"{2:012d}"})
    assert [p["kind"] for p in world.json(checked)[1]["problems"]] == ["truncated"]
    assert world.json("GET /ledger/shards/16")[0] == 404


@pytest.mark.capability("003-23")
def test_a_state_that_the_log_does_not_give_is_found(world: World) -> None:
    key = world.granted()
    proof = f"GET /consents/{key}/proof"
    assert world.json(proof)[1]["states_follow"] is True
    table = boto3.resource("dynamodb").Table("ledger")
    table.delete_item(Key={"pk": f"state#{key}", "sk": "state#newsletter#email"})
    assert world.json(proof)[1]["states_follow"] is False


def test_a_lost_race_for_the_head_is_run_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    key = world.granted()
    unsubscribing = bootstrap.unsubscribing()
    ledger = unsubscribing._revocations._recorder._ledger
    position, raced = ledger.position, []

    def overtaken(subject: Any) -> Any:
        seen = position(subject)
        if not raced:
            raced.append(True)
            unsubscribing.unsubscribe(unsubscribe_token(world, key), None, Origin("1.1.1.1", "", ""))
        return seen

    monkeypatch.setattr(ledger, "position", overtaken)
    outcome = unsubscribing.unsubscribe(unsubscribe_token(world, key), None, Origin("2.2.2.2", "", ""))
    assert outcome == "unchanged"
    assert [e["kind"] for e in world.look()["history"]] == ["requested", "granted", "revoked"]


def test_purposes_are_listed_with_the_hash_of_each_text(world: World) -> None:
    status, body = world.json("GET /purposes")
    (purpose,) = body["purposes"]
    assert (status, purpose["name"]) == (200, "newsletter")
    assert len(purpose["texts"][0]["hash"]) == 64
    assert world.json("PUT /purposes/newsletter", purpose)[0] == 200
    purpose["texts"][0]["text"] = "We may send you anything we like."
    status, refused = world.json("PUT /purposes/newsletter", purpose)
    assert (status, refused["code"]) == (409, "text_immutable")
    assert world.json("PUT /purposes/Bad%20Name", purpose)[0] == 400


def test_an_unknown_address_key_has_no_states(world: World) -> None:
    assert world.json("GET /consents/adr_none")[1]["states"] == []
    assert world.json("GET /consents/adr_none/proof")[0] == 404
