"""Ingest from its front doors to the bus."""

from __future__ import annotations

import base64
import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.ingest.adapters.dynamo_sinks import DynamoSinks
from services.ingest.bootstrap import profiles as bootstrap
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.regroup import Node
from services.shared.aws.dynamo import Table
from services.shared.contracts.ingest import ProfilesChanged
from tests.integration.ingest.conftest import World
from tests.support.cold_start import begin_anew

RECORDINGS = Path(__file__).parents[3].parent / "shared" / "data" / "client-requests"


def track(message_id: str, **fields: Any) -> dict[str, Any]:
    base = {"type": "track", "event": "Order Completed", "userId": "u-1", "messageId": message_id}
    return {**base, "timestamp": "2026-01-02T03:04:05.678Z", "properties": {"revenue": 12.5}, **fields}


def bus_body(
    envelope_id: str, detail: Any, source: str = "shop", detail_type: str = "Segment Message"
) -> str:
    return json.dumps(
        {"version": "0", "id": envelope_id, "source": source, "detail-type": detail_type, "detail": detail}
    )


def facts(events: list[dict[str, Any]]) -> list[ProfilesChanged]:
    return [ProfilesChanged.model_validate(event["detail"]) for event in events]


def test_mislabelled_gzip_is_taken(world: World) -> None:
    auth = {
        "authorization": "Basic " + base64.b64encode(b"WRITEKEY:").decode(),
        "content-type": "application/x-www-form-urlencoded",
    }
    body = gzip.compress(json.dumps({"batch": [track("a")]}).encode())
    assert world.post("/v1/batch", body, auth) == (200, {"success": True})
    assert json.loads(world.take()[0]["body"])["source"] == "recorded"


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code"),
    [
        ("/v1/track", track("a"), {}, 401, "no_write_key"),
        ("/v1/track", track("a", writeKey="NOPE"), {}, 401, "bad_write_key"),
        ("/v1/track", track("a", properties={"x": "y" * 33_000}), None, 413, "too_large"),
        ("/v1/batch", b" " * 4_400_000, None, 413, "too_large"),
        ("/v1/track", b"{", None, 400, "invalid_json"),
        ("/v1/batch", {"batch": [{}]}, None, 400, "unknown_type"),
        ("/v1/nothing", track("a"), None, 404, "not_found"),
    ],
)
def test_refusals_have_a_code_and_queue_nothing(
    world: World, path: str, body: Any, headers: Any, status: int, code: str
) -> None:
    answer = world.post(path, body, headers)
    assert (answer[0], answer[1]["code"]) == (status, code)
    assert set(answer[1]) == {"code", "message"}
    assert world.take() == []


def test_batch_with_one_bad_event_reaches_profile_lake_and_bus(world: World) -> None:
    status, answer = world.post("/v1/batch", {"batch": [track("a"), {"type": "track"}, track("b")]})
    assert (status, [r["index"] for r in answer["rejected"]]) == (200, [1])
    assert world.consume() == set()
    (fact,) = facts(world.publish())
    (change,) = fact.changes
    assert (change.version, [e.message_id for e in change.events]) == (1, ["a", "b"])
    assert change.events[0].properties == {"revenue": 12.5}
    assert {line["disposition"] for line in world.lake()} == {"applied"}


@pytest.mark.capability("002-1")
def test_duplicates_and_redeliveries_tell_nobody_twice(world: World) -> None:
    world.post("/v1/track", track("a"))
    records = world.take()
    world.consume(records)
    world.consume(records)
    world.post("/v1/track", track("a"))
    world.enqueue(bus_body("e1", track("a")))
    world.consume()
    assert sum(len(fact.changes) for fact in facts(world.publish())) == 1
    by_receipt = {line["receipt"]: line["disposition"] for line in world.lake()}
    assert sorted(by_receipt.values()) == ["applied", "duplicate", "duplicate"]


def test_rejected_bus_event_and_poison(world: World) -> None:
    world.enqueue(bus_body("e1", {"type": "purchase", "userId": "u"}))
    world.enqueue("poison")
    world.enqueue(bus_body("e2", track("a")))
    assert len(world.consume()) == 1
    found = {line["receipt"]: (line["disposition"], line["reason"]) for line in world.lake()}
    assert found == {"e1": ("rejected", "unknown_type"), "e2": ("applied", "")}


def test_second_user_of_a_device_is_noted_and_merged_with_nobody(world: World) -> None:
    for message_id, user in (("a", "u-1"), ("b", "u-2")):
        world.post("/v1/track", track(message_id, userId=user, anonymousId="x"))
        assert world.consume() == set()
    world.post("/v1/track", track("c", userId=None, anonymousId="x"))
    world.consume()
    assert len(world.profiles()) == 2
    notes = {line["message_id"]: line["note"] for line in world.lake()}
    assert notes == {"a": "", "b": "identity_conflict", "c": ""}
    assert world.admin("GET", "/profiles/u-1")[1]["counts"] == {"track": 2}


def test_an_identifier_is_added_once(world: World) -> None:
    """F8: a put whose answer was lost is repeated and succeeds against itself."""
    graph = bootstrap.identities()
    user = Identifier("userId", "u")
    assert graph.add(user, Node("prf_mine", 1))
    assert graph.add(user, Node("prf_mine", 1))
    assert not graph.add(user, Node("prf_rival", 1))
    assert graph.owners([user]) == {user: "prf_mine"}


def test_a_transaction_in_the_way_of_another_is_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F11."""

    def refuse(self: Any, *_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": code}}, "PutItem")

    monkeypatch.setattr(Table, "put", refuse)
    graph = bootstrap.identities()
    code = "TransactionConflictException"
    assert not graph.add(Identifier("userId", "u"), Node("prf_mine", 1))
    code = "AccessDeniedException"
    with pytest.raises(ClientError):
        graph.add(Identifier("userId", "u"), Node("prf_mine", 1))


def test_feedback_of_delivery_reaches_the_profile(world: World) -> None:
    world.post("/v1/track", track("a"))
    world.consume()
    profile_id = world.profiles()[0]["profile_id"]
    opened = {**track("o-1", event="Email Opened", profileId=profile_id), "userId": None}
    world.enqueue(bus_body("e1", {"events": [opened]}, "halte.delivery", "OutcomesObserved.v1"))
    assert world.consume() == set()
    assert world.admin("GET", f"/profiles/{profile_id}")[1]["version"] == 2
    changes = [change for fact in facts(world.publish()) for change in fact.changes]
    assert [e.name for c in changes for e in c.events] == ["Order Completed", "Email Opened"]


def test_an_arrival_reaches_the_profile_from_when_it_is_asked_for(world: World) -> None:
    world.post("/v1/track", track("a"))
    world.consume()
    profile_id = world.profiles()[0]["profile_id"]

    def arrives(message_id: str) -> int:
        told = {**track(message_id, event="Email Delivered", profileId=profile_id), "userId": None}
        world.enqueue(bus_body(message_id, {"events": [told]}, "halte.delivery", "OutcomesObserved.v1"))
        assert world.consume() == set()
        return int(world.admin("GET", f"/profiles/{profile_id}")[1]["version"])

    assert arrives("m1") == 2  # nothing was told of what is asked for
    told: list[tuple[list[str], int, int]] = [([], 1, 2), (["Email Delivered"], 3, 3), ([], 2, 4)]
    for names, order, version in told:  # the last one was overtaken
        DynamoSinks(Table("Sinks")).ask(names, order)
        begin_anew()  # the answer is believed for seconds of real time
        assert arrives(f"m-{order}") == version
    kept = {line["receipt"]: line["disposition"] for line in world.lake()}
    assert (kept["m1"], kept["m-1"], kept["m-3"], kept["m-2"]) == ("applied", "unasked", "applied", "applied")


def test_any_number_and_text_survives_to_the_bus(world: World) -> None:
    properties = {
        "big": 1.7976931348623157e308,
        "long": 2**64 - 1,
        "text": "\u0000😀",
        "none": None,
        "f": 10.0,
    }
    traits = {"tiny": 5e-324, "nested": {"a": [1, 2, {"b": None}]}, "naïve": "Zoë ✓"}
    world.post("/v1/track", track("a", properties=properties))
    world.post("/v1/identify", {"userId": "u-1", "messageId": "b", "traits": traits})
    world.consume()
    (change,) = facts(world.publish())[0].changes
    assert {**change.events[0].properties, "none": None} == properties
    assert change.traits == traits


def test_profile_is_found_by_each_of_its_identifiers(world: World) -> None:
    traits = {"email": "Ana+x@Example.com", "phone": "+32 475 12 34 56"}
    event = {"userId": "u%41", "anonymousId": "x y", "messageId": "a", "traits": traits}
    world.post("/v1/identify", event)
    world.consume()
    (profile,) = world.profiles()
    assert {i["kind"] for i in profile["identifiers"]} == {"userId", "anonymousId", "email", "phone"}
    for name in (
        "u%41",
        "u%2541",
        "userId:u%41",
        "ana+x@example.com",
        "email:ANA+x@example.com",
        "+32475123456",
        "x y",
    ):
        assert world.admin("GET", f"/profiles/{name}") == (200, profile), name
    for name in ("prf_nobody", "email:u", "nobody", "uA", " ", "phone:1"):
        assert world.admin("GET", f"/profiles/{name}")[0] == 404, name


def test_usual_profile_is_a_small_item(world: World) -> None:
    traits = {
        "email": "ana.peeters@example.com",
        "firstName": "Ana",
        "lastName": "Peeters",
        "locale": "nl-BE",
    }
    world.post("/v1/identify", {"userId": "cdnow-12345", "anonymousId": "9f2c" * 8, "traits": traits})
    for i in range(20):
        world.post("/v1/track", track(f"m{i}", userId="cdnow-12345"))
    world.consume()
    (profile,) = world.profiles()
    assert world.item_bytes(profile["profile_id"], without="outbox") <= 1024


def test_a_touch_of_the_item_without_a_new_version_tells_nothing(world: World) -> None:
    world.post("/v1/track", track("a"))
    world.consume()
    (record,) = world.stream_records()
    image = record["dynamodb"]["NewImage"]
    from services.ingest.handlers import on_profiles_stream

    touched = {"eventID": "1", "dynamodb": {"OldImage": image, "NewImage": image}}
    removed = {"eventID": "2", "dynamodb": {"OldImage": image}}
    assert on_profiles_stream.handler({"Records": [touched, removed]}, None) == {"batchItemFailures": []}
    assert world.publish() == []


def replay(world: World, recording: str) -> None:
    path = RECORDINGS / f"{recording}.jsonl"
    if not path.exists():
        pytest.skip(f"the recordings of client libraries are not here: {path.name}")
    for line in path.read_text().splitlines():
        request = json.loads(line)
        headers = {name.lower(): value for name, value in request["headers"]}
        assert world.post(request["path"], request["body"], headers) == (200, {"success": True})
    assert world.consume() == set()


def people(world: World) -> dict[str, dict[str, Any]]:
    """Profiles by the user ids they have, joined by a blank."""
    return {
        " ".join(sorted(i["value"] for i in profile["identifiers"] if i["kind"] == "userId")): profile
        for profile in world.profiles()
    }


@pytest.mark.parametrize("library", ["py-segment", "py-customerio", "py-analytics-python"])
def test_recorded_client_makes_the_profiles_it_means(world: World, library: str) -> None:
    replay(world, f"{library}.normal")
    found = people(world)
    assert set(found) == {"user-1", "42"}
    ana = found["user-1"]
    assert {(i["kind"], i["value"]) for i in ana["identifiers"]} == {
        ("userId", "user-1"),
        ("anonymousId", "anon-9"),
        ("email", "ana@example.com"),
    }
    assert ana["counts"] == {"alias": 1, "group": 1, "identify": 1, "page": 1, "screen": 1, "track": 3}
    assert ana["traits"]["plan"] == "pro"
    assert found["42"]["counts"] == {"track": 1}
    assert {line["disposition"] for line in world.lake()} == {"applied"}


def test_recorded_browser_is_one_person(world: World) -> None:
    path = RECORDINGS / "browser-segment.normal.jsonl"
    if not path.exists():
        pytest.skip(f"the recordings of client libraries are not here: {path.name}")
    for line in path.read_text().splitlines():
        request = json.loads(line)
        body = json.dumps(request["body"]).encode()
        assert world.post(request["path"], body, {}) == (200, {"success": True})
        assert world.consume() == set()
    (person,) = world.profiles()
    assert {i["kind"] for i in person["identifiers"]} == {"userId", "anonymousId", "email"}
    assert sum(person["counts"].values()) == 6


@pytest.mark.parametrize("rounds", [3])
def test_concurrent_consumers_make_one_person_and_lose_nothing(world: World, rounds: int) -> None:
    for i in range(2 * rounds):
        world.post("/v1/track", track(f"m{i}", anonymousId=f"x{i}"))
    records = world.take()
    with ThreadPoolExecutor(2) as pool:
        failed = list(pool.map(world.consume, [records[:rounds], records[rounds:]]))
    for once_more in failed:
        world.consume([r for r in records if r["messageId"] in once_more])
    (person,) = world.profiles()
    assert person["counts"] == {"track": 2 * rounds}
    told = [e.message_id for fact in facts(world.publish()) for c in fact.changes for e in c.events]
    assert sorted(told) == [f"m{i}" for i in range(2 * rounds)]


@pytest.mark.capability("003-19")
def test_what_brought_somebody_first_and_last_is_kept(world: World) -> None:
    """F2: a friend's link before the log-in, an advertisement, a code; told in the wrong order, in two batches."""
    shop = "https://shop.example/bikes"
    came = [
        {"anonymousId": "anon-1", "context": {"page": {"url": f"{shop}?ref=anna-7"}}},
        {"userId": "u-1", "context": {"campaign": {"source": "google", "medium": "cpc", "name": "spring"}}},
        {"userId": "u-1", "anonymousId": "anon-1", "context": {"page": {"url": f"{shop}?promo_code=MAY10"}}},
        {"userId": "u-1", "context": {"page": {"url": shop}}},
    ]
    visits = [
        {"type": "page", "messageId": f"m-{day}", "timestamp": f"2026-01-0{day}T12:00:00Z", **one}
        for day, one in enumerate(came, 1)
    ]
    for batch in ([visits[3], visits[1]], [visits[2], visits[0]]):
        assert world.post("/v1/batch", {"batch": batch})[0] == 200
        assert world.consume() == set()
    traits = world.admin("GET", "/profiles/u-1")[1]["traits"]
    kept = {name: value for name, value in traits.items() if value}
    assert kept == {
        "first_touch_medium": "share",
        "first_touch_referrer": "anna-7",
        "last_touch_promo": "MAY10",
    }
