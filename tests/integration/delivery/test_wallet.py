"""Wallet passes: a balance that changes reaches the issuer, signed, once and in order."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from services.delivery.adapters.dynamo_channels import TERMS
from services.delivery.bootstrap import outward
from services.delivery.bootstrap.content import serving_templates
from services.delivery.handlers import on_pass_updates, on_work, on_work_stream
from services.shared.aws.dynamo import Table
from services.shared.contracts.delivery import PassUpdateRequested
from services.shared.contracts.loyalty import LoyaltyBalance, LoyaltyBalanceChanged
from services.shared.net.guarded_https import NoReply, Reply
from services.shared.net.signing import signed_headers
from tests.integration.delivery.steps import ask, given_contact, request
from tests.integration.delivery.test_letters import call
from tests.integration.delivery.test_reports import publish, report
from tests.integration.delivery.world import CLOCK, NOW, Context, World, sqs

ISSUER = "https://passes.example.com/updates"


class Https:
    """The internet: keeps requests, and answers as scripted."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, bytes, dict[str, str]]] = []
        self.answers: list[Reply | NoReply] = []

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> Reply | NoReply:
        self.requests.append((url, body, headers))
        return self.answers.pop(0) if self.answers else Reply(200)


@pytest.fixture
def https(world: World, monkeypatch: pytest.MonkeyPatch) -> Https:
    fake = Https()
    monkeypatch.setattr(outward, "GuardedHttps", lambda allowed: fake)
    assert call("PUT", "/channels", {"wallet": ISSUER, "webhook": "https://hooks.example.com/in"})[0] == 200
    given_contact(firstName="Ann", walletPassId="pass-1")
    return fake


def balance(
    amount: int, seconds: int = 0, profile: str = "prf_1", tier: str = "gold"
) -> LoyaltyBalanceChanged:
    at = NOW + timedelta(seconds=seconds)
    return LoyaltyBalanceChanged(
        changes=[LoyaltyBalance(profile_id=profile, balance=amount, tier=tier, at=at)]
    )


def updates(world: World) -> list[PassUpdateRequested]:
    """What the outbox publishes of what is new."""
    begin = len(world.published)
    on_work_stream.handler(world.stream("work"), Context())
    return [PassUpdateRequested.model_validate_json(e["Detail"]) for e in world.published[begin:]]


@pytest.mark.capability("000-29")
def test_a_changed_balance_updates_the_pass(world: World, https: Https) -> None:
    secret = call("POST", "/channels/wallet/secret/rotate")[1]["secret"]
    on_work.handler(sqs(balance(120), balance(80, profile="prf_nobody")), Context())
    (fact,) = updates(world)

    assert on_pass_updates.handler(sqs(fact), Context()) == {"batchItemFailures": []}

    ((url, body, headers),) = https.requests
    assert url == ISSUER
    assert json.loads(body) == {
        "type": "balance",
        "profile_id": "prf_1",
        "at": "2026-03-01T12:00:00.000Z",
        "pass_id": "pass-1",
        "balance": 120,
        "tier": "gold",
    }
    stamp = int(NOW.timestamp())
    signed = signed_headers([secret], fact.updates[0].update_id, stamp, body)["webhook-signature"]
    assert signed in headers["webhook-signature"].split(" ")


@pytest.mark.parametrize("order", list(permutations([(100, 0), (120, 1), (90, 2)])))
def test_the_newest_balance_wins_in_any_order_and_however_often(
    world: World, https: Https, order: tuple[tuple[int, int], ...]
) -> None:
    """F1, F2: what is overtaken is told to nobody."""
    facts = [balance(amount, seconds) for amount, seconds in order for _ in range(2)]
    on_work.handler(sqs(*facts), Context())
    told = updates(world)

    for _ in range(2):
        on_pass_updates.handler(sqs(*told), Context())

    balances = [json.loads(body)["balance"] for _, body, _ in https.requests]
    assert set(balances) == {90}
    assert len({headers["webhook-id"] for _, _, headers in https.requests}) == 1


@pytest.mark.parametrize("answer", [Reply(503), Reply(401), NoReply("timeout"), NoReply("blocked_address")])
def test_an_issuer_that_does_not_say_yes_is_told_again(
    world: World, https: Https, answer: Reply | NoReply
) -> None:
    """F22: the queue brings the update again, under the same id."""
    on_work.handler(sqs(balance(120)), Context())
    (fact,) = updates(world)
    https.answers = [answer]

    assert len(on_pass_updates.handler(sqs(fact), Context())["batchItemFailures"]) == 1
    assert on_pass_updates.handler(sqs(fact), Context()) == {"batchItemFailures": []}

    assert len({headers["webhook-id"] for _, _, headers in https.requests}) == 1


def test_a_pass_is_issued_for_who_has_none(world: World, https: Https) -> None:
    given_contact("prf_2", firstName="Bob")
    on_work.handler(sqs(balance(50, profile="prf_2")), Context())
    assert updates(world) == []
    CLOCK.advance(timedelta(seconds=5))

    assert call("POST", "/wallet-passes", {"profile_id": "prf_2"}) == (
        202,
        {"profile_id": "prf_2", "requested": True},
    )
    assert call("POST", "/wallet-passes", {"profile_id": "prf_9"})[0] == 404
    assert call("POST", "/wallet-passes", {})[0] == 400

    (fact,) = updates(world)
    assert (fact.updates[0].kind, fact.updates[0].balance, fact.updates[0].pass_id) == ("issue", 50, "")


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (Reply(204), "sent", ""),
        (Reply(400), "failed", "http_400"),
        (Reply(302), "failed", "http_302"),
        (Reply(429), "retry", "http_429"),
        (Reply(500), "unknown", "http_500"),
        (NoReply("timeout"), "unknown", "timeout"),
        (NoReply("blocked_address"), "retry", "unreachable"),
    ],
)
def test_a_message_by_webhook_is_attempted_once(
    world: World, https: Https, answer: Reply | NoReply, status: str, reason: str
) -> None:
    """F9, F46: what may have arrived is not sent again; what certainly did not is."""
    serving_templates().put(
        "ready", {"class": "service", "channels": {"webhook": {"text": "Ready, {{ first_name }}"}}}
    )
    https.answers = [answer]

    ask(request("snd_1", template="ready", channels=["webhook"]))

    message = world.item("snd_1")
    assert (message["status"], message.get("reason", "")) == (status, reason)
    ask(request("snd_1", template="ready", channels=["webhook"]))
    assert len(https.requests) == (2 if status == "retry" else 1)
    said = json.loads(https.requests[0][1])
    assert (said["send_id"], said["profile_id"], said["text"]) == ("snd_1", "prf_1", "Ready, Ann")


def test_a_line_on_the_pass_is_a_message(world: World, https: Https) -> None:
    serving_templates().put(
        "ready", {"class": "service", "channels": {"wallet": {"text": "Ready, {{ first_name }}"}}}
    )

    ask(request("snd_1", template="ready", channels=["wallet"]))

    assert world.item("snd_1")["status"] == "sent"
    said: dict[str, Any] = json.loads(https.requests[0][1])
    assert (said["pass_id"], said["text"]) == ("pass-1", "Ready, Ann")


def put_prices(channels: dict[str, float]) -> tuple[int, Any]:
    return call("PUT", "/channels/prices", {"since": "2026-01-01", "currency": "EUR", "channels": channels})


def test_terms_of_channels_are_checked_and_kept(world: World, https: Https) -> None:
    terms = {"home_country": "BE", "webhook": "", "wallet": ""}

    assert call("PUT", "/channels", {"home_country": "BE"})[1] == terms
    assert call("GET", "/channels")[1] == terms
    older = {"currency": "EUR", "prices": {"sms": 0.07}, "home_country": "DE"}
    Table(os.environ["TEMPLATES_TABLE"]).put({**TERMS, "document": json.dumps(older)})
    assert call("GET", "/channels")[1] == {**terms, "home_country": "DE"}
    assert call("PUT", "/channels", {"home_country": "Belgium"})[0] == 400
    assert [put_prices({name: price})[0] for name, price in (("pigeon", 1), ("sms", -1))] == [400, 400]
    assert call("PUT", "/channels", {"webhook": "http://hooks.example.com"})[1]["code"] == "unsafe_url"
    assert call("PUT", "/channels", {"webhook": "https://10.0.0.1/"})[1]["code"] == "unsafe_url"
    assert call("POST", "/channels/email/secret/rotate")[0] == 404
    first = call("POST", "/channels/webhook/secret/rotate")[1]["secret"]
    assert call("POST", "/channels/webhook/secret/rotate")[1]["secret"] != first


@pytest.mark.capability("001-20")
def test_the_cheaper_channel_goes_first_where_a_message_is_worth_less(world: World, https: Https) -> None:
    """A message that is worth 10 cents does not go by letter or a text message of two parts, but by push."""
    put_prices({"print": 0.85, "sms": 0.07, "push": 0.01})
    template = {
        "class": "service",
        "value": 0.10,
        "channels": {
            "print": {"pack": "card", "text": "Thanks"},
            "sms": {"text": "Thanks " + "very " * 40},
            "push": {"subject": "Thanks", "text": "Thanks"},
        },
    }
    home = {"street": "Kerkstraat 1", "postalCode": "1234 AB", "city": "Utrecht"}
    given_contact(version=2, phone="+12025550123", pushToken="gcm:abcdefgh", address=home)
    order = ["print", "sms", "push"]
    world.fake_senders()
    for value in (0.10, 5):
        serving_templates().put(f"thanks-{int(value)}", {**template, "value": value})
        ask(request(f"snd_{int(value)}", template=f"thanks-{int(value)}", channels=order))

    cheap, dear = world.item("snd_0"), world.item("snd_5")
    assert (cheap["channel"], cheap["units"], cheap["cost"]) == ("push", 1, "0.01")
    assert [(g["channel"], g["verdict"]) for g in cheap["gates"] if g["gate"] == "cost"] == [
        ("sms", "later"),
        ("print", "later"),
    ]
    assert (dear["channel"], dear["cost"]) == ("print", "0.85")


def test_the_parts_of_a_text_message_are_its_cost(world: World, https: Https) -> None:
    """In the decision record and in reports alike: there is one price."""
    put_prices({"sms": 0.07})
    given_contact(version=2, phone="+12025550123")
    serving_templates().put("long", {"class": "service", "channels": {"sms": {"text": "é" * 161}}})
    world.fake_senders()

    ask(request("snd_1", template="long", channels=["sms"]))

    message = world.item("snd_1")
    assert (message["units"], message["cost"]) == (2, "0.14")
    publish(world)
    assert report("channels")["totals"]["cost"] == 0.14
