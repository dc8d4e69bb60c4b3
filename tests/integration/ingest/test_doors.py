"""Sources and doors on AWS as moto plays it: registration, rotation, rates, recordings of real clients."""

from __future__ import annotations

import base64
import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from services.ingest.adapters.dynamo_profiles import DynamoProfiles
from services.ingest.adapters.dynamo_sources import DynamoMeter, DynamoSources
from services.ingest.bootstrap import doors as bootstrap
from services.ingest.ports import StaleSource
from services.shared.aws.clients import client
from services.shared.aws.dynamo import Table
from tests.integration.ingest.conftest import SECRET_KEY, World

DATA = Path(__file__).parents[3].parent / "shared" / "data"
MINUTE = 29_000_000


def basic(key: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


def track(message_id: str, **fields: Any) -> dict[str, Any]:
    base = {"type": "track", "event": "Order Completed", "userId": "u-1", "messageId": message_id}
    return {**base, "timestamp": "2026-01-02T03:04:05.678Z", "properties": {"revenue": 12.5}, **fields}


def bus_body(detail: Any, source: str, detail_type: str = "Changed", envelope_id: str = "e-1") -> str:
    head = {"version": "0", "id": envelope_id, "source": source, "detail-type": detail_type}
    return json.dumps({**head, "detail": detail})


def queued(world: World) -> list[dict[str, Any]]:
    return [event for record in world.take() for event in json.loads(record["body"])["events"]]


def test_a_source_s_life(world: World) -> None:
    status, made = world.sources(
        "PUT", "/sources/web-shop", {"name": "Web shop", "kind": "browser", "rate": 600}
    )
    assert (status, made["id"], made["rate"]) == (201, "web-shop", 600)
    assert world.post("/v1/track", track("a"), basic(made["write_key"])) == (200, {"success": True})
    status, shown = world.sources("PUT", "/sources/web-shop", {"name": "Shop", "kind": "browser"})
    assert (status, shown["name"]) == (200, "Shop")
    assert "rate" not in shown
    assert not {"write_key", "secret_key"} & set(shown)
    assert world.sources("GET", "/sources/web-shop") == (200, shown)
    status, told = world.sources("POST", "/sources/web-shop/keys/rotate", {"overlap_hours": 1})
    assert status == 200
    for key in (made["write_key"], told["write_key"], told["secret_key"]):
        assert world.post("/v1/track", track("b"), basic(key))[0] == 200
    ids = [source["id"] for source in world.sources("GET", "/sources")[1]["sources"]]
    assert ids == ["recorded", "web-shop"]
    assert world.sources("DELETE", "/sources/web-shop")[0] == 200
    assert world.sources("GET", "/sources/web-shop")[0] == 404
    bootstrap.front_door.cache_clear()
    for key in (made["write_key"], told["write_key"]):
        assert world.post("/v1/track", track("c"), basic(key))[1]["code"] == "bad_write_key"
    left = client("dynamodb").scan(TableName="Sources")["Items"]
    assert {item["pk"]["S"].partition("#")[2] for item in left if item["pk"]["S"].startswith("source#")} == {
        "recorded"
    }
    assert len(left) == 3


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("PUT", "/sources/Bad", {"name": "x"}, 400, "bad_source_id"),
        ("PUT", "/sources/ok", {"kind": "x"}, 400, "invalid"),
        ("PUT", "/sources/ok", {"mapping": "x"}, 400, "unknown_mapping"),
        ("PUT", "/sources/ok", [], 400, "invalid_json"),
        ("GET", "/sources/none", None, 404, "unknown_source"),
        ("DELETE", "/sources/none", None, 404, "unknown_source"),
        ("POST", "/sources/none/keys/rotate", {}, 404, "unknown_source"),
        ("POST", "/sources/recorded/keys/rotate", {"overlap_hours": "x"}, 400, "bad_overlap"),
        ("POST", "/sources/recorded/mapping/dry-run", {"rows": []}, 400, "no_mapping"),
        ("POST", "/sources/recorded/mapping/dry-run", {"rows": 1, "mapping": "erp-order"}, 400, "bad_rows"),
    ],
)
def test_the_registry_s_refusals(
    world: World, method: str, path: str, body: Any, status: int, code: str
) -> None:
    answer = world.sources(method, path, body)
    assert (answer[0], answer[1]["code"]) == (status, code)


def test_no_key_is_stored(world: World) -> None:
    made = world.sources("PUT", "/sources/s", {})[1]
    stored = json.dumps(client("dynamodb").scan(TableName="Sources")["Items"])
    assert made["write_key"] not in stored
    assert made["secret_key"] not in stored


def test_one_bus_source_speaks_for_one_source(world: World) -> None:
    assert world.sources("PUT", "/sources/a", {"bus_sources": ["acme.crm", "acme.erp"]})[0] == 201
    assert world.sources("PUT", "/sources/b", {"bus_sources": ["acme.crm"]})[1]["code"] == "source_conflict"
    assert world.sources("GET", "/sources/b")[0] == 404
    assert world.sources("PUT", "/sources/a", {"bus_sources": ["acme.erp"]})[0] == 200
    assert world.sources("PUT", "/sources/b", {"bus_sources": ["acme.crm"]})[0] == 201
    registry = DynamoSources(Table("Sources"))
    found = [registry.of_bus(name) for name in ("acme.crm", "acme.erp", "acme.other")]
    assert [source.source_id if source else None for source in found] == ["b", "a", None]


def test_two_who_change_a_source_at_once_do_not_overwrite_each_other(world: World) -> None:
    registry = DynamoSources(Table("Sources"))
    world.sources("PUT", "/sources/a", {})
    read = registry.get("a")
    assert read
    world.sources("POST", "/sources/a/keys/rotate", {})
    with pytest.raises(StaleSource):
        registry.save(read, read)
    with pytest.raises(StaleSource):
        registry.remove(read)
    assert len(world.sources("GET", "/sources/a")[1]["keys"]) == 4


def test_what_a_source_sends_in_a_minute_is_counted_across_processes(world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        takes = [pool.submit(DynamoMeter(Table("SourceRates")).take, "s", 3, 100, MINUTE) for _ in range(40)]
        assert sum(take.result() for take in takes) == 33
    meter = DynamoMeter(Table("SourceRates"))
    assert meter.take("s", 1, 100, MINUTE)
    assert not meter.take("s", 1, 100, MINUTE)
    assert not meter.take("s", 1, 100, MINUTE - 1)
    assert meter.take("other", 1, 100, MINUTE)
    assert meter.take("s", 500, 100, MINUTE + 1)
    assert not meter.take("s", 1, 100, MINUTE + 1)


def test_over_the_rate_is_a_429_with_retry_after(world: World) -> None:
    made = world.sources("PUT", "/sources/s", {"rate": 1})[1]
    assert world.post("/v1/track", track("a"), basic(made["write_key"]))[0] == 200
    from services.ingest.handlers import api
    from tests.integration.ingest.conftest import request

    def send(user: str) -> dict[str, Any]:
        body = json.dumps(track(user)).encode()
        return api.handler(request("POST", "/v1/track", body, basic(made["write_key"])), None)

    answer = send("b")
    if answer["statusCode"] == 200:  # a minute began in between: this was its one event
        answer = send("c")
    assert answer["statusCode"] == 429
    assert json.loads(answer["body"])["code"] == "rate_exceeded"
    assert 1 <= int(answer["headers"]["Retry-After"]) <= 60


def test_quarantined_events_are_in_the_lake_with_their_reason(world: World) -> None:
    schema = {"events": ["Order Completed"], "on_violation": "quarantine"}
    made = world.sources("PUT", "/sources/s", {"schema": schema})[1]
    batch = {"batch": [track("a"), track("b", event="Other")]}
    assert world.post("/v1/batch", batch, basic(made["write_key"])) == (200, {"success": True})
    assert world.consume() == set()
    lines = {line["disposition"]: line for line in world.lake()}
    assert set(lines) == {"applied", "rejected"}
    assert lines["rejected"]["reason"] == "not_in_schema"
    assert json.loads(lines["rejected"]["refused"])["messageId"] == "b"
    assert world.profiles()[0]["counts"] == {"track": 1}


@pytest.mark.capability("000-1")
def test_events_of_three_systems_land_on_one_profile_with_their_sources(world: World) -> None:
    """A CRM's and an ERP's own bus events, by declared mappings, and the shop's server."""
    shop = world.sources("PUT", "/sources/shop", {"kind": "server"})[1]
    world.sources(
        "PUT",
        "/sources/crm",
        {"kind": "crm", "mapping": "crm-contact", "bus_sources": ["acme.crm"], "region": "BE"},
    )
    world.sources("PUT", "/sources/erp", {"kind": "erp", "mapping": "erp-order", "bus_sources": ["acme.erp"]})
    contact = {
        "id": 7,
        "customer_number": "c-1",
        "email": "ann@example.com",
        "phone": "0475 12 34 56",
        "modified_at": "2026-01-01T10:00:00Z",
    }
    order = {
        "order_number": 12,
        "status": "placed",
        "customer_number": "c-1",
        "ordered_at": "2026-01-01T10:00:00Z",
        "net_amount": 12.5,
        "currency": "EUR",
    }
    world.enqueue(bus_body(contact, "acme.crm"))
    world.enqueue(bus_body(order, "acme.erp", envelope_id="e-2"))
    world.post("/v1/page", {"userId": "c-1", "name": "Home"}, basic(shop["write_key"]))
    assert world.consume() == set()
    (person,) = world.profiles()
    assert person["counts"] == {"identify": 1, "page": 1, "track": 1}
    assert {f"{i['kind']}#{i['value']}" for i in person["identifiers"]} == {
        "userId#c-1",
        "externalId:crm#7",
        "email#ann@example.com",
        "phone#+32475123456",
    }
    lines = {line["source"]: line for line in world.lake()}
    assert {name: line["kind"] for name, line in lines.items()} == {
        "shop": "server",
        "crm": "crm",
        "erp": "erp",
    }
    assert lines["erp"]["event"]["event"] == "Order Completed"
    assert {line["disposition"] for line in lines.values()} == {"applied"}
    profiles = DynamoProfiles(Table("Profiles"), Table("ProfileParts")).load([person["profile_id"]])
    traits = profiles[person["profile_id"]].known_traits()
    assert (traits["email"].source, traits["email"].kind) == ("crm", "declared")


@pytest.mark.capability("001-1")
def test_good_rows_land_and_a_bad_one_is_reported_before_and_after(world: World) -> None:
    """The dry run needs no more than the mapping and the rows; the same rows on the bus then fare as it said."""
    rows = [
        {"id": 1, "customer_number": "c-1", "email": "ann@example.com"},
        {"id": 2, "customer_number": "c-2", "modified_at": "the day before yesterday"},
        {"id": 3, "customer_number": "c-3", "email": "bob@example.com"},
    ]
    world.sources("PUT", "/sources/crm", {"mapping": "crm-contact", "bus_sources": ["acme.crm"]})
    report = world.sources("POST", "/sources/crm/mapping/dry-run", {"rows": rows})[1]
    assert (report["good"], report["bad"]) == (2, 1)
    error = report["results"][1]["error"]
    assert (error["code"], error["rule"], error["field"]) == ("bad_value", "contact", "timestamp")
    assert world.profiles() == []
    for i, row in enumerate(rows):
        world.enqueue(bus_body(row, "acme.crm", envelope_id=f"e-{i}"))
    assert world.consume() == set()
    assert {profile["traits"]["email"] for profile in world.profiles()} == {
        "ann@example.com",
        "bob@example.com",
    }
    (refused,) = (line for line in world.lake() if line["disposition"] == "rejected")
    assert (refused["receipt"], refused["reason"]) == ("e-1", "bad_value")


@pytest.mark.capability("002-5")
def test_a_device_s_event_updates_its_owner(world: World) -> None:
    device = {"context": {"device": {"id": "boiler-7"}}}
    world.post("/v1/identify", {"userId": "u-1", "messageId": "a", **device})
    world.consume()
    world.sources(
        "PUT", "/sources/iot", {"kind": "device", "mapping": "device-reading", "bus_sources": ["acme.iot"]}
    )
    world.enqueue(bus_body({"device_id": "boiler-7", "reading": "Filter Worn", "value": 93}, "acme.iot"))
    assert world.consume() == set()
    (owner,) = world.profiles()
    assert owner["counts"] == {"identify": 1, "track": 1}
    assert {i["kind"] for i in owner["identifiers"]} == {"userId", "deviceId"}


def test_a_server_may_change_an_address_and_a_web_page_may_not(world: World) -> None:
    def say(email: str, key: str, message_id: str) -> None:
        body = {"userId": "u-1", "messageId": message_id, "traits": {"email": email}}
        assert world.post("/v1/identify", body, basic(key))[0] == 200
        world.consume()

    say("first@example.com", "WRITEKEY", "a")
    say("evil@example.com", "WRITEKEY", "b")
    assert world.admin("GET", "/profiles/u-1")[1]["traits"] == {"email": "first@example.com"}
    say("second@example.com", SECRET_KEY, "c")
    assert world.admin("GET", "/profiles/u-1")[1]["traits"] == {"email": "second@example.com"}


RECORDINGS = [
    ("browser-segment.batch", 6),
    ("browser-segment.normal", 6),
    ("js-customerio.normal", 7),
    ("js-jitsu.normal", 4),
    ("js-rudder.nogzip", 0),
    ("js-rudder.normal", 0),
    ("js-segment.normal", 7),
    ("py-analytics-python.gzip", 2),
    ("py-analytics-python.normal", 0),
    ("py-customerio.gzip", 2),
    ("py-customerio.normal", 9),
    ("py-rudder.nogzip", 2),
    ("py-rudder.normal", 0),
    ("py-segment.gzip", 2),
    ("py-segment.normal", 9),
]
"""Recordings, and how many calls they hold where the recording's notes say so (0: at least one)."""


@pytest.mark.parametrize(("name", "calls"), RECORDINGS)
def test_recorded_clients_are_answered_200_and_lose_nothing(world: World, name: str, calls: int) -> None:
    path = DATA / "client-requests" / f"{name}.jsonl"
    if not path.exists():
        pytest.skip(f"the recordings of client libraries are not here: {path.name}")
    sent = []
    for line in path.read_text().splitlines():
        request = json.loads(line)
        headers = {key.lower(): value for key, value in request["headers"]}
        headers["x-write-key"] = headers.get("x-write-key", "").replace("KEYID:SECRET", "KEYID:WRITEKEY")
        body = json.dumps(request["body"]).encode()
        if headers.get("content-encoding") == "gzip":
            body = gzip.compress(body)
        assert world.post(request["path"], body, headers) == (200, {"success": True})
        sent += request["body"].get("batch") or [request["body"]]
    events = queued(world)
    assert [event["messageId"] for event in events] == [event["messageId"] for event in sent]
    for event, original in zip(events, sent, strict=True):
        for field in ("properties", "traits", "userId", "anonymousId", "event"):
            assert event.get(field) == original.get(field)
        assert event["timestamp"] == original.get("timestamp", original.get("originalTimestamp"))
    assert len(sent) == calls if calls else sent


def test_another_vendor_s_protocol_is_no_route(world: World) -> None:
    assert world.post("/com.snowplowanalytics.snowplow/tp2", {"data": []})[1]["code"] == "not_found"


def test_the_specification_s_examples(world: World) -> None:
    """Each block with a type is taken by the batch path; those without are refused with 400 and a code."""
    folder = DATA / "segment-spec"
    if not folder.exists():
        pytest.skip("the specification's examples are not here")
    taken = refused = 0
    for path in sorted(folder.glob("*--*.json")):
        block = json.loads(path.read_text())
        body = block if "batch" in block else {"batch": [{"userId": "spec", **block}]}
        status, answer = world.post("/v1/batch", body)
        has_type = "batch" in block or "type" in block
        assert status == (200 if has_type else 400), (path.name, answer)
        assert has_type or answer["code"] == "unknown_type"
        assert "rejected" not in answer, (path.name, answer)
        taken += has_type
        refused += not has_type
    assert taken + refused == 84
    assert refused > 0
    assert world.consume() == set()
    assert {line["disposition"] for line in world.lake()} <= {"applied", "duplicate"}
