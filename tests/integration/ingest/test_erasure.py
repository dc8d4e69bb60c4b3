"""Forgetting a person in ingest's own stores, with the other services played; every fault on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.ingest.adapters.parquet import DuckParquet
from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.bootstrap.lake import lake_keeper
from services.ingest.bootstrap.people import ERASE_SECONDS, eraser
from services.ingest.lake.upkeep import LakeKeeper
from services.shared.aws.clients import client
from services.shared.clock import FixedClock, to_iso
from tests.integration.ingest.answering import Answering
from tests.integration.ingest.conftest import ENV, REGION, World
from tests.support.thorough import EXHAUSTIVE
from tests.support.traces import bucket_texts, table_texts

BEGIN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
CANARY = ("canary-user-7", "canary-device-7", "canary@example.com", "+31600000077", "canary-secret-note")

SHARED = "household-tablet"
"""A device of both: part of the neighbour's own events, too."""


def call(kind: str, user: str, number: int, minutes: float = 0, **fields: Any) -> dict[str, Any]:
    at = to_iso(BEGIN + timedelta(minutes=minutes))
    return {"type": kind, "userId": user, "messageId": f"{user}-{number}", "timestamp": at, **fields}


CANARY_EVENTS = [
    call(
        "identify",
        CANARY[0],
        1,
        anonymousId=CANARY[1],
        traits={"email": CANARY[2].upper(), "phone": CANARY[3], "note": CANARY[4]},
    ),
    call(
        "track",
        CANARY[0],
        2,
        1,
        event="Order Completed",
        properties={"order_id": CANARY[4], "email": CANARY[2]},
    ),
    call("page", CANARY[0], 3, 2, name=CANARY[4], anonymousId=SHARED),
    call("alias", CANARY[0], 4, 3, previousId="canary-never-seen"),
]
NEIGHBOUR_EVENTS = [
    call("identify", "bob", 1, 4, anonymousId=SHARED, traits={"email": "bob@example.com"}),
    call("track", "bob", 2, 5, event="Order Completed", properties={"order_id": "b-1"}),
]
WANTED = (*CANARY, CANARY[2].upper(), "canary-never-seen")


def send(world: World, *events: dict[str, Any]) -> None:
    for event in events:
        world.post("/v1/batch", {"batch": [event]})
        assert world.consume() == set()
        world.publish()


def to_bus(world: World, number: str, detail: dict[str, Any]) -> None:
    event = {"id": number, "source": "shop.crm", "detail-type": "Segment Message", "detail": detail}
    world.enqueue(json.dumps(event))
    assert world.consume() == set()
    world.publish()


def traces() -> dict[str, list[str]]:
    """Where the canary's strings are."""
    everything = {**table_texts(REGION), **{key: [text] for key, text in bucket_texts(REGION).items()}}
    found = {
        place: sorted({string for string in WANTED for text in texts if string in text})
        for place, texts in everything.items()
    }
    return {place: strings for place, strings in found.items() if strings}


def work(erasure_id: str, rounds: int = 5) -> int:
    """Rounds that the erasure took."""
    for number in range(1, rounds + 1):
        if eraser().work(erasure_id):
            return number
    raise AssertionError("the erasure did not end")


def erase(world: World, text: str = CANARY[0]) -> dict[str, Any]:
    status, body = world.admin("POST", f"/profiles/{text}/erasure")
    assert status == 202, body
    work(body["erasure_id"])
    return world.admin("GET", f"/erasures/{body['erasure_id']}")[1]


in_every_lake = pytest.mark.parametrize("people", ["raw", "parquet", "both"], indirect=True)


@pytest.fixture
def people(world: World, request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """Canary and neighbour; their lines are in raw objects, in Parquet, or in both (as by default)."""
    form = getattr(request, "param", "both")
    send(world, *CANARY_EVENTS[:2], *NEIGHBOUR_EVENTS[:1])
    if form == "both":
        compact(tmp_path)
    send(world, *CANARY_EVENTS[2:], *NEIGHBOUR_EVENTS[1:])
    refused = {**CANARY_EVENTS[1], "messageId": "late", "timestamp": "1980-01-01T00:00:00Z"}
    to_bus(world, "refused", refused)
    if form == "parquet":
        compact(tmp_path)
        assert world.lake() == []
    return world


def compact(folder: Path) -> None:
    """As it is done when the day is over."""
    tomorrow = FixedClock(datetime.now(UTC) + timedelta(days=1))
    done = LakeKeeper(
        store=S3Lake(ENV["LAKE_BUCKET"]), parts=DuckParquet(folder), clock=tomorrow, folder=folder
    ).compact()
    assert (done.objects > 0, done.left) == (True, 0)


def lake() -> list[Mapping[str, Any]]:
    """Every line, raw or Parquet."""
    return list(lake_keeper().lines())


@in_every_lake
def test_no_trace_is_left_and_neighbours_are_untouched(
    people: World, capsys: pytest.CaptureFixture[str]
) -> None:
    places = traces()
    assert {place for place in places if "/" not in place} == {"Identities", "Profiles", "ProfileParts"}
    neighbour = people.admin("GET", "/profiles/bob")[1]
    capsys.readouterr()

    receipt = erase(people)

    assert traces() == {}
    assert (receipt["status"], receipt["finished_at"] is not None) == ("done", True)
    assert people.admin("GET", f"/profiles/{CANARY[0]}")[0] == 404
    assert people.admin("GET", f"/profiles/{receipt['profile_ids'][0]}")[0] == 404
    assert people.admin("GET", "/profiles/bob")[1] == neighbour
    assert people.admin("GET", "/profiles?prefix=canary")[1]["profiles"] == []
    assert not any(string in capsys.readouterr().out for string in WANTED)
    assert receipt["stages"]["lake"]["forgotten"]["lines"] == len(CANARY_EVENTS) + 1
    assert {line["receipt"] for line in lake() if line["reason"] == "bad_timestamp"} == {"refused"}


def test_whom_nobody_knows(world: World) -> None:
    assert world.admin("POST", "/profiles/nobody/erasure")[0] == 404
    assert world.admin("GET", "/erasures/ers_0")[0] == 404


def test_asking_twice_is_one_erasure(people: World) -> None:
    first = people.admin("POST", f"/profiles/{CANARY[0]}/erasure")[1]
    second = people.admin("POST", f"/profiles/{CANARY[2]}/erasure")[1]
    assert first["erasure_id"] == second["erasure_id"]


def test_a_replay_after_the_erasure_brings_nobody_back(people: World) -> None:
    """F25: the same events by the same door, by another, and an import of the address under a new number."""
    erase(people)

    send(people, *CANARY_EVENTS)
    to_bus(people, "replayed", CANARY_EVENTS[0])
    to_bus(people, "imported", call("identify", "crm-99", 1, 9, traits={"email": CANARY[2]}))

    assert traces() == {}
    refused = [line for line in lake() if line["reason"] == "erased"]
    assert len(refused) == len(CANARY_EVENTS) + 2
    assert not any(line["refused"] or line["event"] for line in refused)
    assert people.admin("GET", "/profiles/crm-99")[0] == 404


def test_the_device_may_have_another_user_afterwards(people: World) -> None:
    erase(people)
    send(people, call("identify", "eve", 1, 9, anonymousId=CANARY[1]))
    assert [i["value"] for i in people.admin("GET", "/profiles/eve")[1]["identifiers"]] == ["eve"]
    assert set(traces()) == {
        key for key in bucket_texts(REGION) if "canary-device-7" in bucket_texts(REGION)[key]
    }


def test_only_a_trusted_source_can_say_that_the_person_signed_up_anew(people: World) -> None:
    receipt = erase(people)
    again = {**call("track", CANARY[0], 50, event="Registered"), "timestamp": to_iso(datetime.now(UTC))}
    send(people, again)
    assert people.admin("GET", f"/profiles/{CANARY[0]}")[0] == 404

    to_bus(people, "signed-up", {**again, "messageId": "again"})

    back = people.admin("GET", f"/profiles/{CANARY[0]}")[1]
    assert back["profile_id"] not in receipt["profile_ids"]
    assert back["counts"] == {"track": 1}
    send(people, *CANARY_EVENTS)  # what was before the erasure stays refused, though the id is in use again
    assert people.admin("GET", f"/profiles/{CANARY[0]}")[1]["counts"] == {"track": 1}


def test_it_is_not_done_before_every_service_is(people: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that fails, one that needs several calls, and one that has nothing: asked again until all are done,
    and none is asked again after it was."""
    answers = {
        "consent": [{"service": "consent", "stores": {}}],
        "delivery": [{"service": "delivery", "stores": {"messages": 40}, "more": True}] * 2
        + [{"service": "delivery", "stores": {"messages": 2}}],
        "scoring": [TimeoutError("late"), {"service": "scoring", "stores": {"standings": 1}}],
    }
    others = Answering(monkeypatch, answers, seconds=ERASE_SECONDS)
    erasure_id = people.admin("POST", f"/profiles/{CANARY[0]}/erasure")[1]["erasure_id"]

    assert eraser().work(erasure_id) is False
    waiting = people.admin("GET", f"/erasures/{erasure_id}")[1]
    assert waiting["status"] == "running"
    assert waiting["stages"]["scoring"] == {
        "done": False,
        "forgotten": {},
        "waiting_for": "no answer",
        "attempts": 1,
    }
    assert work(erasure_id) == 2

    done = people.admin("GET", f"/erasures/{erasure_id}")[1]
    assert done["stages"]["delivery"] == {"done": True, "forgotten": {"messages": 82}}
    assert [one["function"] for one in others.asked].count("consent") == 1
    assert {one["ask"] for one in others.asked} == {"erase"}
    asked = others.asked[0]
    assert {one["address"] for one in asked["addresses"]} == {CANARY[2], CANARY[2].upper(), CANARY[3]}
    assert traces() == {}


def test_a_day_that_is_being_compacted_comes_later(
    people: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """F5: a compactor takes the day while the erasure is at it; the raw line is in Parquet by then."""
    sizes = S3Lake.raw_sizes

    def overtaken(self: S3Lake, day: date) -> dict[str, int]:
        monkeypatch.setattr(S3Lake, "raw_sizes", sizes)
        found = sizes(self, day)
        compact(tmp_path)
        return found

    erasure_id = people.admin("POST", f"/profiles/{CANARY[0]}/erasure")[1]["erasure_id"]
    monkeypatch.setattr(S3Lake, "raw_sizes", overtaken)

    assert eraser().work(erasure_id) is False

    stage = people.admin("GET", f"/erasures/{erasure_id}")[1]["stages"]["lake"]
    assert (stage["done"], stage["waiting_for"], stage["attempts"]) == (False, "lake busy", 1)
    assert work(erasure_id) == 2
    stage = people.admin("GET", f"/erasures/{erasure_id}")[1]["stages"]["lake"]
    assert stage["done"]
    assert "waiting_for" not in stage
    assert traces() == {}


def test_an_export_without_the_lake_says_so(people: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPACT_FUNCTION", "nowhere")
    export = people.admin("GET", f"/profiles/{CANARY[0]}/export")[1]
    assert (export["received"], export["unavailable"]) == ([], ["lake"])
    assert len(export["timeline"]) == len(CANARY_EVENTS)


def test_a_friends_address_in_an_order_is_left_alone(people: World, monkeypatch: pytest.MonkeyPatch) -> None:
    gift = {"order_id": "gift", "email": "Bob@example.com"}
    send(people, call("track", CANARY[0], 9, 8, event="Order Completed", properties=gift))
    others = Answering(monkeypatch, {"consent": {"service": "consent", "stores": {}}}, seconds=ERASE_SECONDS)

    erase(people)

    assert "bob@example.com" not in {one["address"].lower() for one in others.asked[0]["addresses"]}


@pytest.mark.parametrize("step", range(1, 40, 1 if EXHAUSTIVE else 9))
def test_a_crash_at_any_step_is_made_up_for(people: World, step: int) -> None:
    """F5: the process ends before its n-th request; the message comes again and the erasure ends as always."""
    erasure_id = people.admin("POST", f"/profiles/{CANARY[0]}/erasure")[1]["erasure_id"]
    calls = 0

    def die(**_: Any) -> None:
        nonlocal calls
        calls += 1
        if calls >= step:  # what ends in a thread of an upload would not end the others
            raise SystemExit("crashed")

    events = [client(name).meta.events for name in ("dynamodb", "s3", "events")]
    for one in events:
        one.register("before-call", die)
    try:
        eraser().work(erasure_id)
    except SystemExit:
        pass
    finally:
        for one in events:
            one.unregister("before-call", die)

    work(erasure_id)
    assert traces() == {}
    assert people.admin("GET", "/profiles/bob")[0] == 200


def test_what_the_publisher_had_still_to_tell_is_dropped(world: World) -> None:
    """F39: the stream is behind while the person is erased."""
    send(world, CANARY_EVENTS[0])
    world.post("/v1/batch", {"batch": [CANARY_EVENTS[1]]})
    assert world.consume() == set()
    erase(world)

    told = world.publish()

    assert told == [] or CANARY[4] not in json.dumps(told)
    assert traces() == {}


def test_a_restored_backup_is_forgotten_again(people: World) -> None:
    """F45: tables of before the erasure come back; the tombstones do not go with them."""
    db = client("dynamodb")
    backup = {name: db.scan(TableName=name)["Items"] for name in ("Identities", "Profiles", "ProfileParts")}
    receipt = erase(people)
    for name, items in backup.items():
        for item in items:
            db.put_item(TableName=name, Item=item)
    assert traces() != {}

    status, _ = people.admin("POST", f"/erasures/{receipt['erasure_id']}/repetitions")
    work(receipt["erasure_id"])

    assert (status, traces()) == (202, {})
    assert people.admin("GET", "/profiles/bob")[0] == 200


@in_every_lake
def test_an_export_is_complete_and_holds_nobody_elses_data(people: World) -> None:
    status, export = people.admin("GET", f"/profiles/{CANARY[0]}/export")

    text = json.dumps(export)
    assert status == 200
    assert all(string in text for string in CANARY)
    assert "bob" not in text
    assert {e["message_id"] for e in export["timeline"]} == {e["messageId"] for e in CANARY_EVENTS}
    assert {line["event"]["messageId"] for line in export["received"]} == {
        e["messageId"] for e in CANARY_EVENTS
    }
    assert [r["id"] for r in export["records"] if r["type"] == "order"] == [CANARY[4]]
