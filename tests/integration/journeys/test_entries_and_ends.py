"""Who is let in and who is not, and what ends a walk before its time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.journeys.bootstrap import walking as bootstrap
from services.journeys.domain.listening import watch_of
from services.journeys.service.join import Joining
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import Merge, ProfilesMerged
from services.shared.contracts.person import PersonQuestion
from services.shared.contracts.scoring import (
    SegmentEntered,
    SegmentMove,
    StageChanged,
    StageMove,
    Standing,
    StrategyCellChanged,
    StrategyMove,
)
from tests.integration.journeys.languages import CART, carried, heard, send
from tests.integration.journeys.world import NOON, World, entered, left, rows_of, standing
from tests.unit.journeys.documents import journey

DAY = timedelta(days=1)
TALK = {
    "pause": {"type": "wait", "for": "P10D", "next": "tell"},
    "tell": send("hello", "completed"),
    "completed": {"type": "exit", "reason": "completed"},
}
BIG = {"trait": "size", "gte": 10}


def talk(*ways: Any, entry: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Ten days, then a message."""
    given = {"name": "talk", "entry": {"on": list(ways), **(entry or {})}, "exit_on": [], "start": "pause"}
    return journey(**{**given, "nodes": TALK, **changes})


def ended(world: World) -> list[tuple[str, str]]:
    return sorted((r["profile_id"], r["reason"]) for r in rows_of(world.published(), "JourneyExited.v1"))


def refused(world: World) -> list[tuple[str, str]]:
    return sorted((r["profile_id"], r["reason"]) for r in rows_of(world.published(), "EntryRefused.v1"))


def at_stage(profile: str, version: int, stage: str) -> Standing:
    return standing(profile, version).model_copy(update={"stages": {"customer": {"": stage}}})


def came_to(profile: str, before: str, after: str, version: int) -> StageChanged:
    there = at_stage(profile, version, after)
    return StageChanged(
        moves=[StageMove(lifecycle="customer", before=before, after=after, at=NOON, standing=there)]
    )


def came_into(profile: str, cell: str) -> StrategyCellChanged:
    one = StrategyMove(strategy="contact", before="", after=cell, at=NOON, standing=standing(profile, 1))
    return StrategyCellChanged(moves=[one])


@pytest.mark.parametrize(
    ("way", "fact"),
    [
        ({"segment_exited": "paying"}, left("paying", "prf_1", version=1)),
        ({"becomes": BIG}, entered(watch_of(BIG), "prf_1")),
        ({"stage": "customer", "to": "active"}, came_to("prf_1", "new", "active", 1)),
        ({"stage": "customer", "to": "active", "before": "new"}, came_to("prf_1", "new", "active", 1)),
        ({"cell": "contact", "to": "hot:A"}, came_into("prf_1", "hot:A")),
    ],
)
def test_every_way_in_lets_in_once(world: World, way: dict[str, Any], fact: Fact) -> None:
    world.publish(talk(way))
    for _ in range(2):
        assert world.facts(fact) == []
    assert world.walk("prf_1", "talk")["status"] == "active"
    assert len(rows_of(world.published(), "JourneyEntered.v1")) == 1


def test_other_stages_and_cells_let_nobody_in(world: World) -> None:
    way = {"stage": "customer", "to": "active", "before": "new"}
    world.publish(talk(way, {"cell": "contact", "to": "hot:A"}))
    world.facts(came_to("prf_1", "lapsed", "active", 1), came_into("prf_1", "hot:B"))
    assert world.published() == []


def test_who_is_not_let_in_is_told_with_the_reason_once(world: World) -> None:
    """A moment that is over, a stage in which nobody is to be met, a condition that does not hold."""
    stages = {"lifecycle": "customer", "allowed": ["active"]}
    guard = {"fact": "orders", "gte": 1}
    world.publish(talk({"segment_entered": "in"}, entry={"expires": "P2D", "when": guard}, stages=stages))
    welcome = at_stage("prf_ok", 1, "active").model_copy(update={"facts": {"orders": 1}, "segments": ["in"]})
    people = {
        "prf_ok": (welcome, NOON),
        "prf_guard": (at_stage("prf_guard", 1, "active"), NOON),
        "prf_stage": (welcome.model_copy(update={"profile_id": "prf_stage", "stages": {}}), NOON),
        "prf_late": (welcome.model_copy(update={"profile_id": "prf_late"}), NOON - 3 * DAY),
    }
    moves = [SegmentMove(segment="in", at=at, standing=known) for known, at in people.values()]
    for _ in range(2):
        assert world.facts(SegmentEntered(moves=moves)) == []
    entries = world.published()
    assert [r["profile_id"] for r in rows_of(entries, "JourneyEntered.v1")] == ["prf_ok"]
    reasons = {r["profile_id"]: r["reason"] for r in rows_of(entries, "EntryRefused.v1")}
    assert reasons == {"prf_guard": "guard", "prf_stage": "wrong_stage", "prf_late": "moment_over"}


def test_whoever_comes_again_too_soon_or_too_often_is_turned_away(world: World) -> None:
    again = {"reentry": {"after": "P5D", "at_most": 2}}
    world.publish(talk({"segment_entered": "in"}, entry=again, exit_on=[{"segment_exited": "in"}]))
    said = []
    for version in (1, 3, 5, 7):
        world.facts(entered("in", "prf_1", version=version))
        world.facts(left("in", "prf_1", version=version + 1))
        said += refused(world)
        world.clock.advance(3 * DAY)
    assert said == [("prf_1", "too_soon"), ("prf_1", "too_often")]


ENDS = {
    "goal": {"event": "Bought", "within": "P5D"},
    "exit_on": [{"event": "Called Us", "reason": "talked"}, {"when": BIG, "reason": "grew"}],
}


@pytest.mark.parametrize(
    ("after", "fact", "reason"),
    [
        (3, "Bought", "goal"),
        (6, "Bought", "goal_late"),
        (3, "Called Us", "talked"),
        (3, "grows", "grew"),
    ],
)
@pytest.mark.parametrize("first", [False, True])
def test_a_goal_or_an_exit_rule_ends_the_walk_in_the_middle_of_a_wait(
    world: World, after: int, fact: str, reason: str, first: bool
) -> None:
    """Told meanwhile, or before the entry is."""
    raw = talk({"event": "Tried"}, **ENDS)
    world.publish(raw)
    enter = heard(raw, "Tried", "prf_1", NOON)
    at = NOON + after * DAY
    grown = standing("prf_1", 2, watch_of(BIG))
    end: Fact = SegmentEntered(moves=[SegmentMove(segment=watch_of(BIG), at=at, standing=grown)])
    if fact != "grows":
        end = heard(raw, fact, "prf_1", at, version=2)
    if not first:
        world.facts(enter)
    world.run_until(at)
    for one in (end, enter, end):
        assert world.facts(one) == []
    left_for = ended(world)
    if first and fact == "grows":
        assert left_for == []  # it holds already: nobody was let in
    else:
        assert left_for == [("prf_1", reason)]
    world.run_until(NOON + 30 * DAY)
    assert rows_of(world.published(), "MessageRequested.v1") == []


@pytest.mark.parametrize(("on_leaving", "stays"), [("exit", False), ("stay", True)])
@pytest.mark.capability("003-15")
def test_whoever_leaves_the_stages_goes_or_stays_as_it_says(
    world: World, on_leaving: str, stays: bool
) -> None:
    stages = {"lifecycle": "customer", "allowed": ["active"], "on_leaving": on_leaving}
    world.publish(talk({"stage": "customer", "to": "active"}, stages=stages))
    world.facts(came_to("prf_1", "new", "active", 1))
    world.run_until(NOON + DAY)
    world.facts(came_to("prf_1", "active", "lapsed", 2))
    assert ended(world) == ([] if stays else [("prf_1", "wrong_stage")])


def test_a_stage_left_while_entering_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """F5: told between looking at the person and writing the walk."""
    world.publish(
        talk({"stage": "customer", "to": "active"}, stages={"lifecycle": "customer", "allowed": ["active"]})
    )
    enter = Joining.enter

    def overtaken(self: Joining, definition: Any, entrants: Any) -> int:
        with monkeypatch.context() as again:
            again.setattr(Joining, "enter", enter)
            bootstrap.reacting().react([came_to("prf_1", "active", "lapsed", 2)])
        return enter(self, definition, entrants)

    monkeypatch.setattr(Joining, "enter", overtaken)
    world.facts(came_to("prf_1", "new", "active", 1))
    assert ended(world) == [("prf_1", "wrong_stage")]


def test_two_who_turn_out_to_be_one_keep_each_matter_once(world: World) -> None:
    """F30: both left the same cart, and the loser another one besides."""
    world.publish(CART)
    world.facts(
        heard(CART, "Cart Filled", "prf_a", NOON, key="c1", cart_id="c1"),
        heard(CART, "Cart Filled", "prf_b", NOON, key="c1", cart_id="c1"),
        heard(CART, "Cart Filled", "prf_b", NOON, key="c2", cart_id="c2"),
    )
    world.run_until(NOON + timedelta(minutes=30))
    merge = ProfilesMerged(merges=[Merge(loser="prf_b", winner="prf_a", at=NOON)])
    for _ in range(2):
        assert world.facts(merge) == []
    paid = heard(CART, "Order Completed", "prf_a", world.clock.now(), key="c2", version=9)
    assert world.facts(paid) == []
    world.run_until(NOON + timedelta(hours=3))
    entries = world.published()
    asked = [
        (r["profile_id"], r["params"]["walk"]["cart_id"]) for r in rows_of(entries, "MessageRequested.v1")
    ]
    assert asked == [("prf_a", "c1")]
    reasons = sorted((r["profile_id"], r["reason"]) for r in rows_of(entries, "JourneyExited.v1"))
    assert reasons == [("prf_a", "bought"), ("prf_a", "completed"), ("prf_b", "merged"), ("prf_b", "merged")]


def test_an_erased_person_leaves_nothing_behind(world: World) -> None:
    """I7: walks with what they keep, events heard, traits carried, refusals."""
    world.publish(CART)
    raw = talk({"event": "Tried"}, name="strict", entry={"when": {"fact": "orders", "gte": 1}})
    world.publish(raw)
    world.facts(
        heard(CART, "Cart Filled", "prf_1", NOON, key="canary", worth="canary"),
        heard(CART, "Order Completed", "prf_1", NOON, key="canary-2", version=2),
        heard(raw, "Tried", "prf_1", NOON),
        carried("prf_1", 1, birthday="canary"),
    )
    kinds = {sk.partition("#")[0] for pk, sk in world.items() if pk == "P#prf_1"}
    assert kinds == {"E", "H", "R", "T"}
    question = PersonQuestion(ask="erase", profile_ids=["prf_1"], at=NOON)
    bootstrap.person().answer(question)
    assert [key for key in world.items() if key[0] == "P#prf_1"] == []
    world.run_until(NOON + DAY)
    assert rows_of(world.published(), "MessageRequested.v1") == []


def test_what_a_walk_keeps_is_shown_and_exported(world: World) -> None:
    world.publish(CART)
    world.facts(heard(CART, "Cart Filled", "prf_1", NOON, key="c1", cart_id="c1"))
    question = PersonQuestion(ask="export", profile_ids=["prf_1"], at=NOON)
    (walk,) = bootstrap.person().answer(question).stores["journeys"]
    assert (walk["key"], walk["kept"]) == ("c1", {"cart_id": "c1"})
