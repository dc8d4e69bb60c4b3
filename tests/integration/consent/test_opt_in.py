"""Double opt-in beyond its road: what an address's past may not show in, limits, keys that change, and forgetting."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import boto3
import pytest

from services.consent.bootstrap import permissions as bootstrap
from services.shared import tokens
from services.shared.aws import secrets
from services.shared.aws.clients import client
from tests.integration.consent.conftest import START, World

ANN = "ann@example.com"


def calls(world: World, address: str) -> tuple[Any, list[tuple[str, list[str]]]]:
    """What a visitor gets who asks at an address, and every call to AWS that it took."""
    made: list[tuple[str, list[str]]] = []

    def note(model: Any, params: Any, **_: Any) -> None:
        body = json.loads(params["body"])
        ops = [op for one in body.get("TransactItems", []) for op in one.values()] or [body]
        made.append((model.name, [op.get("TableName") or str(list(op["RequestItems"])) for op in ops]))

    events = client("dynamodb").meta.events
    events.register("before-call.dynamodb", note)
    try:
        answer = world.ask(address)
    finally:
        events.unregister("before-call.dynamodb", note)
    return (answer["statusCode"], answer["body"], sorted(answer["headers"])), made


@pytest.mark.capability("003-22")
def test_what_happened_to_an_address_shows_neither_in_the_answer_nor_in_the_work(world: World) -> None:
    """The same calls in the same order for whoever asks: so the time can't tell either."""
    seen = {"unknown": calls(world, "new@example.com")}
    world.ask("asked@example.com")
    seen["asked before"] = calls(world, "asked@example.com")
    world.granted("in@example.com")
    seen["granted"] = calls(world, "in@example.com")
    contact = {"channel": "email", "address": "out@example.com"}
    world.granted("out@example.com")
    world.json("POST /consents/revocations", {**contact, "purpose": "newsletter", "reason": "phoned"})
    seen["withdrawn"] = calls(world, "out@example.com")
    world.json("POST /consents/objections", {"addresses": [{**contact, "address": ANN}], "reason": "letter"})
    seen["objected"] = calls(world, ANN)
    assert len(seen["unknown"][1]) >= 6
    for past, what in seen.items():
        assert what == seen["unknown"], past


@pytest.mark.capability("003-22")
def test_all_together_can_ask_for_so_many_a_day_and_no_more(world: World) -> None:
    """A flood from many IP addresses at many victims ends; who asks later gets the same answer, and mail tomorrow."""
    answers = [world.ask(f"a{n}@example.com", ip=f"203.0.113.{n}") for n in range(45)]
    assert len({(a["statusCode"], a["body"]) for a in answers}) == 1
    assert sum(len(fact["requests"]) for fact in world.pump()) == 40
    world.clock.advance(timedelta(days=1))
    world.ask("late@example.com")
    assert world.mail()["address"] == "late@example.com"


def rotate(world: World, key: str) -> None:
    client("secretsmanager").put_secret_value(SecretId=world.token_arn, SecretString=key)


@pytest.mark.capability("003-22")
def test_links_of_before_a_rotation_work_for_one_round(world: World) -> None:
    """F42: the key changes between the mail and the page, then between the page and the button; a function that runs
    on takes both. After the next rotation the link is none any more."""
    world.ask()
    world.ask("bob@example.com", ip="203.0.113.10")
    tokens_mailed = [
        mail["params"]["confirm_url"].partition("token=")[2]
        for fact in world.pump()
        for mail in fact.get("requests", [])
    ]
    before_page, before_button = tokens_mailed
    page = world.call("GET /consents/confirm", query={"token": before_button})
    rotate(world, "second-key")
    secrets._kept.clear()
    assert world.confirm(before_page)["statusCode"] == 200
    secrets._kept.clear()
    pressed = world.form("POST /consents/confirm", {"token": before_button, "nonce": world.nonce_on(page)})
    assert pressed["statusCode"] == 200
    world.ask("cleo@example.com", ip="203.0.113.11")
    newer = world.mailed_token()
    assert newer.partition(".")[0] == tokens.key_id("second-key")
    rotate(world, "third-key")
    secrets._kept.clear()
    assert world.call("GET /consents/confirm", query={"token": before_page})["statusCode"] == 400
    assert world.confirm(newer)["statusCode"] == 200


@pytest.mark.capability("003-22")
def test_a_link_signed_with_a_key_this_process_has_not_read_yet_works(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F42: one function has read the new key, the one behind the page still keeps the old for some minutes."""
    world.ask()
    assert world.confirm(world.mailed_token())["statusCode"] == 200
    rotate(world, "second-key")
    world.ask("bob@example.com")
    kept = dict(secrets._kept)
    secrets._kept.clear()
    token = world.mailed_token()
    secrets._kept.clear()
    secrets._kept.update(kept)
    open_page = {"query": {"token": token}}
    assert world.call("GET /consents/confirm", **open_page)["statusCode"] == 400
    later = time.monotonic() + secrets.RENEW_SECONDS
    monkeypatch.setattr("services.shared.aws.secrets.time.monotonic", lambda: later)
    assert world.confirm(token)["statusCode"] == 200
    reads: list[str] = []
    client("secretsmanager").meta.events.register(
        "before-call.secretsmanager.GetSecretValue", lambda **_: reads.append("read")
    )
    for _ in range(20):
        assert world.call("GET /consents/confirm", query={"token": "0" * 8 + token[8:]})["statusCode"] == 400
    assert len(reads) <= 1


@pytest.mark.capability("003-22")
def test_who_never_confirmed_is_found_nowhere(world: World) -> None:
    """F40: even while the table has not deleted what is over; and once it has, no item of any table names anybody."""
    world.ask("bob@example.com", profile_ref="prf_bob")
    key = world.key("bob@example.com")
    assert bootstrap.inspection().proof(key)["entries"][0]["evidence"]["address"] == "bob@example.com"
    world.clock.advance(timedelta(days=30))
    (entry,) = world.json(f"GET /consents/{key}/proof")[1]["entries"]
    assert entry["evidence"] is None
    assert entry["intact"]
    expired = [item for item in world.items("evidence") if item.get("expires_at")]
    for item in expired:
        if item["expires_at"] <= world.clock.now().timestamp():
            boto3.resource("dynamodb").Table("evidence").delete_item(Key={"pk": item["pk"]})
    left = repr([world.items(table) for table in ("ledger", "evidence", "purposes")])
    for trace in ("bob@example.com", "203.0.113.9", "Firefox", "prf_bob"):
        assert trace not in left
    world.clock._now = START
