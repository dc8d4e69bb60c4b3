"""Profiles from the lake alone equal the live ones, byte for byte (I6), and an archive's replay changes nothing."""

from __future__ import annotations

import json
import os
import random
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from halte.stores import Store, Tables, fresh_tables
from services.ingest.adapters.dynamo_erasures import DynamoTombstones
from services.ingest.adapters.parquet import DuckParquet
from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.bootstrap import people as bootstrap
from services.ingest.domain.lake import Amendment, counts
from services.ingest.domain.lines import arrival_of
from services.ingest.lake.forgotten import Forgotten
from services.ingest.lake.rebuild import Difference, compare, people, rebuild
from services.ingest.lake.upkeep import LakeKeeper
from services.shared.aws.dynamo import Table
from services.shared.clock import FixedClock, to_iso
from tests.integration.ingest.conftest import ENV, SECRET_KEY, World
from tests.support.real_data import CDNOW_ORDERS, present

LIVE = Tables("Identities", "Profiles", "ProfileParts")
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def keeper() -> Iterator[LakeKeeper]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        tomorrow = FixedClock(datetime.now(UTC) + timedelta(days=1))
        yield LakeKeeper(store=S3Lake("halte-lake"), parts=DuckParquet(path), clock=tomorrow, folder=path)


def differences(keeper: LakeKeeper) -> tuple[int, int, list[Difference]]:
    """Events taken in, people rebuilt, and where the rebuilt store differs from the live one."""
    live = Store(LIVE)
    with fresh_tables() as tables:
        made = Store(tables)
        forgotten = Forgotten(
            DynamoTombstones(Table(ENV["ERASURES_TABLE"]), os.environ["ADDRESS_SECRET_ARN"]).mark
        )
        done = rebuild(keeper.lines, made.consumer(forgotten.gate), made.identities, made.ruler(), forgotten)
        left, right = (list(people(s.profile_ids(), s.profiles, s.timeline, s.records)) for s in (live, made))
        return done, len(right), compare(left, right)


def live_records() -> list[dict[str, Any]]:
    """Every related record of the live people."""
    live = Store(LIVE)
    everyone = people(live.profile_ids(), live.profiles, live.timeline, live.records)
    return [record for one in everyone for record in one["records"]]


def settle(world: World, batches: list[list[dict[str, Any]]]) -> None:
    """Each batch over HTTP and through consumer and publisher."""
    for batch in batches:
        status, answer = world.post("/v1/batch", {"batch": batch})
        assert status == 200, answer
        for _ in range(5):
            records = world.take()
            world.publish()
            failed = world.consume(records)
            for record in records:
                if record["messageId"] in failed:
                    world.enqueue(record["body"])
            if not failed:
                break
        world.publish()


def traffic(seed: int, count: int = 40) -> list[dict[str, Any]]:
    """Calls of five people with two devices each, one of them shared by all, in no order of time."""
    dice = random.Random(seed)
    events: list[dict[str, Any]] = []
    for n in range(count):
        who = dice.randrange(5)
        at = to_iso(FIRST + timedelta(minutes=dice.randrange(10_000)))
        device = "shared" if dice.random() < 0.1 else f"a-{who}-{dice.randrange(2)}"
        base = {"messageId": f"m-{seed}-{n}", "timestamp": at}
        kind = dice.choice(("page", "track", "identify", "login", "alias"))
        if kind == "page":
            events.append({**base, "type": "page", "anonymousId": device, "name": f"Page {n}"})
        elif kind == "track":
            events.append(
                {
                    **base,
                    "type": "track",
                    "event": "Order Completed",
                    "userId": f"u-{who}",
                    "properties": {"revenue": n / 3, "order_id": f"o-{dice.randrange(6)}"},
                }
            )
        elif kind == "identify":
            traits = {"firstName": f"N{n}", "email": f"p{who}@example.com", "count": n}
            events.append({**base, "type": "identify", "userId": f"u-{who}", "traits": traits})
        elif kind == "login":
            events.append(
                {**base, "type": "identify", "userId": f"u-{who}", "anonymousId": device, "traits": {}}
            )
        else:
            events.append({**base, "type": "alias", "userId": f"u-{who}", "previousId": f"a-{who}-0"})
    return events


@pytest.mark.parametrize("seed", range(4))
def test_random_traffic_rebuilt_from_the_lake_is_equal(world: World, keeper: LakeKeeper, seed: int) -> None:
    """I6, with duplicates, merges and refused events; half of the lake is Parquet by then."""
    events = traffic(seed)
    dice = random.Random(seed)
    again = dice.sample(events, 8)
    mixed = [*events, *again, {"type": "track", "messageId": "bad"}]
    dice.shuffle(mixed)
    settle(world, [mixed[:20], mixed[20:35]])
    keeper.compact()
    settle(world, [mixed[35:]])
    taken, rebuilt, found = differences(keeper)
    assert found == []
    assert taken == 40
    assert 1 < rebuilt <= 5 + 11
    assert any(one["type"] == "order" for one in live_records())


def test_a_change_of_either_side_is_found(world: World, keeper: LakeKeeper) -> None:
    settle(world, [traffic(1)])
    assert differences(keeper)[2] == []
    (receipt,) = [line["receipt"] for line in keeper.lines() if line["message_id"] == "m-1-0"]
    keeper.amend(Amendment(roll_back=receipt))
    taken, _, found = differences(keeper)
    assert taken == 39
    assert found


def test_feedback_and_trusted_events_are_rebuilt_as_what_they_were(world: World, keeper: LakeKeeper) -> None:
    settle(
        world,
        [[{"type": "identify", "userId": "u-1", "messageId": "a", "traits": {"email": "a@example.com"}}]],
    )
    secret = {"authorization": f"Basic {_basic(SECRET_KEY)}"}
    body = {"userId": "u-1", "messageId": "b", "traits": {"email": "b@example.com"}}
    assert world.post("/v1/identify", body, secret)[0] == 200
    world.consume()
    world.publish()
    (profile,) = world.profiles()
    assert profile["traits"]["email"] == "b@example.com"
    detail = {
        "events": [
            {"type": "track", "event": "Email Opened", "profileId": profile["profile_id"], "messageId": "f-1"}
        ]
    }
    envelope = {
        "id": "e-1",
        "source": "halte.delivery",
        "detail-type": "OutcomesObserved.v1",
        "detail": detail,
    }
    world.enqueue(json.dumps(envelope))
    assert world.consume() == set()
    world.publish()
    taken, rebuilt, found = differences(keeper)
    assert [(one.live, one.rebuilt) for one in found] == []
    assert (taken, rebuilt) == (3, 1)


def test_replaying_the_whole_lake_over_live_data_changes_nothing(world: World, keeper: LakeKeeper) -> None:
    """F24: the same receipts again are redeliveries; nothing is written or told."""
    settle(world, [traffic(2)])
    before = _items()
    done = Store(LIVE).consumer().replay(arrival_of(line) for line in keeper.lines() if counts(line))
    assert done.failed == set()
    assert _items() == before
    assert world.publish() == []


def test_a_slice_of_real_purchases_is_equal(world: World, keeper: LakeKeeper) -> None:
    """CDNOW: 150 real orders, among them rows that repeat another row and are genuine."""
    rows = [line.split() for line in present(CDNOW_ORDERS).read_text().splitlines()[1:151]]
    events = [
        {
            "type": "track",
            "event": "Order Completed",
            "userId": f"cdnow-{customer}",
            "messageId": f"cdnow-{number}",
            "timestamp": f"{day[:4]}-{day[4:6]}-{day[6:]}T12:00:00Z",
            "properties": {
                "order_id": number,
                "quantity": int(quantity),
                "revenue": float(amount),
                "currency": "USD",
            },
        }
        for number, (customer, day, quantity, amount) in enumerate(rows, 1)
    ]
    random.Random(1).shuffle(events)
    settle(world, [events])
    keeper.compact()
    taken, rebuilt, found = differences(keeper)
    assert (taken, found) == (150, [])
    assert rebuilt == len({row[0] for row in rows})


def _items() -> list[Any]:
    from services.shared.aws.clients import client

    return [
        client("dynamodb").scan(TableName=name)["Items"]
        for name in ("Identities", "Profiles", "ProfileParts")
    ]


def _basic(key: str) -> str:
    import base64

    return base64.b64encode(f"{key}:".encode()).decode()


def call(who: str, n: int, minute: int, kind: str = "identify", **fields: Any) -> dict[str, Any]:
    at = to_iso(FIRST + timedelta(minutes=minute))
    return {"type": kind, "userId": who, "messageId": f"{who}-{n}", "timestamp": at, **fields}


def decide(world: World, who: str, what: str, body: dict[str, Any]) -> dict[str, Any]:
    """A marketer's decision about the profile of a user, told to the others."""
    profile_id = world.admin("GET", f"/profiles/userId:{who}")[1]["profile_id"]
    status, answer = world.review("POST", f"/profiles/{profile_id}/{what}", body)
    assert status == 200, answer
    world.publish(times=2)  # F1: the stream hands its batch over twice
    return answer


def profile_id_of(world: World, who: str) -> str:
    return str(world.admin("GET", f"/profiles/userId:{who}")[1]["profile_id"])


def erase(world: World, who: str) -> None:
    erasure_id = world.admin("POST", f"/profiles/userId:{who}/erasure")[1]["erasure_id"]
    while not bootstrap.eraser().work(erasure_id):
        pass
    world.publish()


def test_what_marketers_decided_is_rebuilt_too(world: World, keeper: LakeKeeper) -> None:
    """A merge by hand, a part of it parted again, and an erasure of the parted one: from the lake alone the same
    people come out after each, with the profile ids that the parting drew."""
    settle(
        world,
        [
            [
                call("ana", 1, 1, traits={"email": "ana@example.com", "city": "Gent"}),
                call("ana", 2, 2, anonymousId="ana-phone"),
                call("crm-7", 1, 3, traits={"city": "Brugge"}),
                call("crm-7", 2, 4, "track", anonymousId="tablet", event="Order Completed"),
                call("bob", 1, 5, traits={"email": "bob@example.com"}),
            ]
        ],
    )
    settle(world, [[{"type": "page", "anonymousId": "ana-phone", "messageId": "visit", "name": "Home"}]])
    assert differences(keeper)[1:] == (3, [])

    decide(world, "ana", "merges", {"with": profile_id_of(world, "crm-7"), "reason": "the same address"})
    assert differences(keeper)[1:] == (2, [])
    keeper.compact()
    decide(world, "ana", "splits", {"identifiers": ["anonymousId:ana-phone", "userId:crm-7"]})
    parted = world.admin("GET", "/profiles/userId:crm-7")[1]
    assert {i["value"] for i in parted["identifiers"]} == {"crm-7", "ana-phone"}
    assert differences(keeper)[1:] == (3, [])
    decide(world, "bob", "merges", {"with": profile_id_of(world, "ana")})
    settle(world, [[call("crm-7", 9, 9, "track", event="Order Completed")]])
    assert differences(keeper)[1:] == (2, [])
    keeper.compact()

    erase(world, "crm-7")
    assert differences(keeper)[1:] == (1, [])
    assert not any("crm-7" in json.dumps(line) for line in keeper.lines())
    erase(world, "ana")
    assert differences(keeper)[1:] == (0, [])
    assert not any("ana" in json.dumps(line) for line in keeper.lines())
    assert sum(line["disposition"] == "ruled" for line in keeper.lines()) > 5


def test_a_decision_that_is_told_after_the_erasure_names_nobody(world: World, keeper: LakeKeeper) -> None:
    """F39: the publisher is behind while somebody is merged and then erased."""
    settle(world, [[call("ana", 1, 1), call("bob", 1, 2)]])
    ids = [profile_id_of(world, who) for who in ("ana", "bob")]
    assert world.review("POST", f"/profiles/{ids[0]}/merges", {"with": ids[1]})[0] == 200
    erase(world, "ana")
    world.publish()
    assert {line["event"]["name"] for line in keeper.lines() if line["disposition"] == "ruled"} == {"erased"}
    assert differences(keeper)[1:] == (0, [])


def test_who_is_parted_by_events_has_the_same_profile_id_at_once(world: World, keeper: LakeKeeper) -> None:
    """A visit was ana's until too many people turned out to use her kiosk: the profile it has since was drawn without
    an event that says so, and nothing has happened to it after that."""
    settle(world, [[call("ana", 1, 1, anonymousId="kiosk")]])
    settle(world, [[{"type": "page", "anonymousId": "kiosk", "messageId": "visit", "name": "Home"}]])
    assert world.admin("GET", "/profiles/anonymousId:kiosk")[1]["profile_id"] == profile_id_of(world, "ana")
    for n in range(6):
        settle(world, [[call(f"u-{n}", 1, 2 + n, anonymousId="kiosk")]])
    drawn = world.admin("GET", "/profiles/anonymousId:kiosk")[1]
    assert drawn["profile_id"] != profile_id_of(world, "ana")
    assert drawn["counts"] == {"page": 1}
    assert differences(keeper)[1:] == (8, [])
    keeper.compact()
    assert differences(keeper)[1:] == (8, [])
    told = [line["event"] for line in keeper.lines() if line["disposition"] == "ruled"]
    assert [(one["name"], one["home"]) for one in told] == [("born", drawn["profile_id"])]


def parted_people(world: World) -> tuple[str, str]:
    """Ana and Bob were one profile by hand while both said something, and are two again."""
    settle(world, [[call("ana", 1, 1), call("bob", 1, 2)]])
    decide(world, "ana", "merges", {"with": profile_id_of(world, "bob")})
    settle(world, [[call("ana", 2, 3), call("bob", 2, 4, traits={"note": "bob-secret"})]])
    decide(world, "ana", "splits", {"identifiers": ["userId:bob"]})
    return profile_id_of(world, "ana"), profile_id_of(world, "bob")


def sent_by(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    return sorted(
        str(line["event"]["messageId"]) for line in lines if line["event"] and "messageId" in line["event"]
    )


@pytest.mark.parametrize("form", ["raw", "parquet"])
@pytest.mark.parametrize("who", ["ana", "bob"])
def test_of_parted_people_one_is_forgotten_and_shown_without_the_other(
    world: World, keeper: LakeKeeper, form: str, who: str
) -> None:
    """Lines of the lake say whose profile an event had when it came; that was the other's for a while."""
    ids = parted_people(world)
    assert len({*ids}) == 2
    if form == "parquet":
        keeper.compact()
    other = {"ana": "bob", "bob": "ana"}[who]
    export = world.admin("GET", f"/profiles/userId:{who}/export")[1]
    assert sent_by(export["received"]) == [f"{who}-1", f"{who}-2"]
    erase(world, who)
    left = list(keeper.lines())
    assert sent_by(left) == [f"{other}-1", f"{other}-2"]
    assert {line["profile_id"] for line in left if line["disposition"] == "applied"} == {
        profile_id_of(world, other)
    }
    assert not any(who in json.dumps(line) for line in left)
    assert differences(keeper)[1:] == (1, [])
    erase(world, other)
    assert sent_by(keeper.lines()) == []


def test_an_erased_device_that_comes_up_again_is_nobody_s(world: World, keeper: LakeKeeper) -> None:
    """Before the erasure and after it, somebody else uses the device: in the rebuilt profile it is no more hers than in
    the live one."""
    settle(world, [[call("ana", 1, 1, anonymousId="tablet"), call("eve", 1, 2, anonymousId="tablet")]])
    erase(world, "ana")
    settle(
        world, [[call("eve", 2, 3, anonymousId="tablet"), call("eve", 3, 4, "alias", previousId="tablet")]]
    )
    assert [i["value"] for i in world.admin("GET", "/profiles/eve")[1]["identifiers"]] == ["eve"]
    keeper.compact()
    assert differences(keeper)[1:] == (1, [])


def test_a_device_that_an_erasure_leaves_to_few_is_still_nobody_s(world: World, keeper: LakeKeeper) -> None:
    """Six users shared a kiosk; one is erased. The cut that keeps the others apart is in the lake as well."""
    visits = [call(f"u-{n}", 1, n, anonymousId="kiosk") for n in range(6)]
    settle(world, [[*visits, {"type": "page", "anonymousId": "kiosk", "messageId": "visit"}]])
    assert differences(keeper)[1:] == (7, [])
    erase(world, "u-5")
    assert world.admin("GET", "/profiles/u-0")[1]["counts"] == {"identify": 1}
    assert differences(keeper)[1:] == (6, [])
