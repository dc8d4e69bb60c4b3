"""Waiting for something to happen: it may have happened already, happen meanwhile, or come too late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from services.journeys.adapters.walks import DynamoWalks
from services.shared.contracts.base import Fact
from tests.integration.journeys.languages import CART, document, heard, send
from tests.integration.journeys.world import NOON, World, rows_of

MINUTE = timedelta(minutes=1)
LATER = timedelta(hours=3)


def filled(profile: str, cart: str = "c1", at: datetime = NOON, version: int = 1, **kept: Any) -> Fact:
    return heard(CART, "Cart Filled", profile, at, key=cart, version=version, cart_id=cart, **kept)


def paid(profile: str, cart: str = "c1", at: datetime = NOON + MINUTE, version: int = 2) -> Fact:
    return heard(CART, "Order Completed", profile, at, key=cart, version=version)


def outcome(world: World) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Who was asked for what, and who left why."""
    entries = world.published()
    asked = [(r["profile_id"], r["template"]) for r in rows_of(entries, "MessageRequested.v1")]
    left = [(r["profile_id"], r["reason"]) for r in rows_of(entries, "JourneyExited.v1")]
    return sorted(asked), sorted(left)


def finish(world: World, until: datetime = NOON + LATER) -> tuple[Any, Any]:
    world.run_until(until)
    assert {e.status for e in world.executions.values()} == {"SUCCEEDED"}
    assert {row["status"] for (_, sk), row in world.items().items() if sk[:2] == "E#"} == {"exited"}
    assert {row["state"] for row in world.cohorts().values() if row["started"]} == {"done"}
    return outcome(world)


def test_whoever_does_it_in_time_leaves_and_the_others_go_on(world: World) -> None:
    world.publish(CART)
    world.facts(filled("prf_1"), filled("prf_2"))
    world.run_until(NOON + 30 * MINUTE)
    world.facts(paid("prf_1", at=world.clock.now()))
    assert outcome(world)[1] == [("prf_1", "bought")]
    assert finish(world) == ([("prf_2", "cart")], [("prf_2", "completed")])


def test_two_carts_of_one_person_are_two_walks(world: World) -> None:
    world.publish(CART)
    world.facts(filled("prf_1", "c1"), filled("prf_1", "c2"))
    world.run_until(NOON + 30 * MINUTE)
    world.facts(paid("prf_1", "c2", at=world.clock.now()))
    assert finish(world) == ([("prf_1", "cart")], [("prf_1", "bought"), ("prf_1", "completed")])


def test_the_cart_s_content_is_in_the_message(world: World) -> None:
    world.publish(CART)
    world.facts(filled("prf_1", worth="canary-5d2e"))
    world.run_until(NOON + LATER)
    (request,) = rows_of(world.published(), "MessageRequested.v1")
    assert request["params"] == {"walk": {"cart_id": "c1", "worth": "canary-5d2e"}}
    assert "canary-5d2e" not in repr(world.started())


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_in_which_it_is_told_does_not_matter(world: World, order: tuple[int, ...]) -> None:
    """F2: the order is told before the cart it is of; each fact comes twice."""
    world.publish(CART)
    facts = [filled("prf_1"), paid("prf_1"), filled("prf_2")]
    for i in (*order, *order):
        assert world.facts(facts[i]) == []
    assert finish(world) == ([("prf_2", "cart")], [("prf_1", "bought"), ("prf_2", "completed")])


def test_what_happened_before_somebody_entered_does_not_count(world: World) -> None:
    world.publish(CART)
    world.facts(paid("prf_1", at=NOON - MINUTE, version=1), filled("prf_1", version=2))
    assert finish(world) == ([("prf_1", "cart")], [("prf_1", "completed")])


def test_what_comes_after_the_wait_changes_nothing(world: World) -> None:
    """F34: told late, of a time when it was waited for."""
    world.publish(CART)
    world.facts(filled("prf_1"))
    assert finish(world) == ([("prf_1", "cart")], [("prf_1", "completed")])
    before = world.items()
    assert world.facts(paid("prf_1")) == []
    assert {k: v for k, v in world.items().items() if k[1][:2] != "H#"} == before


def interrupted(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, then: Callable[[], Any], dies: bool
) -> None:
    """Let something happen, once, just before a write or a read of walks; and maybe the worker dies of it."""
    whole, happened = getattr(DynamoWalks, name), iter([True])

    def overtaken(self: DynamoWalks, *args: Any, **named: Any) -> Any:
        if next(happened, False):
            then()
            if dies:
                raise ConnectionError("the worker died")
        return whole(self, *args, **named)

    monkeypatch.setattr(DynamoWalks, name, overtaken)


@pytest.mark.parametrize("name", ["arrive", "pages", "members", "find"])
@pytest.mark.parametrize("dies", [False, True])
def test_an_event_at_any_moment_of_the_arrival_is_heard(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, dies: bool
) -> None:
    """F5: the order is told between any two of a step's reads and writes; maybe the step dies then."""
    world.publish(CART)
    world.facts(filled("prf_1"), filled("prf_2"))
    world.clock.advance(2 * MINUTE)
    interrupted(world, monkeypatch, name, lambda: world.facts(paid("prf_1", at=NOON + 2 * MINUTE)), dies)
    assert finish(world) == ([("prf_2", "cart")], [("prf_1", "bought"), ("prf_2", "completed")])


@pytest.mark.parametrize("name", ["arrive", "pages", "members", "request", "finish"])
@pytest.mark.parametrize("dies", [False, True])
def test_an_event_at_the_very_end_of_the_wait_ends_it_one_way_or_the_other(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, dies: bool
) -> None:
    """F35: whoever pays while the others are reminded is reminded or has bought, and never both."""
    world.publish(CART)
    world.facts(filled("prf_1"), filled("prf_2"))
    world.run_until(NOON + LATER / 2)
    interrupted(world, monkeypatch, name, lambda: world.facts(paid("prf_1", at=world.clock.now())), dies)
    asked, left = finish(world)
    assert [reason for profile, reason in left if profile == "prf_1"] == (
        ["completed"] if ("prf_1", "cart") in asked else ["bought"]
    )
    assert ("prf_2", "completed") in left


@pytest.mark.parametrize("name", ["arrive", "members", "request", "finish"])
def test_whoever_is_woken_at_the_very_end_of_the_wait_is_met_once(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """F35: the step acts and the event wakes in one moment; one of them moves the walk."""
    nodes = {name: CART["nodes"][name] for name in ("paid", "remind")}
    nodes["paid"] = {**nodes["paid"], "next": "thank"}
    world.publish(document("paid", {**nodes, "thank": send("thanks", "completed")}))
    world.facts(filled("prf_1"), filled("prf_2"))
    world.run_until(NOON + LATER / 2)
    interrupted(world, monkeypatch, name, lambda: world.facts(paid("prf_1", at=world.clock.now())), False)
    asked, _ = finish(world)
    assert asked == [("prf_1", "cart" if name == "finish" else "thanks"), ("prf_2", "cart")]


@pytest.mark.parametrize("name", ["hear", "find", "cohort", "wake", "_board", "mark_started"])
def test_a_worker_that_dies_while_it_wakes_somebody_is_made_up_for(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """F5, F28: the event is told again."""
    nodes = {name: CART["nodes"][name] for name in ("paid", "remind")}
    nodes["paid"] = {**nodes["paid"], "next": "thank"}
    world.publish(document("paid", {**nodes, "thank": send("thanks", "completed")}))
    world.facts(filled("prf_1"))
    world.run_until(NOON + 30 * MINUTE)
    with monkeypatch.context() as broken:
        interrupted(world, broken, name, lambda: None, dies=True)
        assert world.facts(paid("prf_1", at=world.clock.now())) == ["message-0"]
    world.clock.advance(5 * MINUTE)
    for _ in range(2):
        assert world.facts(paid("prf_1", at=NOON + 30 * MINUTE)) == []
    assert finish(world) == ([("prf_1", "thanks")], [("prf_1", "completed")])


def test_a_survey_s_answer_is_kept_and_decides(world: World) -> None:
    raw = document(
        "ask",
        {
            "ask": {
                "type": "survey",
                "survey": "after_sale",
                "question": "nps",
                "template": "how_was_it",
                "channels": ["email"],
                "next": "fork",
                "otherwise": "completed",
            },
            "fork": {
                "type": "branch",
                "branches": [{"when": {"fact": "walk.ask.score", "lte": 6}, "next": "call"}],
                "default": "completed",
            },
            "call": {
                "type": "task",
                "kind": "call",
                "title": "Say sorry",
                "owner": "care",
                "next": "completed",
            },
        },
    )
    world.publish(raw)
    world.facts(*[heard(raw, "Cart Filled", f"prf_{i}", NOON, key="c") for i in (3, 9)])
    world.run_until(NOON + LATER)
    answers = [
        heard(raw, "Survey Answered", f"prf_{i}", world.clock.now(), version=2, score=i) for i in (3, 9)
    ]
    for _ in range(2):
        assert world.facts(*answers) == []
    world.run_until(NOON + timedelta(days=15))
    entries = world.published()
    (task,) = rows_of(entries, "JourneyTaskRequested.v1")
    assert (task["profile_id"], task["title"], task["kind"]) == ("prf_3", "Say sorry", "call")
    assert len(rows_of(entries, "MessageRequested.v1")) == 2
    assert len(rows_of(entries, "JourneyExited.v1")) == 2
