"""Histories in DynamoDB: pages newest first, completeness, looking messages up, and what erasure leaves."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from infra.receives import RECEIVES
from services.ingest.bootstrap import profiles as bootstrap
from services.ingest.domain.history import Cursor, Signed
from services.ingest.handlers.on_events import PAUSES
from services.ingest.ports import Behind
from services.shared.aws.clients import client
from tests.integration.ingest.conftest import World
from tests.integration.ingest.test_identity import event, profile, send


def scattered(count: int, dice: random.Random) -> list[dict[str, Any]]:
    """Events over five months, most of them on one busy day, some at one instant."""
    minutes = [dice.choice([dice.randint(0, 5 * 43_200), dice.randint(50_000, 50_060)]) for _ in range(count)]
    return [event(n, -minute, userId="u-1") for n, minute in enumerate(minutes)]


def told(world: World, events: list[dict[str, Any]], dice: random.Random) -> None:
    while events:
        some = [events.pop() for _ in range(min(len(events), dice.randint(1, 9)))]
        send(world, *some)
        world.publish()


def test_pages_come_newest_first_and_hold_every_event_once(world: World) -> None:
    dice = random.Random(1)
    events = scattered(90, dice)
    expected = sorted(((e["timestamp"], e["messageId"]) for e in events), reverse=True)
    told(world, events, dice)
    strips = profile(world, "u-1").strips()
    found: list[Signed] = []
    cursor: Cursor | None = None
    for _ in range(90):
        page = bootstrap.timeline().read(strips, before=cursor, limit=7)
        found += page.events
        cursor = page.next
        if cursor is None:
            break
    read = [(f"{one.call.at:%Y-%m-%dT%H:%M:%S}.000Z", one.call.message_id) for one in found]
    assert read == expected


def test_a_busy_profile_s_copies_are_found_in_its_history(world: World) -> None:
    """F24, F34: exact however late a copy comes and in whatever order the events came."""
    dice = random.Random(2)
    events = scattered(90, dice)
    again = list(events)
    told(world, events, dice)
    dice.shuffle(again)
    told(world, again, dice)
    assert world.admin("GET", "/profiles/u-1")[1]["counts"] == {"track": 90}
    assert {line["disposition"] for line in world.lake()} == {"applied", "duplicate"}


def test_a_history_that_is_not_complete_says_so(world: World) -> None:
    send(world, event(1, 1, userId="u-1"))
    known = profile(world, "u-1")
    with pytest.raises(Behind):
        bootstrap.timeline().find(known, [])
    world.publish()
    assert bootstrap.timeline().find(known, []) == {}


def late_event_of_a_busy_person(world: World) -> None:
    """Queued, while the publisher has still to store what was written a moment ago."""
    send(world, *(event(n, n, userId="u-1") for n in range(20)))
    assert world.post("/v1/batch", {"batch": [event(99, 1, userId="u-1")]})[0] == 200


def test_a_late_event_of_a_busy_person_waits_for_seconds(world: World) -> None:
    """F34, F39: while the history isn't complete one can't know whether it is a copy."""
    late_event_of_a_busy_person(world)
    assert len(world.work_off()) == 1
    world.publish()
    until = time.monotonic() + PAUSES[0] + 3
    while world.admin("GET", "/profiles/u-1")[1]["counts"] == {"track": 20} and time.monotonic() < until:
        assert world.work_off() == set()
    assert world.admin("GET", "/profiles/u-1")[1]["counts"] == {"track": 21}


def test_the_longer_the_publisher_is_behind_the_longer_messages_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    late_event_of_a_busy_person(world)
    asked: list[int] = []
    monkeypatch.setattr(
        client("sqs"),
        "change_message_visibility",
        lambda **request: asked.append(request["VisibilityTimeout"]),
    )
    (record,) = world.take()
    for receives in range(1, RECEIVES):
        record["attributes"]["ApproximateReceiveCount"] = str(receives)
        assert world.consume([record]) == {record["messageId"]}
    assert asked == [*PAUSES]
    world.publish()
    assert world.consume([record]) == set()
    assert len(asked) == len(PAUSES)


def test_a_message_that_only_waits_is_never_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """F37, F39: the publisher is behind for hours; at the last delivery a copy takes the message's place."""
    late_event_of_a_busy_person(world)
    sent: list[dict[str, Any]] = []
    (record,) = world.take()
    record["attributes"]["ApproximateReceiveCount"] = str(RECEIVES)
    with monkeypatch.context() as patched:
        patched.setattr(client("sqs"), "send_message", lambda **request: sent.append(request))
        assert world.consume([record]) == set()
    (copy,) = sent
    assert (copy["MessageBody"], copy["DelaySeconds"]) == (record["body"], PAUSES[-1])
    with monkeypatch.context() as patched:
        patched.setattr(client("sqs"), "send_message", refuses)
        assert world.consume([record]) == {record["messageId"]}
    world.publish()
    again = {**record, "messageId": "copy", "body": copy["MessageBody"]}
    assert world.consume([again]) == world.consume([again]) == set()
    assert world.admin("GET", "/profiles/u-1")[1]["counts"] == {"track": 21}


def refuses(**_: Any) -> None:
    raise ConnectionError("throttled")


def test_a_message_that_cannot_be_brought_forward_comes_when_the_queue_thinks_fit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F8, F10: SQS refuses; the message and its neighbours are as well off as before."""
    late_event_of_a_busy_person(world)
    world.post("/v1/batch", {"batch": [event(100, 50, userId="u-2")]})
    monkeypatch.setattr(client("sqs"), "change_message_visibility", refuses)
    records = world.take()
    assert world.consume(records) == {records[0]["messageId"]}
    assert world.admin("GET", "/profiles/u-2")[1]["counts"] == {"track": 1}
    world.publish()
    assert world.consume([records[0]]) == set()
    assert world.admin("GET", "/profiles/u-1")[1]["counts"] == {"track": 21}


def test_nothing_is_stored_or_told_of_a_profile_that_is_gone(world: World) -> None:
    """F25: the stream is behind an erasure; what comes late can't bring anything back."""
    send(world, event(1, 1, userId="u-1"))
    gone = profile(world, "u-1").profile_id
    client("dynamodb").delete_item(TableName="Profiles", Key={"profile_id": {"S": gone}})
    assert world.publish() == []
    assert client("dynamodb").scan(TableName="ProfileParts")["Count"] == 0


@pytest.mark.parametrize("months", [1, 3])
def test_a_write_is_told_whole_when_its_publisher_dies_between_chunks(
    world: World, months: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5: the newest chunk is written last, so nobody takes half a history for a whole one."""
    send(world, *(event(n, n * 43_200 * months, userId="u-1") for n in (-2, -1, 0)))
    records = world.stream_records()
    from services.ingest.handlers import on_profiles_stream
    from services.shared.aws.dynamo import Table

    put_many = Table.put_many
    calls: list[int] = []

    def dies(self: Table, items: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise ConnectionError("crash")
        put_many(self, items)

    monkeypatch.setattr(Table, "put_many", dies)
    with pytest.raises(ConnectionError):
        on_profiles_stream.handler({"Records": records}, None)
    known = profile(world, "u-1")
    with pytest.raises(Behind):
        bootstrap.timeline().check_complete(known.strips())
    on_profiles_stream.handler({"Records": records}, None)
    assert len(bootstrap.timeline().read(known.strips()).events) == 3


def test_traits_that_are_said_again_stay_as_they_were_written(world: World) -> None:
    """And still an older value that comes late does not stand, whoever is asked: profile, stream, merge."""
    said = {"firstName": "Ana", "plan": "pro"}

    def tell(n: int, minute: int, name: str = "u-1", **traits: str) -> None:
        send(world, event(n, minute, "identify", userId=name, traits=traits))

    def written() -> Any:
        key = {"profile_id": {"S": profile(world, "u-1").profile_id}, "part": {"S": "traits"}}
        return client("dynamodb").get_item(TableName="ProfileParts", Key=key)["Item"]

    tell(1, 1, **said)
    before = written()
    tell(2, 9, **said)
    send(world, event(3, 10, userId="u-1"))
    tell(4, 5, plan="free")
    assert written() == before
    (told,) = world.publish()
    changes = told["detail"]["changes"]
    assert [(c["traits"], c["traits_version"]) for c in changes] == [(said, 1)] * 4
    tell(5, 7, "u-2", plan="free", city="Gent")
    merge = {"with": profile(world, "u-2").profile_id, "reason": "same person"}
    world.publish()
    assert world.review("POST", f"/profiles/{profile(world, 'u-1').profile_id}/merges", merge)[0] == 200
    assert world.admin("GET", "/profiles/u-2")[1]["traits"] == {**said, "city": "Gent"}


def test_an_ordinary_profile_is_one_small_item(world: World) -> None:
    """With its outbox, whoever the customer is and however long she has been one."""
    traits = {
        "email": "ana.peeters@example.com",
        "firstName": "Ana",
        "lastName": "Peeters",
        "locale": "nl-BE",
    }
    send(world, event(0, 0, "identify", userId="cdnow-12345", anonymousId="9f2c" * 8, traits=traits))
    for n in range(1, 40):
        order = {"order_id": f"o-{n}", "revenue": 12.5, "quantity": 1, "currency": "USD"}
        send(world, event(n, n, userId="cdnow-12345", properties=order))
        world.publish()
    known = profile(world, "cdnow-12345")
    assert len(known.seen.memory) == 16 * 16
    assert world.item_bytes(known.profile_id, without="") <= 1024
