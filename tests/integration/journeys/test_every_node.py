"""What the nodes of a journey do to people, on the engine."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.journeys.service.join import Joining
from services.shared.contracts.ingest import Merge, ProfilesMerged
from services.shared.contracts.journeys import JourneyCalled
from services.shared.contracts.scoring import ScoreChange, ScoreChanged
from tests.integration.journeys.languages import carried, document, heard, send
from tests.integration.journeys.world import NOON, World, entered, iso, rows_of, standing
from tests.unit.journeys.documents import journey

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def begin(world: World, raw: dict[str, Any], *profiles: str, **kept: Any) -> None:
    world.publish(raw)
    facts = [heard(raw, "Cart Filled", p, world.clock.now(), key="c", **kept) for p in profiles]
    assert world.facts(*facts) == []


def asked(entries: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    rows = rows_of(entries, "MessageRequested.v1")
    return sorted((r["profile_id"], r["template"], r["requested_at"]) for r in rows)


def until(**said: Any) -> dict[str, Any]:
    return {"type": "wait_until", "missing": "completed", "next": "tell", **said}


def test_each_waits_for_a_date_of_their_own_and_is_told_at_a_local_time(world: World) -> None:
    raw = document(
        "there",
        {
            "there": until(date="fact:walk.delivery_date", offset="-P1D", at="09:00"),
            "tell": send("manual", "completed"),
        },
    )
    world.publish(raw)
    dates = {"prf_1": "1997-01-10", "prf_2": "1997-01-12", "prf_3": "1997-01-10", "prf_4": None}
    for profile, date in dates.items():
        kept: dict[str, Any] = {"delivery_date": date} if date else {}
        world.facts(heard(raw, "Cart Filled", profile, NOON, key="c", **kept))
    world.facts(carried("prf_3", 1, timezone="Europe/Amsterdam"))
    world.run_until(NOON + 20 * DAY)
    entries = world.published()
    assert asked(entries) == [
        ("prf_1", "manual", "1997-01-09T09:00:00.000Z"),
        ("prf_2", "manual", "1997-01-11T09:00:00.000Z"),
        ("prf_3", "manual", "1997-01-09T08:00:00.000Z"),
    ]
    assert len(rows_of(entries, "JourneyExited.v1")) == 4
    assert len(world.executions) == 4


@pytest.mark.parametrize("days", [3, 12])
def test_when_the_date_moves_those_who_wait_move_with_it(world: World, days: int) -> None:
    """Earlier or later, told twice and once more of before."""
    raw = document(
        "there", {"there": until(date="fact:walk.delivery_date"), "tell": send("manual", "completed")}
    )
    begin(world, raw, "prf_1", delivery_date="1997-01-08")
    world.run_until(NOON + DAY)
    new = (NOON + days * DAY).date().isoformat()
    move = heard(raw, "Cart Filled", "prf_1", world.clock.now(), key="c", version=2, delivery_date=new)
    old = heard(raw, "Cart Filled", "prf_1", NOON + HOUR, key="c", version=2, delivery_date="1997-01-20")
    for fact in (move, move, old):
        assert world.facts(fact) == []
    world.run_until(NOON + 30 * DAY)
    assert [at for _, _, at in asked(world.published())] == [f"{new}T00:00:00.000Z"]


def test_a_trait_that_moves_is_followed_too(world: World) -> None:
    raw = document("there", {"there": until(date="trait:renewal"), "tell": send("renew", "completed")})
    world.publish(raw)
    world.facts(carried("prf_1", 1, renewal="1997-02-01"))
    world.facts(heard(raw, "Cart Filled", "prf_1", NOON, key="c"))
    world.run_until(NOON + DAY)
    for fact in (carried("prf_1", 3, renewal="1997-01-20"), carried("prf_1", 2, renewal="1997-03-01")):
        assert world.facts(fact) == []
    world.run_until(NOON + 90 * DAY)
    assert asked(world.published()) == [("prf_1", "renew", "1997-01-20T00:00:00.000Z")]


def test_a_computed_date_that_moves_is_followed_too(world: World) -> None:
    raw = document(
        "there",
        {
            "there": until(date="fact:last_order_at", offset="P30D"),
            "tell": send("again", "completed"),
        },
    )
    begin(world, raw, "prf_1")
    first = standing("prf_1", 2, last_order_at=iso(NOON))
    world.facts(ScoreChanged(changes=[ScoreChange(standing=first)]))
    world.run_until(NOON + DAY)
    later = standing("prf_1", 3, last_order_at=iso(NOON + DAY))
    world.facts(ScoreChanged(changes=[ScoreChange(standing=later)]))
    world.run_until(NOON + 60 * DAY)
    assert asked(world.published()) == [("prf_1", "again", iso(NOON + 31 * DAY))]


def test_doors_that_are_shut_hold_people_until_they_open(world: World) -> None:
    doors = {"from": "09:00", "to": "11:00", "days": ["thu", "fri"]}
    raw = document(
        "doors",
        {
            "doors": {"type": "wait_until", "hours": doors, "zone": "UTC", "next": "tell"},
            "tell": send("hello", "completed"),
        },
    )
    begin(world, raw, "prf_1")  # on a Wednesday
    world.run_until(NOON + 5 * DAY)
    assert asked(world.published()) == [("prf_1", "hello", "1997-01-02T09:00:00.000Z")]


def test_chance_divides_people_the_same_way_each_time(world: World) -> None:
    raw = document(
        "by_chance",
        {
            "by_chance": {
                "type": "split",
                "arms": [
                    {"name": "a", "percent": 50, "next": "one"},
                    {"name": "b", "percent": 30, "next": "two"},
                    {"name": "control", "percent": 20, "next": "completed", "holdout": True},
                ],
            },
            "one": send("first", "completed"),
            "two": send("second", "completed"),
        },
    )
    people = [f"prf_{i:03d}" for i in range(60)]
    begin(world, raw, *people)
    world.run_until(NOON + HOUR)
    entries = world.published()
    arms = {p: world.item(f"P#{p}", _key(world, p))["memory"] for p in people}
    assert len(set(arms.values())) == 3
    assert len(asked(entries)) == sum('"control"' not in arm for arm in arms.values())
    assert len(rows_of(entries, "JourneyExited.v1")) == 60


def _key(world: World, profile: str) -> str:
    return next(sk for pk, sk in world.items() if pk == f"P#{profile}" and sk.startswith("E#"))


LOOP = {
    "next_one": {
        "type": "rotation",
        "templates": ["rates", "forms", "terms"],
        "channels": ["email"],
        "next": "pause",
        "exhausted": "completed",
    },
    "pause": {"type": "wait", "for": "P1D", "next": "again"},
    "again": {"type": "jump", "to": "next_one", "at_most": 9, "otherwise": "completed"},
}


def test_a_rotation_goes_round_until_all_were_had(world: World) -> None:
    raw = document("next_one", LOOP)
    begin(world, raw, "prf_1", "prf_2")
    world.run_until(NOON + 9 * DAY)
    assert asked(world.published()) == [
        (profile, template, iso(NOON + i * DAY + timedelta(seconds=5)))
        for profile in ("prf_1", "prf_2")
        for template, i in sorted({"rates": 0, "forms": 1, "terms": 2}.items())
    ]
    assert {e.status for e in world.executions.values()} == {"SUCCEEDED"}


def test_steps_that_are_all_done_twice_do_nothing_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F1, F5: each step dies after its work, and is repeated."""
    raw = document("next_one", LOOP)
    begin(world, raw, "prf_1", "prf_2")
    invoke = World.invoke

    def twice(self: World, arn: str, payload: Any) -> Any:
        invoke(self, arn, payload)
        return invoke(self, arn, payload)

    monkeypatch.setattr(World, "invoke", twice)
    world.run_until(NOON + 9 * DAY)
    assert len(asked(world.published())) == 6


@pytest.mark.parametrize("dies_in", ["_move", "remember", "onward", "start_onward", "_request"])
def test_a_step_that_dies_anywhere_is_made_up_for(
    world: World, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    """F5: between any two of its writes, each time it is tried the first time."""
    from services.journeys.adapters.walks import DynamoWalks

    owner: Any = DynamoWalks if hasattr(DynamoWalks, dies_in) else Joining
    whole, calls = getattr(owner, dies_in), iter(range(1000))

    def dying(self: Any, *args: Any, **named: Any) -> Any:
        answer = whole(self, *args, **named)
        if next(calls) % 3 == 0:
            raise ConnectionError("the worker died")
        return answer

    raw = document("next_one", LOOP)
    begin(world, raw, "prf_1", "prf_2", "prf_3")
    monkeypatch.setattr(owner, dies_in, dying)
    world.run_until(NOON + 9 * DAY)
    found = asked(world.published())
    assert len({(profile, template) for profile, template, _ in found}) == len(found) == 9
    assert {row["status"] for (_, sk), row in world.items().items() if sk[:2] == "E#"} == {"exited"}


def test_traits_tasks_and_sinks_are_asked_for_once(world: World) -> None:
    raw = document(
        "set",
        {
            "set": {
                "type": "update",
                "traits": {"met": True, "last_cart": "fact:walk.cart_id"},
                "next": "call",
            },
            "call": {"type": "task", "kind": "call", "title": "Call", "owner": "sales", "next": "outside"},
            "outside": {"type": "webhook", "sink": "warehouse", "next": "completed"},
        },
    )
    begin(world, raw, "prf_1", cart_id="c-17")
    world.run_until(NOON + HOUR)
    entries = world.published()
    (update,) = rows_of(entries, "ProfileUpdateRequested.v1")
    assert update["traits"] == {"met": True, "last_cart": "c-17"}
    (task,) = rows_of(entries, "JourneyTaskRequested.v1")
    assert (task["owner"], task["reason"]) == ("sales", "journey:cart:call")
    (call,) = rows_of(entries, "SinkCallRequested.v1")
    assert (call["sink"], call["walk"]) == ("warehouse", {"cart_id": "c-17"})
    assert len({update["request_id"], task["task_id"], call["call_id"]}) == 3


def test_a_message_s_moment_and_proposition_go_with_it(world: World) -> None:
    raw = document("tell", {"tell": {**send("deal", "completed"), "expires": "PT6H", "proposition": "card"}})
    begin(world, raw, "prf_1")
    world.run_until(NOON + HOUR)
    (request,) = rows_of(world.published(), "MessageRequested.v1")
    assert (request["expires_at"], request["proposition"]) == (iso(NOON + 6 * HOUR), "card")


def test_an_exit_sends_people_to_another_journey(world: World) -> None:
    leaving = {"type": "exit", "reason": "satisfied", "enter": "loyalty"}
    world.publish(
        journey(
            name="loyalty",
            entry={"on": [{"called": True}]},
            exit_on=[],
            start="tell",
            nodes={
                "tell": send("welcome", "completed"),
                "completed": {"type": "exit", "reason": "completed"},
            },
        )
    )
    raw = document("pause", {"pause": {"type": "wait", "for": "P1D", "next": "away"}, "away": leaving})
    begin(world, raw, "prf_1")
    world.run_until(NOON + 2 * DAY)
    entries = world.published()
    (call,) = rows_of(entries, "JourneyCalled.v1")
    assert (call["profile_id"], call["journey"]) == ("prf_1", "loyalty")
    for _ in range(2):
        assert world.facts(JourneyCalled.model_validate({"calls": [call]})) == []
    world.run_until(NOON + 4 * DAY)
    assert [(p, t) for p, t, _ in asked(world.published())] == [("prf_1", "welcome")]


def test_a_called_person_who_was_merged_meanwhile_begins_as_the_winner(world: World) -> None:
    """F30."""
    world.publish(journey(name="loyalty", entry={"on": [{"called": True}]}, exit_on=[]))
    world.facts(entered("any", "prf_1"), entered("any", "prf_2"))
    world.facts(ProfilesMerged(merges=[Merge(loser="prf_1", winner="prf_2", at=NOON)]))
    call = {"enrolment_id": "enr_1", "profile_id": "prf_1", "journey": "loyalty", "at": iso(NOON)}
    assert world.facts(JourneyCalled.model_validate({"calls": [call]})) == []
    assert world.walk("prf_2", "loyalty")["status"] == "active"


@pytest.mark.parametrize("at", [NOON + HOUR, NOON + 300 * DAY, NOON + 410 * DAY])
def test_a_wait_of_400_days_is_waited_in_executions_that_do_not_live_for_a_year(
    world: World, at: datetime
) -> None:
    raw = document(
        "tell",
        {
            "tell": send("bye", "year"),
            "year": {"type": "wait", "for": "P400D", "next": "back"},
            "back": send("back", "completed"),
        },
    )
    begin(world, raw, "prf_1")
    world.run_until(at)
    wanted = ["bye", "back"] if at > NOON + 400 * DAY else ["bye"]
    assert [t for _, t, _ in sorted(asked(world.published()), key=lambda row: row[2])] == wanted
    assert world.walk_of("prf_1")["status"] == ("exited" if len(wanted) == 2 else "active")
