"""What is ready-made, by the API: looked at, made one's own, and then people are in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.shared.clock import FixedClock
from tests.integration.scoring.conftest import Stream, call, deliver, message, moment, publish, sweep
from tests.unit.scoring.builders import change, event, on, order


def create(name: str, **parameters: Any) -> list[dict[str, Any]]:
    status, answer = call("POST", f"/segments/library/{name}", {"parameters": parameters})
    assert status == 200, answer
    return answer["definitions"]


def members(name: str) -> list[str]:
    return sorted(row["profile_id"] for row in call("GET", f"/segments/{name}/members")[1]["members"])


FIXTURES: dict[str, tuple[list[Any], str, str]] = {
    "prf_both": (
        [event("Email Link Clicked", "1997-02-01"), order("1997-02-02")],
        "diagnosis_buys_and_clicks",
        "The mail works",
    ),
    "prf_lands": (
        [event("Email Link Clicked", "1997-02-01"), order("1996-01-01")],
        "diagnosis_clicks_without_buying",
        "landing page",
    ),
    "prf_elsewhere": (
        [event("Email Opened", "1997-02-01"), event("Prices", "1997-02-03", "page")],
        "diagnosis_active_elsewhere",
        "change the mix of channels, or the content",
    ),
    "prf_buys": ([order("1997-02-02")], "diagnosis_buys_without_clicks", "channel the purchases come by"),
    "prf_silent": ([event("Email Opened", "1997-02-01")], "diagnosis_silent", "let them rest"),
}


@pytest.mark.capability("000-14")
def test_buyers_and_clickers_each_get_a_diagnosis_with_its_advice(clock: FixedClock, stream: Stream) -> None:
    create("diagnosis")
    moment(clock, "1997-03-01")
    changes = [change(1, *events, profile_id=who) for who, (events, _, _) in FIXTURES.items()]
    assert deliver(message("a", *changes)) == []
    publish(stream())

    for who, (_, diagnosis, advice) in FIXTURES.items():
        standing = call("GET", f"/profiles/{who}/standing")[1]
        assert list(standing["segments"]) == list(standing["advice"]) == [diagnosis], who
        assert advice in standing["advice"][diagnosis]
        assert members(diagnosis) == [who]
    assert (
        len({tuple(call("GET", f"/profiles/{who}/standing")[1]["advice"].values()) for who in FIXTURES}) == 5
    )


def test_the_library_is_looked_at_and_made_ones_own() -> None:
    shelf = call("GET", "/segments/library")[1]["library"]
    assert [one["id"] for one in shelf] == [
        "churn",
        "diagnosis",
        "engagement",
        "inactive",
        "inactive-by-three-axes",
        "lifecycle",
        "value",
    ]
    assert shelf[3]["parameters"]["match"]["choices"] == ["any", "all"]

    body = {"parameters": {"prefix": "rich", "high": 1_000}, "preview": True}
    status, answer = call("POST", "/segments/library/value", body)
    assert (status, len(answer["definitions"])) == (200, 4)
    assert answer["definitions"][0]["document"]["condition"] == {"fact": "revenue", "gte": 1_000}
    assert call("GET", "/segments")[1]["segments"] == []

    made = create("value", prefix="rich", high=1_000)
    assert [(one["name"], one["revision"]) for one in made] == [
        ("rich_high", 1),
        ("rich_middle", 1),
        ("rich_low", 1),
        ("rich_none", 1),
    ]
    assert create("value", prefix="rich", high=1_000) == made, "the same again is nothing new"
    assert create("value", prefix="rich", high=900)[0]["revision"] == 2


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("nothing", {}, 404),
        ("value", {"parameters": []}, 400),
        ("value", {"parameters": {"prefix": "../x"}}, 400),
        ("inactive", {"parameters": {"purchase": None, "response": None}}, 400),
    ],
)
def test_what_the_library_refuses(name: str, body: dict[str, Any], status: int) -> None:
    assert call("POST", f"/segments/library/{name}", body)[0] == status
    assert call("GET", "/segments")[1]["segments"] == []


def test_no_segment_takes_the_librarys_address() -> None:
    document = {"condition": {"fact": "orders", "gte": 1}}
    assert call("PUT", "/segments/library", document)[1]["code"] == "invalid_segment"


def test_a_life_from_the_library_runs_its_course(clock: FixedClock, stream: Stream) -> None:
    """Prospect, customer, loyal, at risk, lost, won back, by nothing but purchases and time."""
    create("lifecycle")
    moment(clock, "1997-03-01")
    deliver(message("a", change(1, event("Visit", "1997-03-01"))))

    def stage() -> str:
        sweep()
        return str(call("GET", "/profiles/prf_1/standing")[1]["stages"]["customer_life"][""])

    seen = [stage()]
    for n, day in enumerate(("1997-03-02", "1997-03-03", "1997-03-04"), 2):
        moment(clock, day)
        deliver(message(f"m{n}", change(n, order(day))))
        seen.append(stage())
    for day in (
        "1997-06-01T12:00",
        "1997-06-02T11:59",
        "1997-06-02T12:00",
        "1998-03-04T11:59",
        "1998-03-04T12:00",
    ):
        moment(clock, day)
        seen.append(stage())
    moment(clock, "1998-05-01")
    deliver(message("m9", change(9, order("1998-05-01"))))
    seen.append(stage())

    assert seen == [
        *("prospect", "customer", "customer", "loyal"),
        *("loyal", "loyal", "at_risk", "at_risk", "lost"),
        "won_back",
    ]


LOYALTY: dict[str, list[Any]] = {
    "prf_prospect": [event("Visit", "1997-01-05")],
    "prf_active": [order("1997-01-05"), order("1997-12-01")],
    "prf_silent": [order("1997-01-05")],
    "prf_complains": [order("1997-01-05"), event("Complaint Opened", "1997-02-20")],
    "prf_ends": [order("1997-01-05"), event("Account Closed", "1997-02-03")],
    "prf_forgets": [order("1997-01-05"), event("Email Opened", "1997-01-06")],
}


def loyalty(who: str) -> tuple[str, float, dict[str, str]]:
    """Stage, risk, and of the segments since when."""
    standing = call("GET", f"/profiles/{who}/standing")[1]
    days = {name.removeprefix("churn_"): since[:16] for name, since in standing["segments"].items()}
    return standing["stages"]["churn"][""], standing["scores"]["churn_risk"]["score"], days


@pytest.mark.capability("003-10")
def test_falling_loyalty_is_told_with_its_day_and_its_reason(
    clock: FixedClock, stream: Stream, published: list[tuple[str, dict[str, Any]]]
) -> None:
    """Each state by real handlers and nothing but events and time; F35: on the very minute."""
    create("churn")
    moment(clock, "1997-01-05T13:00")
    happened = sorted(
        ((one.at, who, version, one) for who, did in LOYALTY.items() for version, one in enumerate(did, 1)),
        key=lambda row: (row[0], row[1]),
    )

    def live_until(day: str) -> None:
        """The sweep looks every day, whatever happens."""
        until = on(day)
        while happened and happened[0][0] <= until:
            at, who, version, one = happened.pop(0)
            clock.advance(max(at - clock.now(), timedelta(0)))
            sweep()
            assert deliver(message(one.message_id, change(version, one, profile_id=who))) == []
        clock.advance(until - clock.now())
        sweep()
        publish(stream())

    live_until("1997-02-21")
    assert loyalty("prf_silent") == ("active", 0, {})
    assert loyalty("prf_complains") == ("active", 20, {})
    assert loyalty("prf_ends") == ("lost", 0, {"lost_ended": "1997-02-03T12:00"})

    live_until("1997-03-07")
    assert loyalty("prf_silent") == ("active", 30, {})
    assert loyalty("prf_complains") == ("at_risk", 50, {"at_risk": "1997-03-06T12:00"})
    assert loyalty("prf_forgets") == ("active", 40, {}), "opened mail once, and none for sixty days"

    live_until("1997-05-06")
    assert loyalty("prf_silent") == ("at_risk", 50, {"at_risk": "1997-05-05T12:00"})
    assert loyalty("prf_forgets") == ("at_risk", 60, {"at_risk": "1997-05-05T12:00"})

    live_until("1998-01-06")
    assert loyalty("prf_silent") == ("lost", 50, {"lost_silent": "1998-01-05T12:00"})
    assert loyalty("prf_complains") == ("lost", 50, {"lost_complained": "1998-01-05T12:00"})
    assert loyalty("prf_active") == ("active", 0, {})
    assert loyalty("prf_prospect") == ("prospect", 0, {})
    assert members("churn_lost_silent") == ["prf_forgets", "prf_silent"]
    advice = call("GET", "/profiles/prf_complains/standing")[1]["advice"]
    assert "the complaint" in advice["churn_lost_complained"]
    told = [row for kind, detail in published if kind == "StageChanged.v1" for row in detail["moves"]]
    way = [(row["after"], row["at"][:10]) for row in told if row["standing"]["profile_id"] == "prf_silent"]
    assert way == [
        ("prospect", "1997-01-05"),
        ("active", "1997-01-05"),
        ("at_risk", "1997-05-05"),
        ("lost", "1998-01-05"),
    ]

    moment(clock, "1998-02-01")
    assert deliver(message("back", change(9, order("1998-02-01"), profile_id="prf_ends"))) == []
    assert loyalty("prf_ends")[:2] == ("active", 0)


@pytest.mark.capability("000-15")
def test_engagement_has_four_parts_and_weights_change_the_total_only(
    clock: FixedClock, stream: Stream
) -> None:
    create("engagement")
    moment(clock, "1997-03-01")
    happened = [
        *(event("Email Opened", "1997-02-01") for _ in range(4)),
        *(event("Home", "1997-02-02", kind="page") for _ in range(30)),
        order("1997-02-03"),
        event("Survey Answered", "1997-02-04"),
        event("Event Attended", "1997-02-05"),
        event("Post Shared", "1997-02-06"),
    ]
    assert deliver(message("a", change(1, *happened))) == []

    def scores() -> dict[str, float]:
        found = call("GET", "/profiles/prf_1/standing")[1]["scores"]
        return {name.removeprefix("engaged_"): one["score"] for name, one in found.items()}

    parts = {"engagement": 60, "interaction": 25, "intimacy": 25, "influence": 25}
    assert scores() == {**parts, "total": 33.75}
    create("engagement", engagement=0.1, interaction=0.1, intimacy=0.1, influence=0.7)
    assert scores() == {**parts, "total": 28.5}
    moment(clock, "1997-08-04T13:00")
    assert scores() == {"engagement": 0, "interaction": 0, "intimacy": 0, "influence": 10, "total": 7}
