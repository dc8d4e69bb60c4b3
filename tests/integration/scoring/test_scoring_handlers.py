"""Scoring's handlers on real (simulated) tables: from a changed profile to facts on the bus, and back by time alone."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from services.shared.clock import FixedClock
from tests.integration.scoring.conftest import Stream, call, deliver, message, moment, publish, sweep
from tests.unit.scoring.builders import DEMO_SEGMENTS, change, event, order


def item(profile_id: str = "prf_1") -> dict[str, Any]:
    found = boto3.client("dynamodb").get_item(TableName="standings", Key={"profile_id": {"S": profile_id}})
    return {name: next(iter(value.values())) for name, value in found["Item"].items()}


@pytest.mark.usefixtures("demo")
def test_from_first_order_to_lapsed_and_back(
    clock: FixedClock, stream: Stream, published: list[tuple[str, dict[str, Any]]]
) -> None:
    moment(clock, "1997-01-06")
    assert deliver(message("a", change(1, order("1997-01-05", 29.33)))) == []
    publish(stream())
    assert [(kind, *subject(detail)) for kind, detail in published] == [
        ("ScoreChanged.v1", "engagement", "1997-01-06T12:00:00.000Z"),
        ("SegmentEntered.v1", "first_order", "1997-01-05T12:00:00.000Z"),
    ]
    assert (item()["due_at"], len(item()["due_shard"])) == ("1997-04-05T12:00:00.000Z", 1)

    published.clear()
    moment(clock, "1997-04-04")
    assert sweep() == {"swept": 0, "more": False}
    moment(clock, "1997-04-20")
    assert sweep() == {"swept": 1, "more": False}
    assert sweep() == {"swept": 0, "more": False}
    publish(stream())
    assert [(kind, *subject(detail)) for kind, detail in published] == [
        ("SegmentEntered.v1", "no_order_90d", "1997-04-05T12:00:00.000Z"),
    ]
    assert published[0][1]["moves"][0]["standing"]["segments"] == ["first_order", "no_order_90d"]
    assert "due_at" not in item()

    published.clear()
    moment(clock, "1997-05-01")
    deliver(message("b", change(2, order("1997-05-01", 9.7))))
    publish(stream())
    assert [(kind, *subject(detail)) for kind, detail in published] == [
        ("ScoreChanged.v1", "engagement", "1997-05-01T12:00:00.000Z"),
        ("SegmentExited.v1", "no_order_90d", "1997-05-01T12:00:00.000Z"),
    ]
    assert published[0][1]["changes"][0]["standing"]["facts"]["revenue"] == 39.03


def subject(detail: dict[str, Any]) -> tuple[str, str]:
    if "changes" in detail:
        (row,) = detail["changes"]
        return row["model"], row["standing"]["at"]
    (row,) = detail["moves"]
    return row["segment"], row["at"]


@pytest.mark.usefixtures("demo")
def test_any_delivery_ends_in_the_same_standing(clock: FixedClock) -> None:
    moment(clock, "1997-03-01")
    changes = [change(n, order(f"1997-01-0{n}", n)) for n in range(1, 5)]

    deliver(message("a", changes[3]), message("b", changes[0]))
    deliver(message("a", changes[3]), message("b", changes[0]))
    deliver(message("c", changes[2], changes[1]))
    deliver(message("c", changes[2], changes[1]), message("a", changes[3]))

    state = json.loads(item()["state"])
    assert (state["applied"], state["counts"]) == ([[1, 4]], {"track:Order Completed": 4})
    assert state["revenue_cents"] == 1_000
    assert item()["version"] == "2"


@pytest.mark.usefixtures("demo")
def test_a_message_that_can_not_be_read_is_given_back_alone(clock: FixedClock) -> None:
    moment(clock, "1997-03-01")
    good = message("good", change(1, order("1997-01-01")))
    no_event = {"messageId": "no-event", "body": "{}"}
    wrong = {**message("x", change(2)), "messageId": "wrong"}
    wrong["body"] = wrong["body"].replace('"version": 2', '"version": "two"')

    assert deliver(no_event, good, wrong) == ["no-event", "wrong"]
    assert item()["version"] == "1"


@pytest.mark.usefixtures("demo")
def test_a_standing_that_can_not_be_read_holds_up_only_its_own_messages(clock: FixedClock) -> None:
    moment(clock, "1997-03-01")
    boto3.client("dynamodb").put_item(
        TableName="standings",
        Item={"profile_id": {"S": "prf_bad"}, "version": {"N": "1"}, "state": {"S": "{}"}},
    )

    failed = deliver(message("bad", change(2, profile_id="prf_bad")), message("good", change(1)))

    assert failed == ["bad"]
    assert item()["version"] == "1"


@pytest.mark.usefixtures("demo")
def test_a_write_without_news_publishes_nothing(
    clock: FixedClock, stream: Stream, published: list[tuple[str, dict[str, Any]]]
) -> None:
    moment(clock, "1997-03-01")
    deliver(message("a", change(1, event("Searched", "1997-02-01"))))
    stream()
    deliver(message("b", change(2, event("Searched", "1997-02-02"))))

    publish(stream())

    assert published == []
    assert "changes" not in item()


@pytest.mark.usefixtures("demo")
def test_many_profiles_travel_in_one_entry(
    clock: FixedClock, stream: Stream, published: list[tuple[str, dict[str, Any]]]
) -> None:
    moment(clock, "1997-03-01")
    deliver(message("a", *[change(1, order("1997-02-01"), profile_id=f"prf_{n}") for n in range(60)]))

    publish(stream())

    assert [kind for kind, _ in published] == ["ScoreChanged.v1", "SegmentEntered.v1"]
    assert len(published[1][1]["moves"]) == 60
    moment(clock, "1997-07-01")
    assert sweep() == {"swept": 60, "more": False}


@pytest.mark.usefixtures("demo")
def test_an_order_that_postpones_the_flip_does_not_touch_the_index(clock: FixedClock) -> None:
    moment(clock, "1997-02-02")
    deliver(message("a", change(1, order("1997-01-05"))))
    deliver(message("b", change(2, order("1997-02-01"))))
    assert item()["due_at"] == "1997-04-05T12:00:00.000Z"

    moment(clock, "1997-04-05")
    sweep()

    assert item()["due_at"] == "1997-05-02T12:00:00.000Z"


@pytest.mark.usefixtures("demo")
def test_a_hot_item_stays_under_one_kilobyte(clock: FixedClock) -> None:
    moment(clock, "1997-06-02")
    deliver(message("a", *[change(n, order("1997-01-05")) for n in range(1, 30)]))

    assert sum(len(name) + len(str(value)) for name, value in item().items()) < 1_000


@pytest.mark.usefixtures("demo")
def test_definitions_can_be_read_back() -> None:
    assert call("GET", "/segments") == (
        200,
        {"segments": [{"name": n, "condition": c} for n, c in sorted(DEMO_SEGMENTS.items())]},
    )
    assert call("GET", "/segments/first_order")[1]["condition"] == {"fact": "orders", "gte": 1}
    (model,) = call("GET", "/score-models")[1]["score_models"]
    assert model["rules"][0] == {
        "event": "Order Completed",
        "type": "track",
        "points": 10,
        "once": False,
        "cap": 50,
    }


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("path", "body", "status", "code", "message"),
    [
        (
            "/segments/x",
            {"condition": {"any": [{"fact": "orders"}]}},
            400,
            "invalid_condition",
            "any.0: must",
        ),
        ("/segments/x", {"condition": {"segment": "x"}}, 400, "definition_cycle", "definitions refer"),
        ("/segments/x", {"condition": {"segment": "y"}}, 400, "unknown_reference", "segment: there is no"),
        ("/segments/X", {"condition": {"fact": "orders", "gte": 1}}, 400, "invalid_name", "name: 1 to 64"),
        ("/segments/x", "no json", 400, "invalid_json", "body is not JSON"),
        ("/score-models/x", {"rules": []}, 400, "invalid", "rules: List should have"),
        ("/score-models/x", {"rules": [{"event": "e"}]}, 400, "invalid", "rules.0.points: Field required"),
    ],
)
def test_a_wrong_definition_is_refused_with_path_and_rule(
    path: str, body: Any, status: int, code: str, message: str
) -> None:
    answer = call("PUT", path, body)

    assert (answer[0], answer[1]["code"]) == (status, code)
    assert answer[1]["message"].startswith(message)


@pytest.mark.usefixtures("demo")
def test_a_standing_explains_itself(clock: FixedClock) -> None:
    moment(clock, "1997-03-01")
    deliver(message("a", change(1, order("1997-02-01", 20), event("Unsubscribed", "1997-02-05"))))

    status, shown = call("GET", "/profiles/prf_1/standing")

    assert status == 200
    assert shown["scores"]["engagement"] == {
        "score": -5,
        "rules": [
            {"event": "Order Completed", "count": 1, "points": 10},
            {"event": "Unsubscribed", "count": 1, "points": -15},
            {"event": "Email Bounced", "count": 0, "points": 0},
        ],
        "ledger": [
            {"event": "Order Completed", "count": 1, "points": 10},
            {"event": "Unsubscribed", "count": 1, "points": -15},
        ],
    }
    assert shown["segments"] == {"first_order": "1997-02-01T12:00:00.000Z"}
    assert shown["explained"]["first_order"]["verdict"] is True
    assert call("GET", "/profiles/prf_2/standing")[0] == 404
    assert call("GET", "/segments/nobody")[0] == 404


def test_works_before_anything_is_defined(clock: FixedClock) -> None:
    moment(clock, "1997-03-01")

    assert deliver(message("a", change(1, order("1997-02-01")))) == []
    assert call("GET", "/segments") == (200, {"segments": []})
    assert call("GET", "/profiles/prf_1/standing")[1]["facts"]["orders"] == 1
