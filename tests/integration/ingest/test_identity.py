"""Who is who through the real handlers: the order of arrival changes nothing, and nothing that was told is wrong."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.ingest.adapters.dynamo_identities import DynamoIdentities
from services.ingest.bootstrap import profiles as bootstrap
from services.ingest.domain.policy import MAX_COMPONENT
from services.shared.clock import to_iso
from services.shared.contracts.ingest import ProfileChange, ProfilesChanged, ProfilesMerged
from tests.integration.ingest.conftest import World
from tests.integration.ingest.test_handlers import bus_body
from tests.support.thorough import EXHAUSTIVE

START = datetime(2026, 11, 1, tzinfo=UTC)


class Listener:
    """A consumer that counts events as the contract says it may: each version once, anew when `since` grows, and
    losers of a merge not at all."""

    def __init__(self) -> None:
        self._versions: dict[str, dict[int, Counter[str]]] = {}
        self._since: dict[str, int] = {}
        self._gone: set[str] = set()
        self.told_before = 0

    def hear(self, world: World, times: int = 1, shuffle: random.Random | None = None) -> list[ProfileChange]:
        told = world.publish(times)
        changes = [c for e in told for c in ProfilesChanged.model_validate(e["detail"]).changes]
        if shuffle:
            shuffle.shuffle(changes)
        for change in changes:
            self._take(change)
        for event in world.merges:
            for merge in ProfilesMerged.model_validate(event["detail"]).merges:
                self._gone.add(merge.loser)
        world.merges.clear()
        return changes

    def _take(self, change: ProfileChange) -> None:
        self.told_before += change.told_before
        since = max(self._since.get(change.profile_id, 0), change.since)
        self._since[change.profile_id] = since
        versions = self._versions.setdefault(change.profile_id, {})
        versions[change.version] = Counter(event.name for event in change.events)
        self._versions[change.profile_id] = {v: e for v, e in versions.items() if v >= since}
        if change.since:
            self._gone.discard(change.profile_id)

    def counts(self) -> dict[str, int]:
        """Events by living profile."""
        return {
            profile_id: sum(sum(events.values()) for events in versions.values())
            for profile_id, versions in self._versions.items()
            if profile_id not in self._gone
        }


def event(n: int, minute: int, type_: str = "track", **fields: Any) -> dict[str, Any]:
    at = to_iso(START + timedelta(minutes=minute))
    return {"type": type_, "event": f"E{n}", "messageId": f"m{n}", "timestamp": at, **fields}


def send(world: World, *events: dict[str, Any], door: str = "web") -> None:
    enqueue(world, *events, door=door)
    assert world.consume() == set()


def enqueue(world: World, *events: dict[str, Any], door: str = "web") -> None:
    if door == "web":
        assert world.post("/v1/batch", {"batch": list(events)})[0] == 200
    else:
        for one in events:
            world.enqueue(bus_body(f"eb-{one['messageId']}", one))


def seen_from(world: World) -> set[tuple[Any, ...]]:
    """People as anybody may compare them: identifiers, traits, counts."""
    return {
        (
            tuple(sorted((i["kind"], i["value"]) for i in one["identifiers"])),
            tuple(sorted((name, str(value)) for name, value in one["traits"].items())),
            tuple(sorted((name, str(count)) for name, count in one["counts"].items())),
        )
        for one in world.profiles()
        if one["counts"]
    }


@pytest.mark.capability("002-3")
def test_page_views_before_the_login_are_the_customer_s(world: World) -> None:
    """The shop knows u-1; a visitor looks around on a new device, then logs in there. Later somebody else does, too."""
    listener = Listener()
    send(world, event(1, 0, userId="u-1"))
    listener.hear(world)
    send(world, event(2, 1, "page", anonymousId="x"), event(3, 2, "page", anonymousId="x"))
    listener.hear(world)
    visitor = world.admin("GET", "/profiles/x")[1]
    send(world, event(4, 3, "identify", userId="u-1", anonymousId="x", traits={"plan": "pro"}))
    changes = listener.hear(world)
    (ana,) = world.profiles()
    assert ana["counts"] == {"identify": 1, "page": 2, "track": 1}
    retold = [change for change in changes if change.told_before]
    assert [e.message_id for change in retold for e in change.events] == ["m2", "m3"]
    assert {change.profile_id for change in retold} == {ana["profile_id"]}
    assert listener.counts() == {ana["profile_id"]: 4}
    for name in ("x", "u-1", visitor["profile_id"]):
        assert world.admin("GET", f"/profiles/{name}")[1] == ana
    page = bootstrap.timeline().read(profile(world, "u-1").strips())
    assert [one.call.message_id for one in page.events] == ["m4", "m3", "m2", "m1"]
    send(world, event(5, 4, userId="u-2", anonymousId="x"), event(6, 5, userId="u-2"))
    assert len(world.profiles()) == 2
    assert world.admin("GET", "/profiles/u-1") == (200, ana)
    assert world.admin("GET", "/profiles/u-2")[1]["counts"] == {"track": 2}
    trail = world.review("GET", f"/profiles/{ana['profile_id']}/identity")[1]["decisions"]
    assert [(d["what"], d["others"], d["message_id"]) for d in trail] == [
        ("merged", [visitor["profile_id"]], "m4")
    ]


def profile(world: World, name: str) -> Any:
    profile_id = world.admin("GET", f"/profiles/{name}")[1]["profile_id"]
    return bootstrap.profiles().load([profile_id])[profile_id]


def test_ten_users_of_a_device_stay_ten_people(world: World) -> None:
    for i in range(10):
        send(world, event(i, i, userId=f"u-{i}", anonymousId="kiosk"))
        Listener().hear(world)
    found = world.profiles()
    assert len(found) == 10
    assert all(len([i for i in one["identifiers"] if i["kind"] == "userId"]) == 1 for one in found)
    assert world.admin("GET", "/profiles/kiosk")[0] == 404


def test_a_device_that_turns_out_to_be_shared_gives_its_visits_back(world: World) -> None:
    """An automatic un-merge: visits of the kiosk were the first user's, until a sixth user showed up."""
    listener = Listener()
    send(world, event(0, 0, userId="u-0", anonymousId="kiosk"), event(100, 1, "page", anonymousId="kiosk"))
    listener.hear(world)
    assert world.admin("GET", "/profiles/u-0")[1]["counts"] == {"page": 1, "track": 1}
    for i in range(1, 6):
        send(world, event(i, i, userId=f"u-{i}", anonymousId="kiosk"))
        listener.hear(world)
    assert world.admin("GET", "/profiles/u-0")[1]["counts"] == {"track": 1}
    kiosk = world.admin("GET", "/profiles/kiosk")[1]
    assert (kiosk["counts"], len(kiosk["identifiers"])) == ({"page": 1}, 1)
    assert listener.counts() == {one["profile_id"]: sum(one["counts"].values()) for one in world.profiles()}
    strips = profile(world, "u-0").strips()
    assert [one.call.message_id for one in bootstrap.timeline().read(strips).events] == ["m0"]


def test_an_earlier_login_that_arrives_late_gives_the_device_to_its_first_user(world: World) -> None:
    listener = Listener()
    send(world, event(1, 10, userId="u-late", anonymousId="x"), event(2, 11, "page", anonymousId="x"))
    listener.hear(world)
    send(world, event(3, 1, userId="u-early", anonymousId="x"))
    listener.hear(world)
    assert world.admin("GET", "/profiles/u-early")[1]["counts"] == {"page": 1, "track": 1}
    assert world.admin("GET", "/profiles/u-late")[1]["counts"] == {"track": 1}
    assert listener.counts() == {one["profile_id"]: sum(one["counts"].values()) for one in world.profiles()}


def test_an_un_merge_waits_until_the_history_is_complete(world: World) -> None:
    """F39: the publisher is behind; the event comes again, and then it is done."""
    send(world, event(1, 10, userId="u-late", anonymousId="x"), event(2, 11, "page", anonymousId="x"))
    world.post("/v1/batch", {"batch": [event(3, 1, userId="u-early", anonymousId="x")]})
    records = world.take()
    assert world.consume(records) == {records[0]["messageId"]}
    world.publish()
    assert world.consume(records) == set()
    assert world.admin("GET", "/profiles/u-early")[1]["counts"] == {"page": 1, "track": 1}


def test_chains_of_merges_end_in_one_person(world: World) -> None:
    """F30: A <- B <- C, each told before the next merge, or all at once at the end."""
    for told_between in (True, False):
        tag = "t" if told_between else "n"
        listener = Listener()
        steps = (
            [event(f"{tag}1", 1, anonymousId=f"{tag}x"), event(f"{tag}2", 2, userId=f"{tag}u")],
            [event(f"{tag}3", 3, "identify", anonymousId=f"{tag}y", traits={"email": f"{tag}@example.com"})],
            [event(f"{tag}4", 4, "identify", anonymousId=f"{tag}x", traits={"email": f"{tag}@example.com"})],
            [event(f"{tag}5", 5, "identify", userId=f"{tag}u", traits={"email": f"{tag}@example.com"})],
        )
        for step in steps:
            send(world, *step)
            if told_between:
                listener.hear(world, times=2)
        listener.hear(world)
        ana = world.admin("GET", f"/profiles/{tag}u")[1]
        assert sum(ana["counts"].values()) == 5
        assert listener.counts() == {ana["profile_id"]: 5}


def traffic() -> list[tuple[dict[str, Any], str]]:
    """About 30 events of five people who share devices and an address, with the door of each."""
    events: list[tuple[dict[str, Any], str]] = []

    def add(door: str, type_: str = "track", **fields: Any) -> None:
        n = len(events)
        events.append((event(n, n * 7 % 31 * 60, type_, **fields), door))

    for i in range(5):
        add("web", "page", anonymousId=f"x{i}")
        add("web", userId=f"u{i}", anonymousId=f"x{i}")
        add("web", "identify", userId=f"u{i}", traits={"plan": f"p{i}", "lang": "nl"})
        add("bus", userId=f"u{i}")
    add("web", "page", anonymousId="x0")
    add("web", userId="u1", anonymousId="x0")
    add("web", userId="u2", anonymousId="x0")
    add("bus", "identify", userId="u3", traits={"email": "family@example.com"})
    add("web", "identify", userId="u4", traits={"email": "family@example.com"})
    add("web", "identify", anonymousId="x3b", traits={"email": "family@example.com", "plan": "late"})
    add("web", "page", anonymousId="x3b")
    add("web", "alias", userId="u0b", previousId="u0", anonymousId="x0")
    add("web", userId="u0b")
    add("web", "alias", userId="u2", previousId="x2b")
    add("web", "page", anonymousId="x2b")
    return events


def person(ids: str, traits: str, counts: str) -> tuple[Any, ...]:
    return tuple(
        tuple(sorted(tuple(pair.split(":")) for pair in text.split())) for text in (ids, traits, counts)
    )


PEOPLE = {
    person("userId:u0 userId:u0b anonymousId:x0", "plan:p0 lang:nl", "alias:1 identify:1 page:2 track:3"),
    person("userId:u1 anonymousId:x1", "plan:p1 lang:nl", "identify:1 page:1 track:3"),
    person(
        "userId:u2 anonymousId:x2 anonymousId:x2b", "plan:p2 lang:nl", "alias:1 identify:1 page:2 track:3"
    ),
    person(
        "userId:u3 anonymousId:x3 anonymousId:x3b email:family@example.com",
        "plan:late lang:nl email:family@example.com",
        "identify:3 page:2 track:2",
    ),
    person(
        "userId:u4 anonymousId:x4", "plan:p4 lang:nl email:family@example.com", "identify:2 page:1 track:2"
    ),
}


def played(world: World, order: Sequence[tuple[dict[str, Any], str]], dice: random.Random) -> Listener:
    listener = Listener()
    start = 0
    while start < len(order):
        size = dice.randint(1, 5)
        for door in ("web", "bus"):
            if some := [one for one, its in order[start : start + size] if its == door]:
                enqueue(world, *some, door=door)
                records = world.take()
                if world.consume(records):  # the publisher was behind
                    listener.hear(world, shuffle=dice)
                    assert world.consume(records) == set()
        listener.hear(world, times=dice.choice([1, 2]), shuffle=dice)
        start += size
    return listener


@pytest.mark.capability("002-1")
@pytest.mark.parametrize("seed", range(40 if EXHAUSTIVE else 3))
def test_any_order_and_repetition_ends_in_the_same_people(world: World, seed: int) -> None:
    """F1, F2: the order of time, and order, duplicates and batches at random."""
    dice = random.Random(seed)
    events = sorted(traffic(), key=lambda one: one[0]["timestamp"])
    if seed:
        events += dice.sample(events, 10)
        dice.shuffle(events)
    listener = played(world, events, dice)
    assert seen_from(world) == PEOPLE
    living = {one["profile_id"]: sum(one["counts"].values()) for one in world.profiles() if one["counts"]}
    assert {k: v for k, v in listener.counts().items() if v} == living


@pytest.mark.parametrize("seed", range(2))
def test_consumers_side_by_side_end_in_the_same_people(world: World, seed: int) -> None:
    """F1, F11: three consumers work on the same people at once, the publisher now and then; what fails comes again."""
    dice = random.Random(seed)
    events = traffic()
    dice.shuffle(events)
    for one, door in events:
        enqueue(world, one, door=door)
    records = world.take()
    listener = Listener()
    with ThreadPoolExecutor(3) as pool:
        while records:
            dice.shuffle(records)
            shares = [records[i : i + 4] for i in range(0, len(records), 4)]
            failed = set().union(*pool.map(world.consume, shares))
            records = [one for one in records if one["messageId"] in failed]
            listener.hear(world, shuffle=dice)
    assert seen_from(world) == PEOPLE
    living = {one["profile_id"]: sum(one["counts"].values()) for one in world.profiles() if one["counts"]}
    assert {k: v for k, v in listener.counts().items() if v} == living


@pytest.mark.parametrize("step", ["history", "graph"])
def test_an_un_merge_that_dies_halfway_is_done_by_the_next(
    world: World, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5, F8: before the graph was written nothing is changed; after it everything is, though nobody heard so."""
    listener = Listener()
    send(world, event(1, 10, userId="u-late", anonymousId="x"), event(2, 11, "page", anonymousId="x"))
    listener.hear(world)
    enqueue(world, event(3, 1, userId="u-early", anonymousId="x"))
    records = world.take()
    commit = DynamoIdentities.commit

    def dies(self: DynamoIdentities, *args: Any) -> bool:
        if step == "graph":
            commit(self, *args)
        raise ConnectionError("crash")

    with monkeypatch.context() as patched:
        patched.setattr(DynamoIdentities, "commit", dies)
        assert world.consume(records) == {records[0]["messageId"]}
    listener.hear(world)
    assert world.consume(records) == set()
    listener.hear(world)
    assert world.admin("GET", "/profiles/u-early")[1]["counts"] == {"page": 1, "track": 1}
    assert world.admin("GET", "/profiles/u-late")[1]["counts"] == {"track": 1}
    assert listener.counts() == {one["profile_id"]: sum(one["counts"].values()) for one in world.profiles()}
    for name, ids in (("u-early", ["m2", "m3"]), ("u-late", ["m1"])):
        page = bootstrap.timeline().read(profile(world, name).strips())
        assert [one.call.message_id for one in page.events] == ids


def test_a_replay_of_everything_changes_nothing(world: World) -> None:
    """F24: the archive is played over live data, months later, beyond every memory."""
    events = [event(n, n, userId="u-1", anonymousId="x") for n in range(60)]
    for start in range(0, 60, 20):
        send(world, *events[start : start + 20], door="bus")
        world.publish()
    before = world.admin("GET", "/profiles/u-1")
    send(world, *events, door="bus")
    assert world.admin("GET", "/profiles/u-1") == before
    assert world.publish() == []
    late = event(999, 5, userId="u-1")
    send(world, late)
    assert world.admin("GET", "/profiles/u-1")[1]["counts"] == {"track": 61}


def test_copies_of_bus_events_that_say_no_time_are_copies_for_ever(world: World) -> None:
    """F24: the bus hands an archived event over with the time of its envelope, and that is all there is."""
    bodies = []
    for n in range(40):
        detail = {"type": "track", "event": f"E{n}", "userId": "u-1"}
        envelope = {**json.loads(bus_body(f"e-{n}", detail)), "time": to_iso(START + timedelta(minutes=n))}
        bodies.append(json.dumps(envelope))
    for batch in (bodies[:20], bodies[20:], bodies):
        for body in batch:
            world.enqueue(body)
        assert world.consume() == set()
        world.publish()
    assert world.admin("GET", "/profiles/u-1")[1]["counts"] == {"track": 40}


def two_people(world: World) -> tuple[str, str]:
    send(world, event(1, 1, "identify", userId="u-1", traits={"email": "ana@example.com", "city": "Gent"}))
    send(
        world,
        event(2, 2, "identify", userId="crm-7", anonymousId="x", traits={"plan": "pro", "city": "Brugge"}),
    )
    ids = [world.admin("GET", f"/profiles/{name}")[1]["profile_id"] for name in ("u-1", "crm-7")]
    return ids[0], ids[1]


def test_a_marketer_merges_after_a_preview_and_parts_again(world: World) -> None:
    """F31's other half: the merge is undone, and each has what was its own."""
    listener = Listener()
    one, other = two_people(world)
    listener.hear(world)
    before = [world.admin("GET", f"/profiles/{name}")[1] for name in (one, other)]
    path = f"/profiles/{one}/merges"
    status, preview = world.review("POST", path, {"with": other, "dry_run": True, "reason": "same address"})
    assert (status, world.publish()) == (200, [])
    assert [world.admin("GET", f"/profiles/{name}")[1] for name in (one, other)] == before
    status, done = world.review("POST", path, {"with": other, "reason": "same address"})
    assert (status, {**done, "dry_run": True}) == (200, preview)
    (made,) = done["profiles"]
    assert {f"{i['kind']}:{i['value']}" for i in made["identifiers"]} == {
        "userId:u-1",
        "userId:crm-7",
        "email:ana@example.com",
        "anonymousId:x",
    }
    assert made["traits"]["city"]["value"] == "Brugge"
    assert made["traits"]["plan"] == {
        "value": "pro",
        "at": "2026-11-01T00:02:00.000Z",
        "source": "recorded",
        "kind": "declared",
    }
    assert (made["counts"], done["redirects"]) == ({"identify": 2}, {other: one})
    listener.hear(world)
    assert listener.counts() == {one: 2}
    assert world.admin("GET", f"/profiles/{other}") == world.admin("GET", "/profiles/u-1")
    assert world.review("POST", path, {"with": other})[1]["code"] == "same_profile"

    names = ["userId:crm-7", "anonymousId:x"]
    assert (
        world.review("POST", f"/profiles/{one}/splits", {"identifiers": names, "reason": "sisters"})[0] == 200
    )
    listener.hear(world)
    assert listener.counts() == {one: 1, other: 1}
    for was, name in zip(before, (one, other), strict=True):
        now = world.admin("GET", f"/profiles/{name}")[1]
        assert (now["identifiers"], now["traits"], now["counts"]) == (
            was["identifiers"],
            was["traits"],
            was["counts"],
        )
    explained = world.review("GET", f"/profiles/{one}/identity")[1]
    assert [(d["what"], d["reason"]) for d in explained["decisions"]] == [
        ("merged", "same address"),
        ("told anew", "sisters"),
        ("told anew", "sisters"),
    ]
    assert {(e["kind"], e["verdict"]) for e in explained["edges"]} == {("seen", "joined"), ("manual", "cut")}
    send(world, event(3, 3, "page", anonymousId="x"))
    assert world.admin("GET", f"/profiles/{other}")[1]["counts"] == {"identify": 1, "page": 1}
    assert world.review("POST", path, {"with": other})[0] == 200
    assert world.admin("GET", f"/profiles/{one}")[1]["counts"] == {"identify": 2, "page": 1}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("prf_nobody/merges", {"with": "prf_x"}, 404, "unknown_profile"),
        ("ONE/merges", {"with": "prf_x"}, 404, "unknown_profile"),
        ("ONE/merges", {"with": "ONE"}, 409, "same_profile"),
        ("ONE/merges", {}, 400, "invalid"),
        ("ONE/merges", {"with": "prf_x", "force": True}, 400, "invalid"),
        ("ONE/splits", {"identifiers": ["userId:u-1", "email:ana@example.com"]}, 409, "nothing_left"),
        ("ONE/splits", {"identifiers": ["userId:crm-7"]}, 400, "not_its_identifier"),
        ("ONE/splits", {"identifiers": []}, 400, "invalid"),
    ],
)
def test_what_a_marketer_can_not_decide(world: World, path: str, body: Any, status: int, code: str) -> None:
    one, _ = two_people(world)
    body = {k: one if v == "ONE" else v for k, v in body.items()}
    answer = world.review("POST", "/profiles/" + path.replace("ONE", one), body)
    assert (answer[0], answer[1]["code"]) == (status, code)


def test_a_merge_that_would_link_too_many_is_refused(world: World) -> None:
    for user in ("a", "b"):
        for i in range(MAX_COMPONENT // 2 + 2):
            send(world, event(f"{user}{i}", i, userId=user, anonymousId=f"{user}{i}"))
    ids = [world.admin("GET", f"/profiles/{user}")[1]["profile_id"] for user in ("a", "b")]
    answer = world.review("POST", f"/profiles/{ids[0]}/merges", {"with": ids[1]})
    assert (answer[0], answer[1]["code"]) == (409, "identifier_limit")
