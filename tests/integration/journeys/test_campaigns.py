"""Campaigns on the real handlers: everybody once, at their turn, whatever dies on the way."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.journeys.adapters.running import DynamoRunning
from services.journeys.domain.operating import Running
from services.journeys.domain.timing import Pause
from services.shared.aws.dynamo import Table
from services.shared.contracts.outcomes import OutcomesAnswer
from tests.integration.journeys.crowd import Crowd, campaign
from tests.integration.journeys.crowd import crowd as crowd
from tests.integration.journeys.world import NOON, World
from tests.support.moto_store import drained
from tests.unit.journeys.documents import seed

PEOPLE = [f"p{n:04}" for n in range(120)]


def put(world: World, document: dict[str, Any]) -> dict[str, Any]:
    status, body = world.plan("PUT", f"/campaigns/{document['name']}", document)
    assert status == 200, body
    return body


def run_of(world: World, name: str = "spring") -> dict[str, Any]:
    run: dict[str, Any] = world.plan("GET", f"/campaigns/{name}")[1]["runs"][0]
    return run


@pytest.mark.capability("002-10")
def test_everybody_in_the_segment_at_the_moment_gets_one_message(world: World, crowd: Crowd) -> None:
    crowd.join("customers", *PEOPLE)
    crowd.join("others", "q1")
    put(world, campaign())
    crowd.run(2)
    assert crowd.entered("spring") == []

    world.run_until(NOON + timedelta(minutes=5))
    crowd.join("customers", "late", at=world.clock.now() + timedelta(seconds=1))
    crowd.run(4)

    assert sorted(crowd.sent()) == PEOPLE
    run = run_of(world)
    assert (run["state"], run["people"], run["entered"]) == ("done", 120, 120)
    assert world.plan("GET", "/campaigns/spring")[1]["next"] is None


def test_a_campaign_that_is_put_again_changes_nothing(world: World, crowd: Crowd) -> None:
    """F5."""
    crowd.join("customers", *PEOPLE[:5])
    first = put(world, campaign())
    assert put(world, campaign()) == first
    world.run_until(NOON + timedelta(minutes=5))
    crowd.run(3)
    put(world, campaign())
    crowd.run(3)

    assert sorted(crowd.sent()) == PEOPLE[:5]


def test_a_worker_that_dies_at_each_write_in_turn_lets_everybody_in_once(world: World, crowd: Crowd) -> None:
    """F8: at the first write, then at the second, and so on until one comes through; each message comes again."""
    crowd.page = 7
    crowd.join("customers", *PEOPLE[:60])
    put(world, campaign())
    world.run_until(NOON + timedelta(minutes=5))
    crowd.sweep()
    deaths = 0
    while crowd.waiting():
        crowd.dies_at += 1
        deaths += crowd.work()
    assert deaths > 30
    crowd.dies_at = 0
    crowd.run(8)

    assert Counter(crowd.sent()) == Counter(PEOPLE[:60])
    run = run_of(world)
    assert (run["state"], run["people"], run["entered"]) == ("done", 60, 60)


def test_a_lost_message_of_the_queue_is_made_up_for(world: World, crowd: Crowd) -> None:
    crowd.join("customers", *PEOPLE[:30])
    put(world, campaign())
    world.run_until(NOON + timedelta(minutes=5))
    crowd.sweep()
    drained(crowd.queue)
    crowd.run(8)

    assert sorted(crowd.sent()) == PEOPLE[:30]


def test_two_workers_at_one_part_let_nobody_in_twice(world: World, crowd: Crowd) -> None:
    crowd.page = 3
    crowd.join("customers", *PEOPLE)
    put(world, campaign())
    world.run_until(NOON + timedelta(minutes=5))
    crowd.sweep()
    crowd.sweep()  # nobody has touched the parts yet: all are queued again
    while crowd.work(milliseconds=0) or crowd.waiting():
        pass
    crowd.run(4)

    assert sorted(crowd.sent()) == PEOPLE


def test_with_a_throughput_each_minute_has_its_people(world: World, crowd: Crowd) -> None:
    crowd.join("customers", *PEOPLE)
    put(world, campaign(throughput=20))
    world.run_until(NOON + timedelta(minutes=5))
    by_minute = []
    for _ in range(14):
        crowd.run(1)
        by_minute.append(len(crowd.sent()))

    assert sum(by_minute) == 120
    assert max(by_minute) <= 20
    assert len([n for n in by_minute if n]) >= 6


def test_each_at_their_own_local_time(world: World, crowd: Crowd) -> None:
    """The run begins where the hour comes first; whose zone is not known is met by the journey's."""
    crowd.join("customers", "p1", "p2")
    put(world, campaign(schedule={"start": "1997-01-02T09:00", "zone": "person"}))
    world.run_until(NOON + timedelta(hours=7))  # 09:00 at UTC+14
    crowd.run(5)
    assert sorted(crowd.entered("spring")) == ["p1", "p2"]
    assert crowd.sent() == []

    world.run_until(NOON + timedelta(hours=21, minutes=2))
    assert sorted(crowd.sent()) == ["p1", "p2"]


def test_a_campaign_that_comes_every_week_meets_people_every_week(world: World, crowd: Crowd) -> None:
    crowd.join("customers", *PEOPLE[:10])
    put(world, campaign(schedule={"start": "1997-01-01T12:05", "rule": "FREQ=WEEKLY;COUNT=3"}))
    for week in range(4):
        world.run_until(NOON + timedelta(days=7 * week, minutes=5))
        crowd.run(6)

    assert Counter(crowd.sent()) == Counter(PEOPLE[:10] * 3)
    assert len(world.plan("GET", "/campaigns/spring")[1]["runs"]) == 3


def test_the_canary_comes_first_and_the_others_after_the_wait(world: World, crowd: Crowd) -> None:
    crowd.join("customers", *PEOPLE)
    put(world, campaign(canary={"percent": 25, "wait": "PT1H"}))
    world.run_until(NOON + timedelta(minutes=5))
    crowd.run(10)
    few = crowd.sent()
    assert 10 < len(few) < 50
    assert run_of(world)["state"] == "watching"

    crowd.outcomes = OutcomesAnswer(sent=len(few), bounced=0, complained=0)
    world.run_until(NOON + timedelta(minutes=70))
    crowd.run(10)
    assert Counter(few + crowd.sent()) == Counter(PEOPLE)


@pytest.mark.parametrize("bad", [{"bounced": 2}, {"complained": 1}])
def test_a_canary_whose_messages_come_back_stops_the_rest(
    world: World, crowd: Crowd, bad: dict[str, int]
) -> None:
    crowd.join("customers", *PEOPLE)
    put(world, campaign(canary={"percent": 25, "wait": "PT1H"}))
    world.run_until(NOON + timedelta(minutes=5))
    crowd.run(10)
    few = crowd.sent()
    crowd.outcomes = OutcomesAnswer(sent=30, **bad)
    crowd.run(100)

    assert crowd.sent() == []
    assert len(crowd.entered("spring")) == len(few)
    assert run_of(world)["state"] == "halted"


def test_a_holdout_is_not_written_to_and_is_known(world: World, crowd: Crowd) -> None:
    crowd.join("customers", *PEOPLE)
    put(world, campaign(holdout=20))
    world.run_until(NOON + timedelta(minutes=5))
    crowd.run(5)
    met = crowd.sent()
    assert 70 < len(met) < 115
    assert len(crowd.entered("spring")) == 120

    world.run_until(NOON + timedelta(days=3))
    reasons = Counter(row["reason"] for row in rows(world, "spring"))
    assert reasons == {"completed": len(met), "held_out": 120 - len(met)}


def test_a_paused_campaign_goes_on_where_it_was(world: World, crowd: Crowd) -> None:
    crowd.page = 2
    crowd.join("customers", *PEOPLE)
    put(world, campaign())
    world.run_until(NOON + timedelta(minutes=5))
    crowd.sweep()
    crowd.work(milliseconds=0)
    begun = len(crowd.entered("spring"))
    assert 0 < begun < 120
    runs("spring", Running(pauses=(Pause(NOON, None, "hold"),)))
    crowd.run(20)
    assert len(crowd.entered("spring")) == begun

    runs("spring", Running())
    crowd.run(10)
    assert Counter(crowd.entered("spring")) == Counter(PEOPLE)


def test_a_stopped_campaign_lets_nobody_in_any_more(world: World, crowd: Crowd) -> None:
    crowd.join("customers", *PEOPLE)
    put(world, campaign())
    runs("spring", Running(status="stopped"))
    world.run_until(NOON + timedelta(minutes=5))
    crowd.run(5)

    assert crowd.entered("spring") == []
    assert run_of(world)["state"] == "stopped"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"schedule": {"start": "1996-12-31T09:00"}}, "schedule"),
        ({"schedule": {"start": "1997-01-01T12:05", "rule": "FREQ=NEVER"}}, "schedule"),
        ({"segment": "nobody"}, "segment"),
        ({"throughput": 0}, "throughput"),
        ({"canary": {"percent": 100, "wait": "PT1H"}}, "canary.percent"),
        ({"holdout": 60}, "holdout"),
        ({"product": "loan"}, "product"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_told_by_path(world: World, crowd: Crowd, change: dict[str, Any], path: str) -> None:
    crowd.join("customers", "p1")
    status, body = world.plan("PUT", "/campaigns/spring", campaign(**change))
    assert (status, body["code"]) == (400, "invalid_journey")
    assert f"{path}:" in body["message"]
    told = world.plan("POST", "/campaigns/validate", campaign(**change))[1]
    assert not told["valid"]
    assert path in [problem["path"] for problem in told["problems"]]
    assert world.plan("GET", "/campaigns")[1] == {"campaigns": []}


def test_a_journey_of_the_same_name_is_not_taken_over(world: World, crowd: Crowd) -> None:
    crowd.join("customers", "p1")
    document = seed("lapsed")
    world.publish(document)
    status, body = world.plan("PUT", f"/campaigns/{document['name']}", campaign(document["name"]))
    assert (status, body["code"]) == (409, "name_taken")


def rows(world: World, journey: str) -> list[dict[str, Any]]:
    return [row for (_, sk), row in world.items().items() if sk.startswith(f"E#{journey}")]


def runs(journey: str, running: Running) -> None:
    """The journey is run so from now on."""
    DynamoRunning(Table("definitions")).change(journey, lambda old: replace(running, revision=old.revision))
