"""Sinks from the registry to the receiver: real handlers on moto, a real TLS server on the other side."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from moto import mock_aws

from services.ingest.adapters.dynamo_forwarding import DynamoForwarding
from services.ingest.adapters.dynamo_sinks import DynamoSinks
from services.ingest.adapters.guarded_https import GuardedHttps
from services.ingest.bootstrap import sinks as bootstrap
from services.ingest.domain.circuit import PAUSE_AFTER, Delivered, Failed
from services.ingest.domain.sinks import Delivery
from services.ingest.handlers import on_deliveries, on_profiles_changed, sinks, sweep_sinks
from services.shared.aws.clients import client
from services.shared.aws.dynamo import Table
from services.shared.clock import FixedClock, to_iso
from tests.support.cold_start import begin_anew
from tests.support.receiver import (
    Receiver,
    dripping_headers,
    endless_body,
    receiver,
    silence,
    status,
)

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLOCK = FixedClock(START)
BUS_ARN = "arn:aws:events:us-east-1:123456789012:event-bus/partner"
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 120_000)


def clock() -> FixedClock:
    """What CLOCK_FACTORY names in these tests."""
    return CLOCK


class World:
    """Sinks' functions, their queue, and one receiver."""

    def __init__(self, queue_url: str, hook: Receiver) -> None:
        self.queue_url = queue_url
        self.hook = hook

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        event = {
            "version": "2.0",
            "routeKey": f"{method} {path}",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {},
            "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
            "body": json.dumps(body) if body is not None else "",
            "isBase64Encoded": False,
        }
        answer = sinks.handler(event, None)
        return answer["statusCode"], json.loads(answer["body"])

    def register(self, sink_id: str = "crm", **document: Any) -> dict[str, Any]:
        given = {"kind": "webhook", "url": self.hook.url, **document}
        if given["kind"] == "eventbridge":
            del given["url"]
        code, sink = self.call("PUT", f"/sinks/{sink_id}", given)
        assert code == 201, sink
        bootstrap.forward.cache_clear()  # processes trust the registry for a while
        return dict(sink)

    def health(self, sink_id: str = "crm") -> dict[str, Any]:
        return dict(self.call("GET", f"/sinks/{sink_id}")[1]["health"])

    def happen(self, detail: dict[str, Any], fact: str = "ProfilesChanged.v1", event_id: str = "evt") -> int:
        """A fact reaches the fan-out; how many deliveries wait."""
        body = json.dumps({"id": event_id, "source": "halte.ingest", "detail-type": fact, "detail": detail})
        answer = on_profiles_changed.handler({"Records": [{"messageId": "1", "body": body}]}, None)
        assert answer == {"batchItemFailures": []}
        return self.waiting()

    def waiting(self) -> int:
        counts = client("sqs").get_queue_attributes(
            QueueUrl=self.queue_url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(counts["Attributes"]["ApproximateNumberOfMessages"])

    def take(self) -> list[dict[str, Any]]:
        """Everything that waits, as Lambda gets it."""
        records: list[dict[str, Any]] = []
        while (
            messages := client("sqs")
            .receive_message(
                QueueUrl=self.queue_url, MaxNumberOfMessages=10, AttributeNames=["ApproximateReceiveCount"]
            )
            .get("Messages")
        ):
            records += [
                {
                    "messageId": m["MessageId"],
                    "receiptHandle": m["ReceiptHandle"],
                    "body": m["Body"],
                    "attributes": {"ApproximateReceiveCount": m["Attributes"]["ApproximateReceiveCount"]},
                }
                for m in messages
            ]
        return records

    def deliver(self, records: list[dict[str, Any]] | None = None) -> set[str]:
        """One round of tries; the messages that are to come again (the others are acknowledged)."""
        records = self.take() if records is None else records
        answer = on_deliveries.handler({"Records": records}, CONTEXT)
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        for record in records:
            if record["messageId"] not in failed:
                client("sqs").delete_message(QueueUrl=self.queue_url, ReceiptHandle=record["receiptHandle"])
        return failed

    def try_again(self, records: list[dict[str, Any]], receives: int) -> set[str]:
        for record in records:
            record["attributes"]["ApproximateReceiveCount"] = str(receives)
        return self.deliver(records)

    def kept(self) -> list[dict[str, Any]]:
        """What the table of waiting rows and digests holds."""
        return list(client("dynamodb").scan(TableName="Forwarding")["Items"])

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(one.body) for one in self.hook.received]


def change(profile: str = "prf_1", version: int = 1, name: str = "Page", **traits: Any) -> dict[str, Any]:
    event = {
        "message_id": f"m{version}",
        "type": "track",
        "name": name,
        "at": to_iso(START),
        "properties": {},
    }
    return {
        "profile_id": profile,
        "version": version,
        "at": to_iso(START),
        "events": [event],
        "traits": traits,
        "traits_version": version,
    }


def changes(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"changes": list(rows)}


@pytest.fixture
def hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiver(tmp_path) as made:
        monkeypatch.setenv("SSL_CERT_FILE", str(made.ca_file))
        yield made


@pytest.fixture
def world(hook: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    CLOCK._now = START
    with mock_aws():
        begin_anew()
        queue = client("sqs").create_queue(QueueName="deliveries")["QueueUrl"]
        secret = client("secretsmanager").create_secret(Name="sinks", SecretString="master")["ARN"]
        settings = {
            "STAGE": "test",
            "CLOCK_FACTORY": f"{__name__}:clock",
            "SINKS_TABLE": "Sinks",
            "FORWARDING_TABLE": "Forwarding",
            "DELIVERIES_URL": queue,
            "SINK_SECRET_ARN": secret,
            "SINK_PLACES": hook.place,
            "SINK_BUSES": BUS_ARN,
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        make_tables()
        client("events").create_event_bus(Name="partner")
        yield World(queue, hook)
        begin_anew()


def make_tables() -> None:
    def keys(*names: str) -> list[dict[str, str]]:
        return [{"AttributeName": n, "KeyType": t} for n, t in zip(names, ("HASH", "RANGE"), strict=False)]

    def attributes(*names: str) -> list[dict[str, str]]:
        return [{"AttributeName": name, "AttributeType": "S"} for name in names]

    if "Sinks" not in client("dynamodb").list_tables()["TableNames"]:
        client("dynamodb").create_table(
            TableName="Sinks",
            KeySchema=keys("pk"),
            AttributeDefinitions=attributes("pk"),
            BillingMode="PAY_PER_REQUEST",
        )
    client("dynamodb").create_table(
        TableName="Forwarding",
        KeySchema=keys("pk", "sk"),
        AttributeDefinitions=attributes("pk", "sk", "parked_sink", "parked_order"),
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_sink",
                "KeySchema": keys("parked_sink", "parked_order"),
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


def verify(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """What a receiver does, in its own words."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mine = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return mine in headers["webhook-signature"].split(" ")


# The registry


def test_a_secret_is_shown_once_and_stored_nowhere(world: World) -> None:
    sink = world.register()
    assert sink["secret"].startswith("whsec_")
    assert "secret" not in world.call("GET", "/sinks/crm")[1]
    code, again = world.call("PUT", "/sinks/crm", {"kind": "webhook", "url": world.hook.url, "name": "CRM"})
    assert (code, again["name"], "secret" in again) == (200, "CRM", False)
    assert sink["secret"].removeprefix("whsec_") not in repr(client("dynamodb").scan(TableName="Sinks"))


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/sinks/crm", {"kind": "webhook", "url": "https://10.0.0.1/"}, "unsafe_url"),
        ("/sinks/crm", {"kind": "webhook", "url": "http://hooks.example.com/"}, "unsafe_url"),
        (
            "/sinks/crm",
            {"kind": "eventbridge", "bus_arn": BUS_ARN.replace("partner", "halte")},
            "bus_not_allowed",
        ),
        ("/sinks/crm", {"kind": "eventbridge", "bus_arn": "arn:aws:sqs:us-east-1:123456789012:q"}, "invalid"),
        ("/sinks/crm", {"kind": "pigeon"}, "invalid"),
        ("/sinks/crm", {"kind": "webhook", "url": "https://hooks.example.com/", "x": 1}, "invalid"),
        ("/sinks/CRM", {"kind": "webhook", "url": "https://hooks.example.com/"}, "bad_sink_id"),
    ],
)
def test_a_sink_that_may_not_be_is_refused(world: World, path: str, body: Any, code: str) -> None:
    status_code, answer = world.call("PUT", path, body)
    assert (status_code, answer["code"]) == (400, code)
    assert world.call("GET", "/sinks")[1] == {"sinks": []}


def test_a_sink_keeps_its_kind_and_goes_when_deleted(world: World) -> None:
    world.register()
    bus = {"kind": "eventbridge", "bus_arn": BUS_ARN}
    assert world.call("PUT", "/sinks/crm", bus)[1]["code"] == "kind_immutable"
    assert world.call("DELETE", "/sinks/crm")[0] == 200
    assert world.call("GET", "/sinks/crm")[0] == 404
    assert world.call("DELETE", "/sinks/crm")[0] == 404


def test_a_deleted_sink_that_comes_back_has_another_secret(world: World) -> None:
    first = world.register()["secret"]
    world.call("DELETE", "/sinks/crm")
    assert world.register()["secret"] != first


# Deliveries


def test_a_change_of_a_profile_reaches_a_webhook_signed(world: World) -> None:
    secret = world.register(filter={"changes_of": ["email"]}, fields={"traits": ["email"]})["secret"]
    assert world.happen(changes(change(email="new@example.com", plan="gold"), change("prf_2", plan="x"))) == 1
    assert world.deliver() == set()
    (request,) = world.hook.received
    assert request.path == "/hook?tenant=1"
    assert request.headers["host"] == world.hook.place
    assert verify(secret, request.headers, request.body)
    assert not verify("whsec_AAAA", request.headers, request.body)
    body = json.loads(request.body)
    assert body["type"] == "ProfilesChanged.v1"
    (row,) = body["data"]["changes"]
    assert (row["profile_id"], row["traits"], row["events"]) == ("prf_1", {"email": "new@example.com"}, [])
    assert world.health()["delivered"] == 1


def test_only_a_new_value_of_a_watched_trait_is_told(world: World) -> None:
    world.register(filter={"changes_of": ["email"]})
    assert world.happen(changes(change(version=1, email="a@example.com"))) == 1
    assert world.happen(changes(change(version=2, email="a@example.com", plan="gold"))) == 1
    assert world.happen(changes(change(version=3, email="b@example.com"))) == 2
    assert world.happen(changes(change(version=2, email="late@example.com"))) == 2
    assert "example.com" not in repr(world.kept())


def test_a_rotated_secret_signs_beside_the_old_one_for_its_overlap(world: World) -> None:
    old = world.register()["secret"]
    code, rotated = world.call("POST", "/sinks/crm/secret/rotate", {"overlap_hours": 1})
    assert (code, rotated["previous_valid_until"]) == (200, "2026-03-01T13:00:00.000Z")
    for hours in (0, 2):
        CLOCK.advance(timedelta(hours=hours))
        world.happen(changes(change()), event_id=f"e{hours}")
        world.deliver()
    both, new_only = world.hook.received
    assert verify(old, both.headers, both.body)
    assert verify(rotated["secret"], both.headers, both.body)
    assert not verify(old, new_only.headers, new_only.body)
    assert verify(rotated["secret"], new_only.headers, new_only.body)


def test_an_event_bus_gets_facts_in_their_contract_s_form(world: World) -> None:
    listener = client("sqs").create_queue(QueueName="partner")["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=listener, AttributeNames=["QueueArn"])["Attributes"]
    pattern = json.dumps({"source": ["halte.ingest"]})
    client("events").put_rule(Name="all", EventBusName="partner", EventPattern=pattern)
    targets = [{"Id": "1", "Arn": arn["QueueArn"]}]
    client("events").put_targets(Rule="all", EventBusName="partner", Targets=targets)
    assert "secret" not in world.register("partner", kind="eventbridge", bus_arn=BUS_ARN)
    world.happen(changes(change(name="Order Completed")))
    assert world.deliver() == set()
    (message,) = client("sqs").receive_message(QueueUrl=listener)["Messages"]
    event = json.loads(message["Body"])
    assert event["detail-type"] == "ProfilesChanged.v1"
    assert event["detail"]["changes"][0]["events"][0]["name"] == "Order Completed"


def test_merges_and_erasures_are_told_to_every_sink_whatever_its_filter(world: World) -> None:
    world.register(filter={"events": ["Nothing"]})
    merge = {"loser": "prf_1", "winner": "prf_2", "at": to_iso(START)}
    erasure = {"erasure_id": "ers_1", "profile_ids": ["prf_2"], "at": to_iso(START)}
    world.happen({"merges": [merge]}, "ProfilesMerged.v1")
    world.happen({"erasures": [erasure]}, "ProfilesErased.v1")
    world.deliver()
    assert {body["type"]: body["data"] for body in world.bodies()} == {
        "ProfilesMerged.v1": {"merges": [merge]},
        "ProfilesErased.v1": {"erasures": [erasure]},
    }


def test_without_sinks_nothing_is_queued(world: World) -> None:
    assert world.happen(changes(change())) == 0


# Repetition


def test_a_repeated_delivery_has_the_same_id_and_bytes(world: World) -> None:
    """F5, F11: the fan-out runs twice, and an answer is lost after the receiver took it."""
    world.register()
    world.happen(changes(change()))
    world.happen(changes(change()))
    assert world.deliver() == set()
    first, second = world.hook.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_what_failed_comes_again_later_and_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.register()
    world.hook.replies = [status(500), status(503)]
    asked: list[int] = []
    sqs = client("sqs")
    monkeypatch.setattr(
        sqs, "change_message_visibility", lambda **request: asked.append(request["VisibilityTimeout"])
    )
    world.happen(changes(change()))
    records = world.take()
    for receives in (1, 2):
        assert world.try_again(records, receives) == {records[0]["messageId"]}
    assert world.try_again(records, 3) == set()
    assert asked == [30, 300]
    assert len({one.headers["webhook-id"] for one in world.hook.received}) == 1
    health = world.health()
    assert (health["delivered"], health["failed"], health["last_error"]) == (1, 2, "http_503")


def test_one_silent_sink_does_not_keep_another_waiting(world: World) -> None:
    """F46: a receiver that never answers; its neighbour in the same batch is served meanwhile."""
    world.register("dead", url=world.hook.url)
    world.register("alive", url=world.hook.url.replace("tenant=1", "tenant=2"))
    served = threading.Event()

    def by_path(handler: Any) -> None:
        if handler.path.endswith("tenant=2"):
            served.set()
            status(204)(handler)
        else:
            served.wait(5)
            silence(world.hook.closing)(handler)

    world.hook.usual = by_path
    bootstrap.deliver.cache_clear()
    quick_to_give_up(bootstrap.deliver())
    world.happen(changes(change()))
    assert len(world.deliver()) == 1
    assert served.is_set()
    assert world.health("alive")["delivered"] == 1
    assert world.health("dead")["last_error"] == "timeout"


def quick_to_give_up(made: Any) -> None:
    made._senders["webhook"]._https._total_seconds = 0.6


def test_unreadable_messages_go_the_way_of_dead_letters_alone(world: World) -> None:
    world.register()
    world.happen(changes(change()))
    client("sqs").send_message(QueueUrl=world.queue_url, MessageBody="poison")
    records = world.take()
    poison = {record["messageId"] for record in records if record["body"] == "poison"}
    assert world.deliver(records) == poison
    assert len(world.hook.received) == 1


# The circuit


def break_down(world: World) -> None:
    """So many failures that the sink is paused."""
    world.hook.usual = status(500)
    world.happen(changes(change(email="a@example.com")))
    records = world.take()
    for receives in range(1, PAUSE_AFTER):
        assert world.try_again(records, receives)
    assert world.try_again(records, PAUSE_AFTER) == set()


def test_an_outage_pauses_the_sink_and_loses_nothing(world: World) -> None:
    world.register()
    break_down(world)
    health = world.health()
    assert (health["state"], health["failed"], health["last_error"]) == ("paused", PAUSE_AFTER, "http_500")

    world.happen(changes(change(version=2)), event_id="meanwhile")
    assert world.deliver() == set()
    assert len(world.hook.received) == PAUSE_AFTER  # parked without an attempt

    CLOCK.advance(timedelta(days=20))  # longer than a queue keeps anything
    sweep_sinks.handler({}, CONTEXT)
    assert world.health()["state"] == "paused"
    assert len(world.hook.received) == PAUSE_AFTER + 1  # one probe, no more

    world.hook.usual = status(204)
    CLOCK.advance(timedelta(hours=6))
    assert sweep_sinks.handler({}, CONTEXT) == {"probed": 1, "released": 1}
    assert world.deliver() == set()
    told = {row["version"] for body in world.bodies()[-2:] for row in body["data"]["changes"]}
    assert told == {1, 2}
    ids = [one.headers["webhook-id"] for one in world.hook.received]
    assert len(set(ids)) == 2
    assert world.health()["state"] == "active"
    assert world.kept() == []


def test_a_pause_is_not_cut_short_by_the_sweep(world: World) -> None:
    world.register()
    break_down(world)
    world.hook.usual = status(204)
    assert sweep_sinks.handler({}, CONTEXT) == {}
    assert len(world.hook.received) == PAUSE_AFTER


def test_one_delivery_that_is_never_taken_does_not_hold_up_the_probe(world: World) -> None:
    world.register()
    break_down(world)
    world.happen(changes(change(version=2)), event_id="later")
    world.deliver()

    def only_version_2(handler: Any) -> None:
        ok = b'"version":2' in world.hook.received[-1].body
        status(204 if ok else 400)(handler)

    world.hook.usual = only_version_2
    for _ in range(3):
        CLOCK.advance(timedelta(hours=6))
        sweep_sinks.handler({}, CONTEXT)
    assert world.health()["state"] == "active"


def test_410_disables_the_sink_until_a_marketer_puts_it_again(world: World) -> None:
    world.register()
    world.hook.replies = [status(410)]
    world.happen(changes(change()))
    assert world.deliver() == set()
    assert world.health()["state"] == "disabled"
    bootstrap.forward.cache_clear()
    assert world.happen(changes(change(version=2))) == 0
    world.call("PUT", "/sinks/crm", {"kind": "webhook", "url": world.hook.url})
    bootstrap.forward.cache_clear()
    assert world.happen(changes(change(version=3)), event_id="e3") == 1


def test_what_waits_for_a_deleted_sink_is_dropped(world: World) -> None:
    world.register()
    break_down(world)
    world.call("DELETE", "/sinks/crm")
    assert sweep_sinks.handler({}, CONTEXT) == {"dropped": 1}
    assert world.kept() == []
    assert client("dynamodb").scan(TableName="Sinks")["Items"] == []


# Erasure


def test_an_erased_person_waits_nowhere_and_is_told_to_nobody(world: World) -> None:
    """F25: what is parked, remembered or still under way about them ends with the erasure."""
    world.register(filter={"changes_of": ["email"], "events": ["Page"]})
    break_down(world)
    world.happen(changes(change("prf_2", email="bob@example.com")), event_id="bob")
    world.happen(changes(change(version=7, email="c@example.com")), event_id="late")
    erasure = {"erasure_id": "ers_1", "profile_ids": ["prf_1"], "at": to_iso(START)}
    world.happen({"erasures": [erasure]}, "ProfilesErased.v1", event_id="erase")
    left = [item for item in world.kept() if item["pk"]["S"] == "profile#prf_1"]
    assert [item["sk"]["S"] for item in left] == ["erased"]

    world.deliver()  # parks what is left, but not of prf_1
    world.happen(changes(change(version=9, email="d@example.com")), event_id="later still")
    world.hook.usual = status(204)
    CLOCK.advance(timedelta(hours=7))
    seen = len(world.hook.received)
    sweep_sinks.handler({}, CONTEXT)
    world.deliver()
    after = [one.body.decode() for one in world.hook.received[seen:]]
    assert not [body for body in after if "prf_1" in body and "ProfilesErased" not in body]
    assert [body for body in after if "bob@example.com" in body]


# The guard and its clock, against a real server


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (status(200), Delivered()),
        (status(204), Delivered()),
        (endless_body, Delivered()),
        (status(302, Location="https://localhost/"), Failed("redirect")),
        (status(307, Location="http://169.254.169.254/"), Failed("redirect")),
        (status(404), Failed("http_404")),
        (status(429), Failed("http_429")),
        (lambda handler: handler.wfile.write(b"SSH-2.0-server\r\n"), Failed("bad_answer")),
        (lambda handler: None, Failed("connection_failed")),
    ],
)
def test_answers_are_understood(hook: Receiver, reply: Any, outcome: Any) -> None:
    """F46 among them: a body without an end is not read to it."""
    hook.usual = reply
    assert GuardedHttps(allowed={hook.place}).post(hook.url, b"{}", {}) == outcome
    assert hook.connections == 1


@pytest.mark.parametrize("reply", [dripping_headers, silence])
def test_nobody_keeps_us_waiting(hook: Receiver, reply: Any) -> None:
    """F46: a receiver that drips gives every single read a byte in time."""
    hook.usual = reply(hook.closing)
    began = datetime.now(UTC)
    answer = GuardedHttps(allowed={hook.place}, total_seconds=0.5).post(hook.url, b"{}", {})
    assert answer == Failed("timeout")
    assert datetime.now(UTC) - began < timedelta(seconds=2)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["8.8.8.8", "10.0.0.1"],
        [],
    ],
)
def test_a_public_name_that_leads_inside_is_blocked(hook: Receiver, addresses: list[str]) -> None:
    guarded = GuardedHttps(resolve=lambda host, port: addresses)
    assert guarded.post("https://hooks.example.com/", b"{}", {}) == Failed("blocked_address")
    assert hook.connections == 0


def test_the_checked_address_is_the_one_connected_to(hook: Receiver) -> None:
    """DNS rebinding: the name is resolved once, and that answer is used."""
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["8.8.8.8"]

    place = f"hooks.example.com:{hook.port}"
    guarded = GuardedHttps(allowed={place}, resolve=rebinding)
    assert guarded.post(f"https://{place}/x", b"{}", {}) == Delivered()
    assert asked == ["hooks.example.com"]
    assert hook.received[0].headers["host"] == place


def test_a_certificate_of_another_name_or_authority_is_refused(
    hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"other.example.com:{hook.port}"
    guarded = GuardedHttps(allowed={place}, resolve=lambda host, port: ["127.0.0.1"])
    assert guarded.post(f"https://{place}/", b"{}", {}) == Failed("tls_failed")
    monkeypatch.delenv("SSL_CERT_FILE")
    assert GuardedHttps(allowed={hook.place}).post(hook.url, b"{}", {}) == Failed("tls_failed")
    assert hook.received == []


def test_unresolvable_and_unreachable_are_told_apart(hook: Receiver) -> None:
    def nobody(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    assert GuardedHttps(resolve=nobody).post("https://hooks.example.com/", b"", {}) == Failed(
        "unresolvable_host"
    )
    closed = "localhost:1"
    assert GuardedHttps(allowed={closed}).post(f"https://{closed}/", b"", {}) == Failed("connection_failed")


def test_the_largest_body_arrives_whole(hook: Receiver) -> None:
    row = {"profile_id": "p", "text": "x" * 179_000}
    body = Delivery("crm", "dlv_1", "ProfilesChanged.v1", "t", (row,)).body()
    assert GuardedHttps(allowed={hook.place}).post(hook.url, body, {}) == Delivered()
    assert hook.received[0].body == body


def test_a_journey_s_call_reaches_the_sink_it_names_and_no_other(world: World) -> None:
    world.register("crm")
    world.register("warehouse")
    call = {
        "call_id": "snk_1",
        "profile_id": "prf_1",
        "sink": "warehouse",
        "at": to_iso(START),
        "journey": "cart",
        "version": 1,
        "node": "outside",
        "enrolment_id": "enr_1",
        "walk": {"cart_id": "c-17"},
    }
    calls = {"calls": [call, {**call, "call_id": "snk_2", "sink": "nobody"}]}

    assert world.happen(calls, "SinkCallRequested.v1") == 1
    assert world.deliver() == set()
    (body,) = world.bodies()
    assert (body["type"], body["data"]) == ("SinkCallRequested.v1", {"calls": [call]})

    gone = {"erasure_id": "ers_1", "profile_ids": ["prf_1"], "at": to_iso(START)}
    world.happen({"erasures": [gone]}, "ProfilesErased.v1", "evt_2")
    world.take()
    assert world.happen(calls, "SinkCallRequested.v1", "evt_3") == 0


def test_a_part_of_a_parked_delivery_goes_by_an_id_of_its_own(world: World) -> None:
    """F5, F41: of two rows one is to be seen, after a crash or in an index that is behind. A receiver that drops copies
    must not drop the whole delivery for it; and what was not seen is not removed with what was."""
    table = Table("Forwarding")
    forwarding = DynamoForwarding(table)
    rows = (change("prf_1"), change("prf_2"))
    whole = Delivery("crm", "dlv_1", "ProfilesChanged.v1", to_iso(START), rows)
    forwarding.park(whole, START)
    assert list(forwarding.parked("crm", START)) == [whole]
    (second,) = (one for one in table.scan() if one["pk"] == "profile#prf_2")
    table.delete({"pk": second["pk"], "sk": second["sk"]})

    (part,) = forwarding.parked("crm", START)
    assert part.rows == rows[:1]
    assert part.delivery_id != whole.delivery_id
    assert [one.delivery_id for one in forwarding.parked("crm", START)] == [part.delivery_id]
    table.put(second)
    forwarding.unpark(part)
    (rest,) = forwarding.parked("crm", START)
    assert rest.rows == rows[1:]
    assert rest.delivery_id not in (whole.delivery_id, part.delivery_id)


def test_what_scoring_asks_for_is_kept_beside_the_registry(world: World) -> None:
    world.register(filter={"events": ["SMS Delivered"]})
    assert world.happen({"asked": [{"names": ["Email Delivered"], "order": 4}]}, "ArrivalsAskedFor.v1") == 0
    assert DynamoSinks(Table("Sinks")).asked().names == {"Email Delivered", "SMS Delivered"}
    assert world.health()["state"] == "active"
