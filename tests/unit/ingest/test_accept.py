"""The HTTP door: keys, gzip, limits, and batches with bad neighbours."""

from __future__ import annotations

import base64
import gzip
import itertools
import json
from datetime import timedelta
from typing import Any

import pytest

from services.ingest.domain.intake import BODY_LIMIT, unpack
from services.ingest.domain.segment import SHORT
from services.ingest.domain.sources import Source
from services.ingest.doors.accept import MAX_BATCH_BYTES, FrontDoor, Request, inflate
from services.ingest.doors.known import KNOWN_SECONDS, KnownKeys, KnownRules
from services.shared.clock import FixedClock
from services.shared.contracts.ingest import Recovery
from services.shared.errors import HalteError, Invalid, TooLarge, TooMany, Unauthorized
from tests.unit.ingest.fakes import (
    NOW,
    FakeMeter,
    FakeQueue,
    FakeSources,
    identify,
    registered,
    source,
    track,
)


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


AUTH = basic("KEY")


class Fixture:
    def __init__(self, shop: Source | None = None) -> None:
        self.queue = FakeQueue()
        self.recoveries: list[Recovery] = []
        self.clock = FixedClock(NOW)
        self.sources = FakeSources(registered(shop or source(), write="KEY", secret="SECRET"))
        numbers = itertools.count(1)
        self.door = FrontDoor(
            keys=KnownKeys(self.sources, self.clock),
            meter=FakeMeter(),
            queue=self.queue,
            clock=self.clock,
            new_id=lambda prefix: f"{prefix}_{next(numbers)}",
            recover=self.recoveries.extend,
        )

    def post(self, call: str, body: Any, auth: str = AUTH, at: Any = None, **headers: str) -> dict[str, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if auth:
            named["authorization"] = auth
        return self.door.accept(Request(call, raw, named, at))

    def queued(self) -> list[Any]:
        return [arrival for body in self.queue.bodies for arrival in unpack(body, NOW)]


def test_single_call_takes_its_type_from_the_path() -> None:
    f = Fixture()
    event = {k: v for k, v in track().items() if k not in ("type", "messageId")}
    assert f.post("track", {**event, "writeKey": "KEY"}) == {"success": True}
    (arrival,) = f.queued()
    assert arrival.event == {**event, "type": "track", "messageId": "msg_1"}
    assert (arrival.receipt, arrival.source, arrival.received_at) == ("rcp_2#0", "shop", NOW)


def test_batch_keeps_good_events_and_names_bad_ones() -> None:
    f = Fixture()
    batch = [track("a"), {"type": "track", "messageId": "b"}, 7, track("c", properties={"x": "y" * 40_000})]
    answer = f.post("batch", {"batch": batch})
    assert answer["success"] is True
    assert [(r["index"], r["messageId"], r["code"]) for r in answer["rejected"]] == [
        (1, "b", "no_identity"),
        (2, None, "invalid_json"),
        (3, "c", "too_large"),
    ]
    assert [a.event["messageId"] for a in f.queued()] == ["a"]


@pytest.mark.parametrize(
    ("call", "body", "code"),
    [
        ("batch", {"batch": [{"type": "track"}]}, "no_identity"),
        ("batch", {"batch": []}, "empty_batch"),
        ("batch", {"batch": {}}, "invalid_batch"),
        ("batch", {}, "invalid_batch"),
        ("track", {"userId": "u"}, "missing_event_name"),
        ("track", b"", "invalid_json"),
        ("track", b"[]", "invalid_json"),
        ("track", b"\xff\xfe", "invalid_json"),
        ("track", b'{"a":' * 1000, "too_deep"),
        ("track", b"\x1f\x8bnot gzip", "invalid_gzip"),
        ("track", gzip.compress(json.dumps(track()).encode(), mtime=0)[:-9], "invalid_gzip"),
    ],
)
def test_a_request_without_anything_to_take_is_refused(call: str, body: Any, code: str) -> None:
    f = Fixture()
    with pytest.raises(Invalid) as refusal:
        f.post(call, body)
    assert (refusal.value.code, refusal.value.status, f.queue.bodies) == (code, 400, [])


def test_limits() -> None:
    f = Fixture()
    with pytest.raises(TooLarge):
        f.post("track", track(properties={"a": "x" * 33_000}))
    with pytest.raises(TooLarge):
        f.post("batch", b" " * (MAX_BATCH_BYTES + 1))
    with pytest.raises(TooLarge):
        f.post("batch", gzip.compress(b" " * 50_000_000))
    assert len(inflate(gzip.compress(b" " * MAX_BATCH_BYTES))) == MAX_BATCH_BYTES
    assert f.queue.bodies == []


@pytest.mark.parametrize(
    ("auth", "key", "taken"),
    [
        (AUTH, None, True),
        (AUTH.replace("Basic", "basic"), None, True),
        ("", "KEY", True),
        ("Bearer x", "KEY", True),
        ("Basic !!!", "KEY", True),
        ("", None, False),
        ("", 7, False),
        ("", "WRONG", False),
        ("Basic " + base64.b64encode(b"WRONG:").decode(), "KEY", False),
        ("Basic " + base64.b64encode(b"\xff\xfe").decode(), None, False),
    ],
)
def test_write_keys(auth: str, key: Any, taken: bool) -> None:
    f = Fixture()
    body = {**track(), "writeKey": key}
    if taken:
        assert f.post("track", body, auth) == {"success": True}
        assert "KEY" not in f.queue.bodies[0]
    else:
        with pytest.raises(Unauthorized):
            f.post("track", body, auth)


def test_known_keys_are_remembered_for_a_minute_and_unknown_ones_never() -> None:
    now = [0.0]
    sources = FakeSources()
    keys = KnownKeys(sources, FixedClock(NOW), elapsed=lambda: now[0])
    for _ in range(2):
        with pytest.raises(Unauthorized):
            keys.admit("NEW")
    sources.stored["shop"] = registered(source(), write="NEW")
    lookups = []
    for now[0] in (1.0, KNOWN_SECONDS + 0.9, KNOWN_SECONDS + 1.1):
        assert keys.admit("NEW")[0].source_id == "shop"
        lookups.append(sources.lookups)
    assert lookups == [3, 3, 4]


def test_rules_of_the_bus_are_remembered_whether_there_are_any_or_not() -> None:
    now = [0.0]
    sources = FakeSources()
    rules_of = KnownRules(sources, elapsed=lambda: now[0])
    assert [rules_of("acme.crm"), rules_of("acme.crm"), sources.lookups] == [None, None, 1]
    sources.stored["crm"] = registered(source("crm", bus_sources=["acme.crm"], mapping="crm-contact"))
    now[0] = KNOWN_SECONDS
    found = rules_of("acme.crm")
    assert found
    assert found.source_id == "crm"
    assert found.mapping
    assert rules_of("acme.crm") is found


def test_large_batch_travels_in_messages_that_sqs_takes() -> None:
    f = Fixture()
    batch = [track(f"m{i}", properties={"a": "é" * 5_000}) for i in range(45)]
    f.post("batch", json.dumps({"batch": batch}, ensure_ascii=False).encode())
    assert len(f.queue.bodies) == 8
    assert all(len(body.encode()) <= BODY_LIMIT for body in f.queue.bodies)
    arrivals = f.queued()
    assert [a.event for a in arrivals] == batch
    assert len({a.receipt for a in arrivals}) == 45


@pytest.mark.parametrize(("short", "call"), SHORT.items())
def test_the_browser_s_short_paths(short: str, call: str) -> None:
    f = Fixture()
    event = {"userId": "u", "event": "E", "groupId": "g", "previousId": "p", "writeKey": "KEY"}
    body = {"batch": [{**event, "type": "page"}], "writeKey": "KEY"} if call == "batch" else event
    assert f.post(short, body, auth="") == {"success": True}
    (arrival,) = f.queued()
    assert arrival.event["type"] == ("page" if call == "batch" else call)
    assert "writeKey" not in arrival.event


@pytest.mark.parametrize("header", ["KEYID:KEY", "KEY", " KEY "])
def test_jitsu_s_header(header: str) -> None:
    f = Fixture()
    assert f.post("track", {**track(), "writeKey": "KEYID:***"}, auth="", x_write_key=header) == {
        "success": True
    }
    with pytest.raises(Unauthorized):
        f.post("track", track(), auth="", x_write_key="KEY:WRONG")


def test_only_a_secret_key_vouches_for_contact_data() -> None:
    f = Fixture(source(kind="mobile", region="BE"))
    f.post("identify", identify())
    f.post("identify", identify(), auth=basic("SECRET"))
    assert [(a.trusted, a.origin.kind, a.origin.region) for a in f.queued()] == [
        (False, "mobile", "BE"),
        (True, "mobile", "BE"),
    ]


def test_only_a_secret_key_may_name_people_by_address_alone() -> None:
    f = Fixture()
    event = {"userId": None, "traits": {"email": "ann@example.com"}}
    with pytest.raises(Invalid, match="no_identity"):
        f.post("identify", event)
    f.post("identify", event, auth=basic("SECRET"))
    (arrival,) = f.queued()
    assert [i.key for i in arrival.read().identifiers] == ["email#ann@example.com"]


def test_a_secret_key_in_a_web_page_is_refused() -> None:
    f = Fixture()
    with pytest.raises(Unauthorized, match="secret_key_in_browser"):
        f.post("track", track(), auth=basic("SECRET"), origin="https://shop.example")
    assert f.post("track", track(), origin="https://shop.example") == {"success": True}


def test_over_its_rate_a_source_is_told_when_to_come_again() -> None:
    f = Fixture(source(rate=3))
    f.clock.advance(timedelta(seconds=20))
    f.post("batch", {"batch": [track("a"), track("b")]})
    with pytest.raises(TooMany) as refusal:
        f.post("batch", {"batch": [track("c"), track("d")]})
    assert (refusal.value.status, refusal.value.code, refusal.value.retry_after) == (429, "rate_exceeded", 40)
    f.post("track", track("e"))
    f.clock.advance(timedelta(seconds=40))
    f.post("batch", {"batch": [track(str(i)) for i in range(5)]})
    assert [a.event["messageId"] for a in f.queued()] == ["a", "b", "e", "0", "1", "2", "3", "4"]


SCHEMA = {
    "events": ["Order Completed"],
    "shapes": {"Order Completed": {"properties": {"revenue": {"type": "number"}}}},
}


def test_events_outside_the_schema_are_refused_by_name() -> None:
    f = Fixture(source(schema=SCHEMA))
    batch = [track("a"), track("b", event="Other"), track("c", properties={"revenue": "x"})]
    answer = f.post("batch", {"batch": batch})
    assert [(r["index"], r["code"]) for r in answer["rejected"]] == [
        (1, "not_in_schema"),
        (2, "property_type"),
    ]
    assert [a.event["messageId"] for a in f.queued()] == ["a"]
    with pytest.raises(Invalid, match="not_in_schema"):
        f.post("track", track(event="Other"))


def test_or_they_are_held_with_their_reason() -> None:
    f = Fixture(source(schema={**SCHEMA, "on_violation": "quarantine"}))
    assert f.post("batch", {"batch": [track("a"), track("b", event="Other")]}) == {"success": True}
    good, bad = f.queued()
    assert good.read().message_id == "a"
    with pytest.raises(HalteError, match="not_in_schema"):
        bad.read()
    assert json.loads(bad.raw())["messageId"] == "b"


def test_a_wrong_clock_is_set_right_at_the_door() -> None:
    f = Fixture()
    fast = NOW + timedelta(hours=2)
    event = track(timestamp=(fast - timedelta(minutes=1)).isoformat())
    f.post("batch", {"batch": [event], "sentAt": fast.isoformat()}, at=NOW)
    (arrival,) = f.queued()
    assert arrival.read().at == NOW - timedelta(minutes=1)
    assert arrival.event["originalTimestamp"] == event["timestamp"]


def test_a_small_request_does_not_become_a_flood() -> None:
    """A batch's context is given to each of its events: 30 KB would become 150 MB."""
    f = Fixture()
    batch = {"context": {"a": "x" * 30_000}, "batch": [track(str(i)) for i in range(5_000)]}
    with pytest.raises(TooLarge):
        f.post("batch", batch)
    assert f.queue.bodies == []


def test_an_answer_stays_small_whatever_was_sent() -> None:
    f = Fixture()
    answer = f.post("batch", {"batch": [track("a"), {"messageId": "m" * 100_000}]})
    assert answer["rejected"][0]["messageId"] is None


def test_there_is_no_200_unless_all_of_a_batch_is_in_the_queue() -> None:
    """F13: the second of two messages fails; the client hears of it and sends the same message ids again."""

    class Failing(FakeQueue):
        def send(self, body: str) -> None:
            if self.bodies:
                raise ConnectionError("the queue is gone")
            super().send(body)

    f = Fixture()
    f.door._queue = Failing()
    batch = {"batch": [track(f"m{i}", properties={"a": "x" * 30_000}) for i in range(8)]}
    with pytest.raises(ConnectionError):
        f.post("batch", batch)


RECOVERY = {
    "type": "track",
    "event": "Account Recovery Requested",
    "userId": "u1",
    "messageId": "r1",
    "timestamp": "2026-01-10T11:59:00.000Z",
    "properties": {"email": "ann@example.com", "recovery_url": "https://shop.example.com/recover?t=1"},
}


def test_a_secret_key_vouches_for_a_recovery_link() -> None:
    fixture = Fixture()
    fixture.post("track", RECOVERY, basic("SECRET"))
    (recovery,) = fixture.recoveries
    assert (recovery.source, recovery.message_id) == ("shop", "r1")
    assert (recovery.email, recovery.recovery_url) == tuple(RECOVERY["properties"].values())  # type: ignore[attr-defined]
    assert len(fixture.queue.bodies) == 1


@pytest.mark.parametrize(
    ("event", "auth"),
    [
        (RECOVERY, AUTH),
        ({**RECOVERY, "type": "page", "name": RECOVERY["event"]}, basic("SECRET")),
        ({**RECOVERY, "event": "Account Opened"}, basic("SECRET")),
        ({**RECOVERY, "properties": {"email": "ann@example.com"}}, basic("SECRET")),
        (
            {**RECOVERY, "properties": {"email": 5, "recovery_url": "https://shop.example.com/"}},
            basic("SECRET"),
        ),
    ],
)
def test_nothing_else_causes_mail(event: dict[str, Any], auth: str) -> None:
    """Least of all whoever has read the key of a web page."""
    fixture = Fixture()
    fixture.post("batch", {"batch": [event]}, auth)
    assert fixture.recoveries == []
    assert len(fixture.queue.bodies) == 1


def test_a_recovery_that_the_schema_holds_back_is_not_told() -> None:
    schema = {"events": ["Order Completed"], "on_violation": "quarantine"}
    fixture = Fixture(source(schema=schema))
    fixture.post("track", RECOVERY, basic("SECRET"))
    assert fixture.recoveries == []
