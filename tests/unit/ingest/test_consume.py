"""The consumer: every accepted event ends as applied, duplicate, rejected or sent back."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from services.ingest.domain.arrival import Origin
from services.ingest.domain.history import Signed, chunks
from services.ingest.domain.identifiers import MAX_PER_KIND, Identifier
from services.ingest.domain.intake import pack_http
from services.ingest.domain.policy import MAX_ALIASES, MAX_COMPONENT
from services.ingest.domain.profile import Profile, redirect
from services.ingest.domain.regroup import Node
from services.ingest.ports import StaleProfile
from services.ingest.profiles.consume import Consumer
from services.ingest.profiles.keeper import Keeper
from services.ingest.profiles.recognise import ATTEMPTS, Recogniser
from services.shared.clock import FixedClock
from tests.unit.ingest.fakes import (
    NOW,
    FakeIdentities,
    FakeLake,
    FakeProfiles,
    FakeTimeline,
    identify,
    track,
)


class Fixture:
    def __init__(
        self,
        identities: type[FakeIdentities] = FakeIdentities,
        profiles: FakeProfiles | None = None,
        lake: FakeLake | None = None,
    ) -> None:
        self.profiles = profiles or FakeProfiles()
        self.identities = identities(self.profiles)
        self.timeline = FakeTimeline()
        self.lake = lake or FakeLake()
        numbers, others = itertools.count(1), itertools.count(1)
        clock = FixedClock(NOW)

        def new_profile_id() -> str:
            return f"prf_{next(numbers)}"

        keeper = Keeper(
            identities=self.identities,
            profiles=self.profiles,
            timeline=self.timeline,
            clock=clock,
            new_profile_id=new_profile_id,
            new_tale=lambda: f"tale{next(others)}",
        )
        recogniser = Recogniser(
            identities=self.identities,
            keeper=keeper,
            now=lambda: round(clock.now().timestamp() * 1000),
            new_profile_id=new_profile_id,
            new_graph_id=lambda: f"grp_{next(others)}",
        )
        self.consumer = Consumer(
            recogniser=recogniser,
            profiles=self.profiles,
            timeline=self.timeline,
            lake=self.lake,
            clock=clock,
        )

    def publish(self) -> None:
        """Store the history of what was written."""
        for profile_id, version, events in self.profiles.told:
            tale = self.profiles.stored[profile_id].tale
            self.timeline.append(chunks(profile_id, tale, version, events))

    def dispositions(self) -> dict[str, str]:
        return {receipt: line["disposition"] for receipt, line in self.lake.lines.items()}


def http(receipt: str, *events: dict[str, Any]) -> str:
    (body,) = pack_http(Origin("shop", "http"), receipt, NOW, [json.dumps(event) for event in events])
    return body


def bus(envelope_id: str, detail: Any, source: str = "shop.orders", detail_type: str = "any") -> str:
    text = detail if isinstance(detail, str) else json.dumps(detail)
    head = json.dumps({"version": "0", "id": envelope_id, "source": source, "detail-type": detail_type})
    return f'{head[:-1]},"detail":{text}}}'


def test_one_write_per_profile_per_batch() -> None:
    f = Fixture()
    report = f.consumer.consume(
        {"1": http("rcp", track("a"), track("b", userId="u-2"), track("c")), "2": bus("e1", track("d"))}
    )
    assert sorted((p, v, len(told)) for p, v, told in f.profiles.told) == [("prf_1", 1, 3), ("prf_2", 1, 1)]
    assert (report.failed, report.profiles, dict(report.dispositions)) == (set(), 2, {"applied": 4})


@pytest.mark.capability("002-1")
def test_replay_of_a_batch_changes_nothing() -> None:
    f = Fixture()
    batch = {"1": http("rcp", track("a"), identify("b", traits={"plan": "pro"})), "2": bus("e1", track("c"))}
    f.consumer.consume(batch)
    before, lines = dict(f.profiles.stored), dict(f.lake.lines)
    f.consumer.consume(batch)
    assert f.profiles.stored == before
    assert f.lake.lines == lines
    f.consumer.consume({"3": http("rcp_again", track("a")), "4": bus("e2", track("c"))})
    assert f.profiles.stored == before
    assert {f.dispositions()[r] for r in ("rcp_again#0", "e2")} == {"duplicate"}


def test_rejected_events_are_kept_with_their_reason_and_neighbours_live() -> None:
    f = Fixture()
    deep = "[" * 10_000 + "]" * 10_000
    details = {
        "e1": {"type": "track", "event": "E", "properties": {}},
        "e2": {"type": "purchase", "userId": "u"},
        "e3": track(timestamp="yesterday"),
        "e4": f'{{"a":{deep}}}',
        "e5": track(properties={"a": "x" * 40_000}),
        "e6": '{"type":"track","event":"E","userId":"u","properties":{"a":1e400}}',
        "e7": "[1]",
        "e8": track("good"),
    }
    report = f.consumer.consume({k: bus(k, v) for k, v in details.items()})
    reasons = {k: f.lake.lines[k]["reason"] for k in details}
    assert reasons == {
        "e1": "no_identity",
        "e2": "unknown_type",
        "e3": "bad_timestamp",
        "e4": "too_deep",
        "e5": "too_large",
        "e6": "not_finite",
        "e7": "invalid_json",
        "e8": "",
    }
    assert f.lake.lines["e4"]["refused"] == details["e4"]
    assert (report.failed, dict(report.dispositions)) == (set(), {"rejected": 7, "applied": 1})


@pytest.mark.parametrize(
    "body",
    ["", "no", "[]", "{}", '{"door":"http"}', '{"door":"http","events":[]}', '{"source":"x","detail":{}}',
     '{"door":' + "[" * 100_000,
     '{"id":"1","source":"x","detail-type":"y"}', bus("e", {"events": 1}, "halte.delivery", "OutcomesObserved.v1")],
)  # fmt: skip
def test_what_is_no_event_goes_to_the_dead_letters(body: str) -> None:
    f = Fixture()
    report = f.consumer.consume({"bad": body, "good": http("rcp", track())})
    assert report.failed == {"bad"}
    assert f.dispositions() == {"rcp#0": "applied"}


def test_bus_event_without_message_id_is_known_by_its_envelope() -> None:
    f = Fixture()
    event = track()
    del event["messageId"]
    f.consumer.consume({"1": bus("e1", event)})
    assert f.lake.lines["e1"]["message_id"] == "eb-e1"


def outcome(**fields: Any) -> dict[str, Any]:
    return track("o-1", event="Email Opened", userId=None, **fields)


def test_feedback_finds_its_profile_by_id_and_raises_nobody_from_the_dead() -> None:
    f = Fixture()
    f.consumer.consume({"1": http("rcp", track("a"))})
    who = {"prf_1": {"profileId": "prf_1"}, "prf_gone": {"profileId": "prf_gone"}, "nobody": {}}
    detail = {"events": [{**outcome(**fields), "messageId": name} for name, fields in who.items()]}
    f.consumer.consume({"2": bus("e1", detail, "halte.delivery", "OutcomesObserved.v1")})
    assert f.profiles.stored["prf_1"].version == 2
    assert set(f.profiles.stored) == {"prf_1"}
    assert [f.lake.lines[name]["reason"] for name in who] == ["", "unknown_profile", "no_identity"]


def test_nobody_else_may_name_a_profile() -> None:
    f = Fixture()
    f.consumer.consume({"1": http("rcp", track("a"))})
    f.consumer.consume(
        {"2": bus("e1", outcome(profileId="prf_1")), "3": http("r2", outcome(profileId="prf_1"))}
    )
    assert f.profiles.stored["prf_1"].version == 1
    assert (f.dispositions()["e1"], f.dispositions()["r2#0"]) == ("rejected", "rejected")


class Rival(FakeIdentities):
    """Somebody stores the user between our read and our write."""

    def commit(self, *args: Any) -> bool:
        self.add(Identifier("userId", "u-1"), Node("prf_rival", 1))
        return super().commit(*args)


def test_the_loser_of_a_race_reads_again() -> None:
    f = Fixture(identities=Rival)
    report = f.consumer.consume({"1": http("rcp", track("a", anonymousId="x"))})
    assert set(f.profiles.stored) == {"prf_rival"}
    assert {known.owner for known in f.identities.items.values()} == {"prf_rival"}
    assert report.failed == set()


class Stale(FakeProfiles):
    """Another consumer wrote the profile since it was read, the first `times` times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def save(self, profile: Profile, events: Sequence[Signed]) -> None:
        if self.times:
            self.times -= 1
            raise StaleProfile
        super().save(profile, events)


def test_a_stale_write_is_applied_again_and_gives_up_in_the_end() -> None:
    f = Fixture(profiles=Stale(ATTEMPTS - 1))
    assert f.consumer.consume({"1": http("rcp", track("a"))}).failed == set()
    f = Fixture(profiles=Stale(10 * ATTEMPTS))
    report = f.consumer.consume({"1": http("rcp", track("a"))})
    assert (report.failed, dict(report.errors), f.lake.lines) == ({"1"}, {"Crowded": 1}, {})


class Broken(FakeProfiles):
    repaired = False

    def save(self, profile: Profile, events: Sequence[Signed]) -> None:
        if not self.repaired and any(i.value == "poison" for i in profile.identifiers):
            raise ValueError("too large an item")
        super().save(profile, events)


def test_one_profile_s_trouble_sends_back_only_messages_that_speak_of_it() -> None:
    profiles = Broken()
    f = Fixture(profiles=profiles)
    batch = {
        "1": http("r1", track("a"), track("b", userId="poison")),
        "2": http("r2", track("c", userId="u-2")),
    }
    report = f.consumer.consume(batch)
    assert (report.failed, dict(report.errors)) == ({"1"}, {"ValueError": 1})
    assert f.dispositions() == {"r2#0": "applied"}
    profiles.repaired = True
    f.consumer.consume({"1": batch["1"]})
    assert f.dispositions() == {"r1#0": "applied", "r1#1": "applied", "r2#0": "applied"}
    assert f.profiles.load(["prf_1"])["prf_1"].counts == {"track": 1}


class Unsettled(FakeIdentities):
    def add(self, identifier: Identifier, node: Node) -> bool:
        return False


def test_an_identity_graph_that_does_not_settle_sends_everything_back() -> None:
    f = Fixture(identities=Unsettled)
    assert f.consumer.consume({"1": http("r", track()), "2": "junk"}).failed == {"1", "2"}


def test_large_batch_of_one_person_is_written_in_portions_once() -> None:
    f = Fixture()
    batch = {str(i): http(f"r{i}", *(track(f"m{i}-{j}") for j in range(100))) for i in range(12)}
    assert f.consumer.consume(batch).failed == set()
    report = f.consumer.consume(batch)
    assert (report.failed, dict(report.errors)) == (set(batch), {"Behind": 1})
    f.publish()
    assert f.consumer.consume(batch).failed == set()
    assert [(version, len(told)) for _, version, told in f.profiles.told] == [(1, 400), (2, 400), (3, 400)]


def orders(n: int) -> Iterable[tuple[int, ...]]:
    return itertools.permutations(range(n))


def test_every_order_of_messages_ends_in_the_same_person() -> None:
    bodies = [
        http("r0", identify("a", traits={"plan": "free"}, timestamp="2026-01-01T00:00:00Z")),
        http("r1", identify("b", traits={"plan": "pro"}, timestamp="2026-01-02T00:00:00Z")),
        bus("e1", track("c")),
        bus("e2", track("c")),
    ]
    ends = set()
    for order in orders(4):
        f = Fixture()
        for i in order:
            f.consumer.consume({str(i): bodies[i]})
        (profile,) = f.profiles.stored.values()
        ends.add(json.dumps([profile.visible_traits(), dict(profile.counts)]))
    assert ends == {'[{"plan": "pro"}, {"identify": 2, "track": 1}]'}


def ana(email: str | None, message_id: str, at: str) -> dict[str, Any]:
    return identify(message_id, timestamp=f"2026-01-0{at}T00:00:00Z", traits={"email": email, "plan": at})


@pytest.mark.parametrize("later", ["evil@example.com", None])
def test_a_public_identify_never_changes_an_address_and_the_lake_says_so(later: str | None) -> None:
    f = Fixture()
    f.consumer.consume({"1": http("r1", ana("ana@example.com", "a", "1"))})
    change = {"2": http("r2", ana(later, "b", "2"))}
    f.consumer.consume(change)
    assert f.profiles.stored["prf_1"].visible_traits() == {"email": "ana@example.com", "plan": "2"}
    assert [f.lake.lines[r]["note"] for r in ("r1#0", "r2#0")] == ["", "contact_kept"]
    f.consumer.consume(change)
    assert f.lake.lines["r2#0"]["note"] == "contact_kept"


def test_the_shop_s_own_system_may_change_an_address() -> None:
    f = Fixture()
    f.consumer.consume({"1": http("r1", ana("ana@example.com", "a", "1"))})
    f.consumer.consume({"2": http("r2", ana("ana@example.com", "b", "5"))})
    f.consumer.consume({"3": bus("e1", ana("new@example.com", "c", "3"))})
    assert f.profiles.stored["prf_1"].visible_traits()["email"] == "new@example.com"
    assert {line["note"] for line in f.lake.lines.values()} == {""}


def test_both_notes_of_an_event_are_kept() -> None:
    f = Fixture()
    f.consumer.consume({"1": http("r1", ana("ana@example.com", "a", "1"))})
    f.consumer.consume({"2": bus("e1", identify("b", userId="u-2", traits={"email": "bob@example.com"}))})
    f.consumer.consume({"3": http("r2", ana("bob@example.com", "c", "2"))})
    assert f.lake.lines["r2#0"]["note"] == "identity_conflict,contact_kept"


class LakeDown(FakeLake):
    up = False

    def put(self, day: datetime, receipts: Sequence[str], lines: Sequence[Mapping[str, Any]]) -> str:
        if not self.up:
            raise ConnectionError("no lake")
        return super().put(day, receipts, lines)


def test_a_crash_between_profile_and_lake_is_healed_by_the_redelivery() -> None:
    lake = LakeDown()
    f = Fixture(lake=lake)
    batch = {"1": http("rcp", track("a"), {"type": "nonsense"})}
    with pytest.raises(ConnectionError):
        f.consumer.consume(batch)
    lake.up = True
    assert f.consumer.consume(batch).failed == set()
    assert f.dispositions() == {"rcp#0": "applied", "rcp#1": "rejected"}
    assert [(version, len(told)) for _, version, told in f.profiles.told] == [(1, 1)]


def test_a_message_delivered_twice_in_one_batch_counts_once() -> None:
    f = Fixture()
    body = http("rcp", track("a"))
    report = f.consumer.consume({"1": body, "2": body})
    assert (report.failed, dict(report.dispositions)) == (set(), {"applied": 1})


class MergedUnderOurHands(FakeProfiles):
    """Another consumer merges the profile between our reading of it and our write."""

    rival: Fixture

    def save(self, profile: Profile, events: Sequence[Signed]) -> None:
        if profile.profile_id == "prf_1" and "prf_9" not in self.stored:
            self.stored["prf_9"] = Profile("prf_9", version=1, created_at=NOW, updated_at=NOW)
            self.stored["prf_1"] = redirect(Profile("prf_1"), "prf_9", NOW)
            items = self.rival.identities.items
            items |= {i: replace(known, owner="prf_9") for i, known in items.items()}
            raise StaleProfile
        super().save(profile, events)


def test_events_of_a_profile_that_is_being_merged_reach_the_winner() -> None:
    """F30."""
    profiles = MergedUnderOurHands()
    f = profiles.rival = Fixture(profiles=profiles)
    report = f.consumer.consume({"1": http("r", track("a"))})
    assert (report.failed, dict(report.dispositions)) == (set(), {"applied": 1})
    assert f.profiles.stored["prf_9"].counts == {"track": 1}
    assert f.lake.lines["r#0"]["profile_id"] == "prf_9"


def test_feedback_about_a_merged_profile_is_the_winner_s() -> None:
    f = Fixture()
    f.consumer.consume({"1": http("r1", track("a"))})
    f.consumer.consume({"2": http("r2", track("b", userId=None, anonymousId="x"))})
    f.consumer.consume({"3": http("r3", track("c", anonymousId="x"))})
    assert f.profiles.stored["prf_2"].merged_into == "prf_1"
    detail = {"events": [outcome(profileId="prf_2")]}
    f.consumer.consume({"4": bus("e1", detail, "halte.delivery", "OutcomesObserved.v1")})
    assert f.profiles.stored["prf_1"].counts == {"track": 4}
    assert f.lake.lines["o-1"]["profile_id"] == "prf_1"


def test_who_has_too_many_devices_gets_no_more_and_costs_no_more() -> None:
    f = Fixture()
    for n in range(MAX_COMPONENT + 3):
        f.consumer.consume({"1": http(f"r{n}", track(f"m{n}", anonymousId=f"x{n:02}"))})
        f.publish()
    (ana,) = f.profiles.stored.values()
    assert ana.counts == {"track": MAX_COMPONENT + 3}
    assert len(ana.identifiers) == MAX_PER_KIND + 1
    assert {f.lake.lines[f"r{n}#0"]["note"] for n in range(MAX_PER_KIND)} == {""}
    assert {f.lake.lines[f"r{n}#0"]["note"] for n in range(MAX_PER_KIND, MAX_COMPONENT + 3)} == {
        "identifier_limit"
    }
    versions = {graph: component.version for graph, component in f.identities.graphs.items()}
    f.consumer.consume({"1": http("again", track("again", anonymousId=f"x{MAX_COMPONENT + 2:02}"))})
    assert {graph: component.version for graph, component in f.identities.graphs.items()} == versions
    f.consumer.consume({"1": http("own", track("own", userId=None, anonymousId=f"x{MAX_COMPONENT + 2:02}"))})
    assert len(f.profiles.stored) == 2


def alias(message_id: str, user: str, previous: str) -> dict[str, Any]:
    return {"type": "alias", "messageId": message_id, "userId": user, "previousId": previous}


@pytest.mark.parametrize("named", ["userId", "anonymousId"])
@pytest.mark.parametrize("first", ["alias", "other"])
def test_an_alias_may_come_before_the_name_it_explains(named: str, first: str) -> None:
    f = Fixture()
    other = track("b", **{"userId": None, named: "before"})
    steps = [alias("a", "u-1", "before"), other]
    for n, step in enumerate(steps if first == "alias" else reversed(steps)):
        assert f.consumer.consume({"1": http(f"r{n}", step)}).failed == set()
    (ana,) = (one for one in f.profiles.stored.values() if not one.merged_into)
    assert ana.identifiers == {Identifier("userId", "u-1"), Identifier(named, "before")}
    assert ana.counts == {"alias": 1, "track": 1}


def test_a_group_is_no_person() -> None:
    f = Fixture()
    for user in ("u-1", "u-2"):
        call = {"type": "group", "messageId": user, "userId": user, "groupId": "acme"}
        f.consumer.consume({"1": http(user, {**call, "traits": {"email": "info@acme.example"}})})
    assert len(f.profiles.stored) == 2
    assert {i.kind for i in f.identities.items} == {"userId"}


class PartedUnderOurHands(FakeProfiles):
    """Once, between recognising and reading, something else happens."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], None] | None = None

    def load_hot(self, profile_ids: Iterable[str]) -> dict[str, Profile]:
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            happens()
        return super().load_hot(profile_ids)


def test_events_of_somebody_who_is_being_parted_follow_their_strand() -> None:
    """The device's visits are the late user's until an earlier login turns up, while a visit is being stored."""
    profiles = PartedUnderOurHands()
    f = Fixture(profiles=profiles)
    login = {"userId": "u-late", "anonymousId": "x", "timestamp": "2026-01-02T03:00:00.000Z"}
    visit = {"userId": None, "anonymousId": "x"}
    f.consumer.consume({"1": http("r1", track("a", **login)), "2": http("r2", track("b", **visit))})
    f.publish()
    earlier = {**login, "userId": "u-early", "timestamp": "2026-01-01T03:00:00.000Z"}

    def part() -> None:
        assert f.consumer.consume({"1": http("r3", track("c", **earlier))}).failed == set()

    profiles.meanwhile = part
    assert f.consumer.consume({"1": http("r4", track("d", **visit))}).failed == set()
    owners = f.identities.owners([Identifier("userId", "u-early"), Identifier("userId", "u-late")])
    early, late = (profiles.stored[owners[Identifier("userId", name)]] for name in ("u-early", "u-late"))
    assert (early.counts, late.counts) == ({"track": 3}, {"track": 1})


def test_who_is_parted_by_the_limit_of_aliases_keeps_the_events() -> None:
    """A user who never had a profile of its own, because the first event joined it to another's."""
    f = Fixture()
    users = [track(f"t{n}", userId=f"u-{n}") for n in range(1, MAX_ALIASES + 1)]
    f.consumer.consume({"users": http("users", *users)})
    at = {"timestamp": "2026-01-02T03:04:05.678Z"}
    for previous in (2, 3):
        f.consumer.consume(
            {"1": http(f"a{previous}", {**alias(f"a{previous}", "u-1", f"u-{previous}"), **at})}
        )
    f.consumer.consume({"1": http("joined", {**alias("joined", "u-9", "u-1"), **at})})
    assert len([one for one in f.profiles.stored.values() if not one.merged_into]) == MAX_ALIASES - 2
    for previous in range(4, MAX_ALIASES + 1):
        f.publish()
        told = http(f"a{previous}", {**alias(f"a{previous}", "u-1", f"u-{previous}"), **at})
        assert f.consumer.consume({"1": told}).failed == set()
    whole, parted = sorted(
        (one for one in f.profiles.stored.values() if not one.merged_into), key=lambda p: -len(p.identifiers)
    )
    assert parted.identifiers == {Identifier("userId", "u-9")}
    assert parted.counts == {"alias": 1}
    assert whole.counts == {"alias": MAX_ALIASES - 1, "track": MAX_ALIASES}
