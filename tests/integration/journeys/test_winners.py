"""Splits that learn: whoever comes late enough takes the arm that does best by the goal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.journeys.adapters.contests import DynamoContests
from services.journeys.domain.contests import Contest, Tally
from services.journeys.handlers import on_runtime_stream
from services.shared.aws.dynamo import Table
from tests.integration.journeys.desk import Desk
from tests.integration.journeys.languages import document, heard, send
from tests.integration.journeys.world import NOON, Context, World, rows_of

DAY = timedelta(days=1)
RAW = document(
    "by_chance",
    {
        "by_chance": {
            "type": "split",
            "arms": [
                {"name": "plain", "percent": 45, "next": "plain"},
                {"name": "bright", "percent": 45, "next": "bright"},
                {"name": "control", "percent": 10, "next": "rest", "holdout": True},
            ],
            "winner": {"after": "P10D", "at_least": 5},
        },
        "plain": send("plain", "rest"),
        "bright": send("bright", "rest"),
        "rest": {"type": "wait", "for": "P2D", "next": "completed"},
    },
    goal={"event": "Order Completed"},
)
CONTEST = Contest("cart", 1, "by_chance")


def come(world: World, first: int, people: int) -> dict[str, str]:
    """People come; the template that each gets."""
    now = world.clock.now()
    world.facts(*[heard(RAW, "Cart Filled", f"prf_{i}", now, key="c") for i in range(first, first + people)])
    world.run_until(now + timedelta(hours=1))
    requests = rows_of(world.published(), "MessageRequested.v1")
    return {row["profile_id"]: row["template"] for row in requests}


def buy(world: World, profiles: list[str]) -> None:
    now = world.clock.now()
    world.facts(*[heard(RAW, "Order Completed", one, now, version=2) for one in profiles])
    world.published()


def learned(world: World, people: int = 40) -> dict[str, str]:
    """Everybody who got the bright one bought, of the others one did."""
    got = come(world, 0, people)
    bright = [who for who, template in got.items() if template == "bright"]
    buy(world, [*bright, next(who for who, template in got.items() if template == "plain")])
    return got


def test_newcomers_take_the_arm_that_has_done_best(world: World) -> None:
    world.publish(RAW)
    first = learned(world)
    assert set(first.values()) == {"plain", "bright"}

    world.clock.advance(5 * DAY)
    assert set(come(world, 100, 30).values()) == {"plain", "bright"}
    world.clock.advance(6 * DAY)
    late = come(world, 200, 30)

    assert set(late.values()) == {"bright"}
    assert len(late) < 30  # the control group stays one


def test_too_few_have_come(world: World) -> None:
    world.publish(RAW)
    learned(world, people=8)
    world.clock.advance(11 * DAY)
    assert set(come(world, 200, 30).values()) == {"plain", "bright"}


def test_who_has_won_stays_so(world: World) -> None:
    """F35: a step that is repeated later finds other counts, and sends nobody elsewhere."""
    world.publish(RAW)
    first = learned(world)
    world.clock.advance(11 * DAY)
    come(world, 200, 3)
    contests = DynamoContests(Table("plans"), world.clock)
    buy(world, [who for who, template in first.items() if template == "plain"])
    assert contests.settle(CONTEST, "plain", NOON) == "bright"
    assert set(come(world, 300, 30).values()) == {"bright"}


def test_what_is_told_twice_counts_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """F1: the stream's batch is repeated whole."""
    world.publish(RAW)
    handler = on_runtime_stream.handler

    def twice(event: dict[str, Any], context: Context) -> dict[str, Any]:
        handler(event, context)
        return handler(event, context)

    monkeypatch.setattr(on_runtime_stream, "handler", twice)
    first = learned(world)
    contests = DynamoContests(Table("plans"), world.clock)
    bright = sum(template == "bright" for template in first.values())
    assert contests.tally(CONTEST, "bright") == Tally(bright, bright)
    plain = contests.tally(CONTEST, "plain")
    assert (plain.came, plain.reached) == (len(first) - bright, 1)


def test_people_may_say_who_has_won(world: World, desk: Desk) -> None:
    world.publish(RAW)
    path = "/journeys/cart/splits/by_chance/winner"
    status, said = desk.ask("POST", path, {"arm": "plain"})
    assert (status, said["version"], said["arm"]) == (200, 1, "plain")
    assert set(come(world, 0, 30).values()) == {"plain"}
    assert desk.ask("POST", path, {"arm": "bright"})[0] == 200
    assert set(come(world, 100, 30).values()) == {"bright"}


@pytest.mark.parametrize(
    ("path", "arm", "status", "code"),
    [
        ("/journeys/cart/splits/by_chance/winner", "control", 400, "unknown_arm"),
        ("/journeys/cart/splits/by_chance/winner", "none", 400, "unknown_arm"),
        ("/journeys/cart/splits/plain/winner", "plain", 404, "unknown_split"),
        ("/journeys/none/splits/plain/winner", "plain", 404, "unknown_journey"),
    ],
)
def test_who_cannot_win(world: World, desk: Desk, path: str, arm: str, status: int, code: str) -> None:
    world.publish(RAW)
    assert (desk.ask("POST", path, {"arm": arm})[0], desk.ask("POST", path, {"arm": arm})[1]["code"]) == (
        status,
        code,
    )
