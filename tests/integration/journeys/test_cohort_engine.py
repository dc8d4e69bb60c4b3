"""People in cohorts: joined once, acted on once, however often anything is repeated."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from services.journeys.adapters.walks import DynamoWalks
from services.journeys.bootstrap import walking as bootstrap
from services.journeys.domain.enrolment import Enrolment
from services.journeys.ports.walks import Cohort
from services.journeys.service.fill import Filling
from services.journeys.service.join import Joining
from services.shared.aws.clients import client
from services.shared.contracts.scoring import ScoreChange, ScoreChanged
from tests.integration.journeys.world import (
    NOON,
    World,
    entered,
    iso,
    left,
    rows_of,
    standing,
)
from tests.unit.journeys.documents import REGROUPING, journey, seed

DAY = timedelta(days=1)
WELCOME = "welcome-v1-wait_1_day-19970102T000000000"
LAPSED = "lapsed-v1-winback-19970102T000000000"


def people(count: int) -> list[str]:
    return [f"prf_{i:04d}" for i in range(count)]


def counted() -> Counter[str]:
    """Calls of DynamoDB from now on, by operation."""
    calls: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    client("dynamodb").meta.events.register("before-call.dynamodb", count)
    return calls


def test_250_people_are_one_cohort_one_execution_three_pages(world: World) -> None:
    world.publish(seed("welcome"))
    calls = counted()
    assert world.facts(entered("first_order", *people(250))) == []
    assert calls["TransactWriteItems"] == 0 < calls["PutItem"]  # each of its items would cost double
    assert list(world.cohorts()) == [WELCOME]
    assert world.started() == {
        WELCOME: {
            "cohort": WELCOME,
            "journey": "welcome",
            "version": 1,
            "node": "wait_1_day",
            "over": False,
            "cursor": None,
            "due": "1997-01-03T00:00:00.000Z",
            "since": "1997-01-02T00:00:00.000Z",
            "wait_seconds": 36 * 3600,
        }
    }
    pages = [
        row["profiles"] for (pk, sk), row in world.items().items() if pk == f"C#{WELCOME}" and sk[:2] == "P#"
    ]
    assert sorted(len(page) for page in pages) == [54, 98, 98]
    assert sorted(p for page in pages for p in page) == people(250)


def test_facts_again_change_nothing(world: World) -> None:
    world.publish(seed("welcome"))
    batch = [entered("first_order", *people(20)), entered("first_order", *people(30))]
    world.facts(*batch)
    before, calls = world.items(), counted()
    world.clock.advance(3 * DAY)
    for _ in range(2):
        assert world.facts(*reversed(batch)) == []
    assert world.items() == before
    assert calls["TransactWriteItems"] == 0
    assert len(world.started()) == 1


def test_a_worker_that_died_before_starting_is_made_up_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish(seed("welcome"))
    with monkeypatch.context() as broken:
        broken.setattr(Filling, "start", _dies)
        assert world.facts(entered("first_order", "prf_1")) == ["message-0"]
    assert world.started() == {}
    assert world.facts(entered("first_order", "prf_1")) == []
    assert list(world.started()) == [WELCOME]


def test_it_is_made_up_for_even_when_the_person_has_left_the_segment_since(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish(seed("welcome"))
    with monkeypatch.context() as broken:
        broken.setattr(Filling, "start", _dies)
        assert world.facts(entered("first_order", "prf_1", version=1)) == ["message-0"]
    assert world.facts(left("first_order", "prf_1", version=2)) == []
    assert world.started() == {}
    assert world.facts(entered("first_order", "prf_1", version=1)) == []
    assert list(world.started()) == [WELCOME]


def _dies(*_: object) -> None:
    raise RuntimeError("killed")


def test_late_and_shut_out_people_take_the_next_bucket(world: World) -> None:
    world.publish(seed("lapsed"))
    world.facts(entered("no_order_90d", "prf_1"))
    world.clock.advance(timedelta(hours=12))
    world.step(LAPSED, "winback")
    assert world.cohorts()[LAPSED]["state"] == "closed"
    world.facts(entered("no_order_90d", "prf_2"))
    world.clock.advance(timedelta(hours=1))
    world.facts(entered("no_order_90d", "prf_3", at=NOON))
    assert world.walk("prf_2", "lapsed")["cohort"] == "lapsed-v1-winback-19970103T000000000"
    assert world.walk("prf_3", "lapsed")["cohort"] == "lapsed-v1-winback-19970103T000000000"
    assert len(world.started()) == 2


@pytest.mark.parametrize("dies", [False, True])
def test_who_boards_while_the_cohort_leaves_is_asked_for_once(
    world: World, monkeypatch: pytest.MonkeyPatch, dies: bool
) -> None:
    """F5: the cohort acts when the page lists a person whose walk is not written yet; maybe the worker dies then."""
    world.publish(seed("lapsed"))
    world.facts(entered("no_order_90d", "prf_early"))
    begin, look, deaths = DynamoWalks._begin, DynamoWalks.cohort, iter([dies])

    def late_begin(self: DynamoWalks, walk: Enrolment, last: Enrolment | None) -> None:
        if walk.profile_id == "prf_late" and walk.cohort == LAPSED:
            world.clock.advance(timedelta(hours=12, seconds=5))
            world.step(LAPSED, "winback")
        begin(self, walk, last)

    def last_look(self: DynamoWalks, key: str) -> Cohort | None:
        if ("P#prf_late", "E#lapsed") in world.items() and next(deaths, False):
            raise ConnectionError("the worker died")
        return look(self, key)

    monkeypatch.setattr(DynamoWalks, "_begin", late_begin)
    monkeypatch.setattr(DynamoWalks, "cohort", last_look)
    failed = world.facts(entered("no_order_90d", "prf_late", at=NOON))
    assert bool(failed) == dies
    if dies:
        assert world.walk("prf_late", "lapsed")["cohort"] == LAPSED
        assert world.facts(entered("no_order_90d", "prf_late", at=NOON)) == []
    following = world.walk("prf_late", "lapsed")["cohort"]
    assert following != LAPSED
    assert set(world.started()) == {LAPSED, following}
    world.clock.advance(2 * DAY)
    world.step(LAPSED, "winback")
    world.step(following, "winback")
    asked = [r["profile_id"] for r in rows_of(world.published(), "MessageRequested.v1")]
    assert sorted(asked) == ["prf_early", "prf_late"]


def test_a_step_again_asks_for_nothing_again(world: World) -> None:
    world.publish(seed("lapsed"))
    world.facts(entered("no_order_90d", *people(30)))
    world.clock.advance(timedelta(hours=12, seconds=5))
    answer = world.step(LAPSED, "winback")
    assert (answer["more"], answer["early"], answer["cursor"]) == (False, False, None)
    assert answer["due"] == "1997-01-16T00:00:00.000Z"
    assert answer["wait_seconds"] == 14 * 86_400 - 5
    first = rows_of(world.published(), "MessageRequested.v1")
    assert sorted(r["profile_id"] for r in first) == people(30)
    world.clock.advance(timedelta(minutes=5))
    assert world.step(LAPSED, "winback")["due"] == answer["due"]
    assert rows_of(world.published(), "MessageRequested.v1") == []


def test_exit_wins_over_a_message(world: World) -> None:
    world.publish(seed("lapsed"))
    world.facts(entered("no_order_90d", "prf_1", "prf_2"))
    world.facts(left("no_order_90d", "prf_1"))
    world.clock.advance(DAY)
    world.step(LAPSED, "winback")
    entries = world.published()
    assert [r["profile_id"] for r in rows_of(entries, "MessageRequested.v1")] == ["prf_2"]
    assert [(r["profile_id"], r["reason"]) for r in rows_of(entries, "JourneyExited.v1")] == [
        ("prf_1", "segment_exited:no_order_90d")
    ]


def test_a_step_before_its_time_says_so_and_leaves_the_cohort_open(world: World) -> None:
    world.publish(seed("lapsed"))
    world.facts(entered("no_order_90d", "prf_1"))
    answer = world.step(LAPSED, "winback")
    assert (answer["early"], answer["wait_seconds"]) == (True, 12 * 3600)
    assert world.cohorts()[LAPSED]["state"] == "open"
    assert rows_of(world.published(), "MessageRequested.v1") == []


def test_a_step_short_of_time_hands_back_a_cursor(world: World) -> None:
    world.publish(seed("lapsed"))
    world.facts(entered("no_order_90d", *people(60)), entered("no_order_90d", *people(100)))
    world.clock.advance(DAY)
    calls, data = 0, {"cursor": None}
    while calls == 0 or data["more"]:
        calls += 1
        data = world.step(LAPSED, "winback", milliseconds=1_000, cursor=data["cursor"])
    assert calls == 2
    assert len(rows_of(world.published(), "MessageRequested.v1")) == 100


def test_the_stream_tells_each_thing_once(world: World) -> None:
    world.publish(seed("lapsed"))
    world.facts(entered("no_order_90d", "prf_1"))
    entries = world.published()
    assert [e["detail-type"] for e in entries] == ["JourneyEntered.v1"]
    assert entries[0]["source"] == "halte.journeys"
    walk = world.walk("prf_1", "lapsed")
    world.clock.advance(DAY)
    world.step(LAPSED, "winback")
    (request,) = rows_of(world.published(), "MessageRequested.v1")
    assert request.pop("send_id").startswith("snd_")
    assert not request.pop("address", None)
    assert request == {
        "template": "winback",
        "channels": ["preferred"],
        "requested_at": iso(NOON + DAY),
        "profile_id": "prf_1",
        "journey": "lapsed",
        "version": 1,
        "node": "winback",
        "enrolment_id": walk["enrolment_id"],
        "params": {},
        "angle": "lifecycle",
        "objective": "loyalty",
        "campaign": "",
        "variant": "",
        "priority": 50,
    }
    world.facts(ScoreChanged(changes=[ScoreChange(standing=standing("prf_1", 9, "no_order_90d"))]))
    assert world.published() == []
    world.clock.advance(14 * DAY)
    world.step(LAPSED, "completed", due=iso(NOON + 14 * DAY))
    (exit_,) = rows_of(world.published(), "JourneyExited.v1")
    assert (exit_["reason"], exit_["at"]) == ("completed", iso(NOON + 15 * DAY))


def test_a_walk_can_begin_again_only_for_a_newer_reason(world: World) -> None:
    world.publish(seed("lapsed"))
    world.facts(entered("no_order_90d", "prf_1", version=1))
    world.facts(left("no_order_90d", "prf_1", version=2))
    world.facts(entered("no_order_90d", "prf_1", version=1))
    assert world.walk("prf_1", "lapsed")["status"] == "exited"
    world.clock.advance(100 * DAY)
    world.facts(entered("no_order_90d", "prf_1", version=3))
    walk = world.walk("prf_1", "lapsed")
    assert (walk["status"], walk["n"], walk["requested"]) == ("active", 2, {})
    entries = world.published()
    assert len({r["enrolment_id"] for r in rows_of(entries, "JourneyEntered.v1")}) == 2
    assert len(rows_of(entries, "JourneyExited.v1")) == 1


@pytest.mark.capability("001-14")
def test_a_second_first_order_does_not_welcome_again(world: World) -> None:
    world.publish(seed("welcome"))
    world.facts(entered("first_order", "prf_1", version=1))
    world.run_until(NOON + 40 * DAY)
    assert world.walk("prf_1", "welcome")["status"] == "exited"
    world.facts(left("first_order", "prf_1", version=2))
    world.facts(entered("first_order", "prf_1", version=3))
    assert world.walk("prf_1", "welcome")["n"] == 1
    assert len(rows_of(world.published(), "JourneyEntered.v1")) == 1


@pytest.mark.parametrize("together", [True, False])
def test_an_exit_that_comes_before_its_entry_still_wins(world: World, together: bool) -> None:
    world.publish(seed("lapsed"))
    facts = [left("no_order_90d", "prf_1", version=2), entered("no_order_90d", "prf_1", version=1)]
    for batch in [facts] if together else [[fact] for fact in facts]:
        assert world.facts(*batch) == []
    assert world.started() == {}
    assert world.published() == []


def test_an_exit_between_joining_and_looking_again_still_wins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish(seed("lapsed"))
    enter = Joining.enter

    def overtaken(self: Joining, definition: object, entrants: object) -> int:
        bootstrap.reacting().react([left("no_order_90d", "prf_1")])
        return enter(self, definition, entrants)  # type: ignore[arg-type]

    monkeypatch.setattr(Joining, "enter", overtaken)
    world.facts(entered("no_order_90d", "prf_1"))
    walk = world.walk("prf_1", "lapsed")
    assert (walk["status"], walk["reason"]) == ("exited", "segment_exited:no_order_90d")


def test_an_exit_follows_the_rules_of_the_version_that_was_entered(world: World) -> None:
    world.publish(seed("lapsed"))
    world.facts(entered("no_order_90d", "prf_1"))
    world.publish({**seed("lapsed"), "exit_on": []})
    bootstrap.reacting.cache_clear()
    world.facts(entered("no_order_90d", "prf_2"))
    world.facts(left("no_order_90d", "prf_1", "prf_2"))
    assert world.walk("prf_1", "lapsed")["status"] == "exited"
    assert (world.walk("prf_2", "lapsed")["status"], world.walk("prf_2", "lapsed")["version"]) == (
        "active",
        2,
    )


def test_a_poison_message_does_not_hold_up_its_neighbours(world: World) -> None:
    from services.journeys.handlers import on_facts
    from tests.integration.journeys.world import Context, message

    world.publish(seed("welcome"))
    good = message(1, entered("first_order", "prf_1"))
    bad = [
        {"messageId": "m-text", "body": "no json"},
        {"messageId": "m-kind", "body": '{"source": "x", "detail-type": "Other.v1", "detail": {}}'},
        {
            "messageId": "m-shape",
            "body": '{"source": "x", "detail-type": "SegmentEntered.v1", "detail": {"moves": 1}}',
        },
    ]
    answer = on_facts.handler({"Records": [bad[0], good, *bad[1:]]}, Context())
    assert {f["itemIdentifier"] for f in answer["batchItemFailures"]} == {"m-text", "m-kind", "m-shape"}
    assert world.walk("prf_1", "welcome")["status"] == "active"


def test_without_an_admission_window_everybody_travels_alone_and_at_once(world: World) -> None:
    world.publish({**seed("lapsed"), "admission": "PT0S"})
    world.facts(entered("no_order_90d", "prf_1", "prf_2"))
    assert [data["wait_seconds"] for data in world.started().values()] == [0, 0]
    world.run_until(world.clock.now())
    assert len(rows_of(world.published(), "MessageRequested.v1")) == 2


def test_a_branch_sends_people_on_in_cohorts_of_their_own(world: World) -> None:
    world.publish(REGROUPING)
    for i, profile in enumerate(people(8)):
        world.facts(entered("in", profile, orders=i % 4))
    world.run_until(NOON + timedelta(days=8))
    entries = world.published()
    asked = {(r["profile_id"], r["node"]) for r in rows_of(entries, "MessageRequested.v1")}
    assert {p for p, node in asked if node == "ask"} == set(people(8))
    assert {p for p, node in asked if node == "remind"} == {"prf_0000", "prf_0004"}
    assert {p for p, node in asked if node == "thank"} == {"prf_0003", "prf_0007"}
    reasons = {r["profile_id"]: r["reason"] for r in rows_of(entries, "JourneyExited.v1")}
    assert reasons["prf_0001"] == "bought"
    assert "prf_0002" not in reasons
    world.run_until(NOON + timedelta(days=38))
    assert {r["profile_id"] for r in rows_of(world.published(), "JourneyExited.v1")} == {
        "prf_0002",
        "prf_0006",
    }
    assert {e.status for e in world.executions.values()} == {"SUCCEEDED"}
    assert len(world.executions) == 3


def test_a_branch_again_moves_nobody_again(world: World) -> None:
    world.publish(REGROUPING)
    world.facts(entered("in", *people(5), orders=2))
    world.run_until(NOON + timedelta(days=8))
    cohort = "regrouping-v1-ask-19970101T120000000"
    before, started = world.items(), world.started()
    world.step(cohort, "fork", due=iso(NOON + timedelta(days=7)))
    assert world.items() == before
    assert world.started() == started


def test_the_demo_journey_from_first_order_to_its_end(world: World) -> None:
    world.publish(seed("welcome"))
    world.facts(entered("first_order", "prf_once", "prf_twice", orders=1))
    world.run_until(NOON + timedelta(hours=1))
    world.facts(
        ScoreChanged(changes=[ScoreChange(standing=standing("prf_twice", 2, "first_order", orders=2))])
    )
    world.run_until(NOON + 3 * DAY)
    first = rows_of(world.published(), "MessageRequested.v1")
    assert {(r["profile_id"], r["template"], r["requested_at"]) for r in first} == {
        ("prf_once", "thank_you", "1997-01-03T00:00:00.000Z"),
        ("prf_twice", "thank_you", "1997-01-03T00:00:00.000Z"),
    }
    world.run_until(NOON + 40 * DAY)
    entries = world.published()
    (offer,) = rows_of(entries, "MessageRequested.v1")
    assert (offer["profile_id"], offer["template"]) == ("prf_once", "offer")
    assert offer["requested_at"] == "1997-02-02T00:00:00.000Z"
    assert {r["profile_id"]: r["reason"] for r in rows_of(entries, "JourneyExited.v1")} == {
        "prf_once": "completed",
        "prf_twice": "second_order",
    }
    (execution,) = world.executions.values()
    assert execution.status == "SUCCEEDED"
    assert execution.transitions <= 12


def test_an_entry_costs_about_one_write_unit(world: World) -> None:
    world.publish(seed("welcome"))
    world.facts(entered("first_order", *[f"prf_{i:020x}" for i in range(98)]))
    units = {sk[:2]: -(-_size(row) // 1024) for (_, sk), row in world.items().items()}
    assert units["E#"] == 1
    assert (98 * units["E#"] + 2 * units["P#"]) / 98 <= 1.1


def _size(row: dict[str, object]) -> int:
    return sum(len(name) + len(str(value)) for name, value in row.items())


def test_new_admissions_do_not_mix_with_another_journey(world: World) -> None:
    world.publish(seed("welcome"))
    world.publish(journey(entry={"on": [{"segment_entered": "first_order"}]}, exit_on=[]))
    world.facts(entered("first_order", "prf_1"))
    assert {row["journey"] for row in world.cohorts().values()} == {"welcome", "trial"}
