"""What is ready-made, by the API: looked at, made one's own, and then people are in it."""

from __future__ import annotations

from typing import Any

import pytest

from services.shared.clock import FixedClock
from tests.integration.scoring.conftest import Stream, call, deliver, message, moment, publish, sweep
from tests.unit.scoring.builders import change, event, order


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
        "diagnosis",
        "inactive",
        "inactive-by-three-axes",
        "lifecycle",
        "value",
    ]
    assert shelf[1]["parameters"]["match"]["choices"] == ["any", "all"]

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
