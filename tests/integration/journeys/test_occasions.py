"""Schedules, world events, the portfolio, propositions and calls on the real handlers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from services.journeys.bootstrap import campaigns as bootstrap
from services.journeys.domain.portfolio import Portfolio, seated
from services.shared.errors import Conflict
from tests.integration.journeys.crowd import Crash, Crowd, campaign
from tests.integration.journeys.crowd import crowd as crowd
from tests.integration.journeys.world import NOON, World, rows_of
from tests.unit.journeys.documents import journey


def document(
    name: str, ways: Sequence[dict[str, Any]], reentry: str = "always", **changes: Any
) -> dict[str, Any]:
    made = journey(name=name, portfolio="base", **changes)
    made["entry"] = {"on": list(ways), "reentry": reentry}
    made["admission"] = "PT1M"
    made["start"] = "message"
    made["nodes"] = {
        "message": {"type": "send", "template": "hello", "channels": ["email"], "next": "completed"},
        "completed": {"type": "exit", "reason": "completed"},
    }
    made.pop("exit_on", None)
    return made


def yearly(**changes: Any) -> dict[str, Any]:
    schedule = {"start": "1997-12-28T10:00", "rule": "FREQ=YEARLY", "zone": "Europe/Amsterdam"}
    return document("year_end", [{"schedule": schedule, "segment": "customers"}], **changes)


@pytest.mark.capability("000-21")
def test_a_schedule_meets_its_segment_once_a_year(world: World, crowd: Crowd) -> None:
    crowd.join("customers", "p1", "p2")
    crowd.join("others", "q1")
    world.publish(yearly())
    world.run_until(NOON.replace(month=12, day=28, hour=8, minute=59))
    crowd.run(1)
    assert crowd.sent() == []
    for year in (1997, 1998):
        world.run_until(NOON.replace(year=year, month=12, day=28, hour=9))  # ten in the morning in Amsterdam
        crowd.run(4)
        assert sorted(crowd.sent()) == ["p1", "p2"], year
    world.run_until(NOON.replace(year=1999, month=1, day=10))
    crowd.run(4)
    assert crowd.sent() == []


def test_of_moments_that_nobody_looked_at_the_newest_is_made_up_for(world: World, crowd: Crowd) -> None:
    """F26."""
    crowd.join("customers", "p1")
    schedule = {"start": "1997-01-02T09:00", "rule": "FREQ=DAILY", "zone": "UTC"}
    world.publish(document("daily", [{"schedule": schedule, "segment": "customers"}]))
    world.run_until(NOON + timedelta(days=5))
    crowd.run(4)

    assert crowd.sent() == ["p1"]


@pytest.mark.capability("001-7")
def test_a_world_event_meets_the_matching_segment_only(world: World, crowd: Crowd) -> None:
    crowd.join("fans", "p1", "p2")
    crowd.join("customers", "q1")
    world.publish(document("football", [{"world_event": "football", "segment": "fans"}]))
    body = {"kind": "football", "title": "World Cup", "at": "1997-01-01T18:00:00Z"}
    assert world.plan("PUT", "/world-events/world_cup", body)[0] == 200
    other = {"kind": "election", "title": "Election", "at": "1997-01-01T13:00:00Z"}
    assert world.plan("PUT", "/world-events/vote", other)[0] == 200
    world.run_until(NOON + timedelta(hours=5, minutes=50))
    crowd.run(3)
    assert crowd.sent() == []

    world.run_until(NOON + timedelta(hours=6))
    crowd.run(4)
    assert sorted(crowd.sent()) == ["p1", "p2"]
    assert world.plan("GET", "/world-events/world_cup")[1]["told"] is True
    crowd.run(4)
    assert crowd.sent() == []


def test_a_world_event_that_is_moved_or_taken_out_is_told_as_it_is(world: World, crowd: Crowd) -> None:
    crowd.join("fans", "p1")
    world.publish(document("football", [{"world_event": "football", "segment": "fans"}]))
    body = {"kind": "football", "title": "World Cup", "at": "1997-01-01T12:10:00Z"}
    world.plan("PUT", "/world-events/world_cup", body)
    world.plan("PUT", "/world-events/world_cup", {**body, "at": "1997-01-01T14:00:00Z"})
    crowd.run(30)
    assert crowd.sent() == []
    world.plan("DELETE", "/world-events/world_cup")
    world.run_until(NOON + timedelta(hours=3))
    crowd.run(2)
    assert crowd.sent() == []
    assert world.plan("GET", "/world-events")[1] == {"world_events": []}


@pytest.mark.parametrize(
    "change", [{"kind": "Not A Name"}, {"at": "tomorrow"}, {"at": "1996-12-30T00:00:00Z"}, {"title": ""}]
)
def test_a_world_event_that_is_none_is_refused(world: World, crowd: Crowd, change: dict[str, str]) -> None:
    body = {"kind": "football", "title": "World Cup", "at": "1997-01-02T00:00:00Z", **change}
    assert world.plan("PUT", "/world-events/world_cup", body)[1]["code"] == "invalid_world_event"


# The portfolio


def current(name: str) -> dict[str, Any]:
    return campaign(name, schedule={"start": "1997-01-05T09:00"})


@pytest.mark.capability("003-14")
@pytest.mark.parametrize("most", [2, 3, 8, 9])
def test_no_more_are_live_than_the_limit(world: World, crowd: Crowd, most: int) -> None:
    crowd.join("customers", "p1")
    assert world.plan("PUT", "/portfolio/settings", {"most_current": most})[0] == 200
    for n in range(most):
        assert world.plan("PUT", f"/campaigns/c{n}", current(f"c{n}"))[0] == 200
    status, body = world.plan("PUT", "/campaigns/more", current("more"))
    assert (status, body["code"]) == (409, "portfolio_full")
    assert world.http("PUT", "/journeys/base", document("base", [{"segment_entered": "new"}]))[0] == 200
    assert world.plan("PUT", "/campaigns/c0", current("c0"))[0] == 200

    shown = world.plan("GET", "/portfolio")[1]
    assert (len(shown["current"]), len(shown["base"])) == (most, 1)
    assert shown["current_missing"] == max(3 - most, 0)


def test_a_fifth_base_one_is_refused(world: World, crowd: Crowd) -> None:
    for n in range(4):
        world.publish(document(f"base{n}", [{"segment_entered": "new"}]))
    status, body = world.http("PUT", "/journeys/base4", document("base4", [{"segment_entered": "new"}]))
    assert (status, body["code"]) == (409, "portfolio_full")


def test_two_who_come_for_the_last_place_do_not_both_get_it(world: World, crowd: Crowd) -> None:
    """F6: the other's write comes between reading and writing."""
    store = bootstrap.portfolio()._portfolios
    world.plan("PUT", "/portfolio/settings", {"most_current": 1})
    other = [lambda: store.change(lambda p: seated(p, "other", "current", NOON))]

    def take(portfolio: Portfolio) -> Portfolio:
        if other:
            other.pop()()
        return seated(portfolio, "mine", "current", NOON)

    with pytest.raises(Conflict) as refused:
        store.change(take)
    assert refused.value.code == "portfolio_full"
    assert list(store.get().seats) == ["other"]


def test_what_waits_is_published_when_a_place_is_free(
    world: World, crowd: Crowd, capsys: pytest.CaptureFixture[str]
) -> None:
    crowd.join("customers", "p1")
    world.plan("PUT", "/portfolio/settings", {"most_current": 1})
    world.plan("PUT", "/campaigns/first", campaign("first"))
    queued = world.plan("POST", "/portfolio/queue", {"campaign": current("second")})[1]
    assert queued == {"name": "second", "status": "queued"}
    crowd.sweep()
    assert [one["name"] for one in world.plan("GET", "/portfolio")[1]["queue"]] == ["second"]
    assert '"CurrentCampaignsMissing":[2.0]' in capsys.readouterr().out.replace(" ", "")

    world.run_until(NOON + timedelta(minutes=5))
    crowd.run(8)
    shown = world.plan("GET", "/portfolio")[1]
    assert [one["name"] for one in shown["current"]] == ["second"]
    assert shown["queue"] == []
    world.run_until(NOON + timedelta(days=4))
    crowd.run(4)
    assert crowd.sent().count("p1") == 2


def test_what_cannot_be_published_any_more_holds_up_nobody(world: World, crowd: Crowd) -> None:
    crowd.join("customers", "p1")
    world.plan("PUT", "/portfolio/settings", {"most_current": 1})
    world.plan("PUT", "/campaigns/first", campaign("first"))
    late = campaign("late", schedule={"start": "1997-01-01T12:08"})
    for body in (late, current("second")):
        assert world.plan("POST", "/portfolio/queue", {"campaign": body})[1]["status"] == "queued"
    world.run_until(NOON + timedelta(minutes=9))
    crowd.run(8)

    shown = world.plan("GET", "/portfolio")[1]
    assert [one["name"] for one in shown["current"]] == ["second"]
    assert [(one["name"], "schedule" in one["problem"]) for one in shown["queue"]] == [("late", True)]
    assert world.plan("DELETE", "/portfolio/queue/late")[0] == 200
    assert world.plan("DELETE", "/portfolio/queue/late")[0] == 404


@pytest.mark.capability("001-19")
def test_with_many_live_ones_the_portfolio_says_what_they_do_to_each_other(
    world: World, crowd: Crowd
) -> None:
    crowd.join("customers", *(f"p{n}" for n in range(64)))
    crowd.join("fans", *(f"p{n}" for n in range(32)))
    world.plan("PUT", "/portfolio/settings", {"most_current": 20})
    for n in range(10):
        world.plan("PUT", f"/campaigns/c{n}", current(f"c{n}"))
    assert "advice" not in world.plan("GET", "/portfolio")[1]
    bootstrap.portfolio.cache_clear()  # a list of all journeys is believed for some seconds
    world.plan("PUT", "/campaigns/for_fans", {**current("for_fans"), "segment": "fans"})

    advice = world.plan("GET", "/portfolio")[1]["advice"]
    assert len(advice["overlap"]) == 55
    by_pair = {(row["a"], row["b"]): row["sampled"] for row in advice["overlap"]}
    assert by_pair["c0", "c1"] == advice["sampled_people"] > by_pair["c0", "for_fans"] > 0
    assert advice["contacts_per_person"]["most"] == 11
    assert 10 < advice["contacts_per_person"]["mean"] < 11


# Propositions

LOAN = {
    "title": "A loan",
    "class": "offer",
    "products": ["loan"],
    "valid_from": "1997-01-01T00:00:00Z",
    "valid_until": "1997-01-10T00:00:00Z",
}


@pytest.mark.capability("003-25")
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"proposition": "loan"}, ""),
        ({"proposition": "loan", "product": "loan"}, ""),
        ({"proposition": "loan", "product": "savings"}, "is not made for"),
        ({"proposition": "unheard_of"}, "there is no proposition"),
        ({"proposition": "past"}, "is not valid any more"),
    ],
)
def test_a_proposition_outside_the_matrix_is_refused(
    world: World, crowd: Crowd, change: dict[str, str], problem: str
) -> None:
    crowd.join("customers", "p1")
    assert world.plan("PUT", "/propositions/loan", LOAN)[0] == 200
    over = {**LOAN, "valid_from": "1996-01-01T00:00:00Z", "valid_until": "1997-01-01T00:00:00Z"}
    assert world.plan("PUT", "/propositions/past", over)[1]["valid"] is False
    status, body = world.plan("PUT", "/campaigns/spring", campaign(**change))
    assert (status == 200) is not problem
    assert problem in body.get("message", "")


def test_what_is_sent_says_until_when_its_proposition_is_valid(world: World, crowd: Crowd) -> None:
    crowd.join("customers", "p1")
    world.plan("PUT", "/propositions/loan", LOAN)
    world.plan("PUT", "/campaigns/spring", campaign(proposition="loan"))
    world.run_until(NOON + timedelta(minutes=5))
    crowd.run(4)
    (request,) = rows_of(world.published(), "MessageRequested.v1")
    assert request["proposition"] == "loan"
    assert request["proposition_until"].startswith("1997-01-10T00:00:00")


@pytest.mark.parametrize(
    "change", [{"products": []}, {"valid_until": "1996-01-01T00:00:00Z"}, {"valid_from": "x"}]
)
def test_a_proposition_that_is_none_is_refused(world: World, crowd: Crowd, change: dict[str, Any]) -> None:
    status, body = world.plan("PUT", "/propositions/loan", {**LOAN, **change})
    assert (status, body["code"]) == (400, "invalid_proposition")


# One person


def called() -> dict[str, Any]:
    return document("call_me", [{"called": True}])


@pytest.mark.capability("002-10")
def test_one_person_is_let_in_by_a_call_and_again_by_none(world: World, crowd: Crowd) -> None:
    """F5: the same request again is answered the same, though the walk is over and may be begun anew."""
    crowd.join("customers", "p1")
    world.publish(called())
    ask = {"request_id": "r1", "identifier": "p1", "kept": {"car": "red"}}
    first = world.plan("POST", "/journeys/call_me/enter", ask)
    assert first[0] == 200
    assert first[1]["entered"] is True
    world.run_until(NOON + timedelta(minutes=5))
    assert world.plan("POST", "/journeys/call_me/enter", ask) == first
    assert crowd.sent() == ["p1"]

    again = world.plan("POST", "/journeys/call_me/enter", {**ask, "request_id": "r2"})[1]
    assert again["entered"] is True
    refused = world.plan("POST", "/journeys/call_me/enter", {**ask, "request_id": "r3"})[1]
    assert (refused["entered"], refused["reason"]) == (False, "active")
    world.run_until(NOON + timedelta(minutes=10))
    assert crowd.sent() == ["p1"]


def test_a_call_whose_worker_died_is_finished_by_its_repetition(world: World, crowd: Crowd) -> None:
    """F8: at every write in turn."""
    crowd.join("customers", "p1")
    world.publish(called())
    deaths, answers = 0, []
    while not answers:
        crowd.writes, crowd.dies_at = 0, deaths + 1
        try:
            body = {"request_id": "r1", "profile_id": "p1"}
            answers.append(world.plan("POST", "/journeys/call_me/enter", body)[1])
        except Crash:
            deaths += 1
    crowd.dies_at = 0
    assert deaths > 3
    assert answers[0]["entered"] is True
    world.run_until(NOON + timedelta(minutes=5))
    assert crowd.sent() == ["p1"]


def test_a_call_with_a_key_is_a_matter_of_its_own(world: World, crowd: Crowd) -> None:
    crowd.join("customers", "p1")
    world.publish(called())
    for n, key in enumerate(("a", "b", "a")):
        body = {"request_id": f"r{n}", "profile_id": "p1", "key": key}
        assert world.plan("POST", "/journeys/call_me/enter", body)[1]["entered"] is (n < 2)
    world.run_until(NOON + timedelta(minutes=5))
    assert Counter(crowd.sent()) == {"p1": 2}


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("call_me", {"request_id": "r", "identifier": "nobody"}, "unknown_profile"),
        ("nothing", {"request_id": "r", "identifier": "p1"}, "unknown_journey"),
        ("daily", {"request_id": "r", "identifier": "p1"}, "not_called"),
        ("call_me", {"request_id": "", "identifier": "p1"}, "bad_request"),
        ("call_me", {"request_id": "r"}, "bad_request"),
        ("call_me", {"request_id": "used", "identifier": "p1", "key": "other"}, "request_differs"),
    ],
)
def test_a_call_that_cannot_be_is_refused(
    world: World, crowd: Crowd, path: str, body: dict[str, Any], code: str
) -> None:
    crowd.join("customers", "p1")
    world.publish(called())
    world.publish(document("daily", [{"segment_entered": "customers"}]))
    world.plan("POST", "/journeys/call_me/enter", {"request_id": "used", "identifier": "p1"})
    assert world.plan("POST", f"/journeys/{path}/enter", body)[1]["code"] == code
