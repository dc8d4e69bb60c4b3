"""Loyalty points by the handlers: routes, reactor, outbox, sweep and the person function, on DynamoDB."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import boto3
import pytest

from services.scoring.adapters.ingest_histories import IngestHistories
from services.shared.clock import FixedClock
from services.shared.contracts.ingest import Merge, ProfileChange
from tests.integration.scoring.conftest import (
    CONTEXT,
    ask,
    deliver,
    merged,
    message,
    request,
    sweep,
)
from tests.unit.scoring.loyalty import DAY, DOCUMENT, START, change, day, event, order

Published = list[tuple[str, dict[str, Any]]]


def call(method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    response = request(method, path, body, module="loyalty", **headers)
    return response["statusCode"], json.loads(response["body"])


def told(published: Published) -> list[tuple[str, int, str, str]]:
    """Hand all that the table's stream holds to the publisher; what it told."""
    from services.scoring.handlers.on_loyalty_stream import handler

    published.clear()
    streams = boto3.client("dynamodbstreams")
    arn = boto3.client("dynamodb").describe_table(TableName="loyalty")["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    start = {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    records = streams.get_records(ShardIterator=streams.get_shard_iterator(**start)["ShardIterator"])[
        "Records"
    ]
    assert handler({"Records": records}, CONTEXT) == {"batchItemFailures": []}
    assert {name for name, _ in published} <= {"LoyaltyBalanceChanged.v1"}
    return [
        (one["profile_id"], one["balance"], one["tier"], one["cause"])
        for _, detail in published
        for one in detail["changes"]
    ]


def take_in(*changes: ProfileChange) -> None:
    assert deliver(message("m", *changes)) == []


@pytest.fixture
def programme(clock: FixedClock) -> None:
    clock.advance(START - clock.now())
    assert call("PUT", "/loyalty/programme", DOCUMENT)[0] == 200
    clock.advance(10 * DAY)


def test_the_programme_is_kept_by_revisions(clock: FixedClock) -> None:
    assert call("GET", "/loyalty/programme")[0] == 404
    assert call("GET", "/loyalty/p")[0] == 404
    clock.advance(day(10) - clock.now())
    status, document = call("PUT", "/loyalty/programme", DOCUMENT)
    assert (status, document["from"]) == (200, "2026-01-01T00:00:00.000Z")
    changed = {**DOCUMENT, "from": "2026-02-01T00:00:00Z"}
    assert call("PUT", "/loyalty/programme", changed, if_none_match="*")[0] == 412
    assert call("PUT", "/loyalty/programme", DOCUMENT) == (
        400,
        {"code": "over", "message": "from: is over; only the first revision may reach back"},
    )
    assert call("PUT", "/loyalty/programme", changed, if_match='"1"')[0] == 200
    shown = request("GET", "/loyalty/programme", module="loyalty")
    assert shown["headers"]["ETag"] == '"2"'
    assert json.loads(shown["body"])["from"] == "2026-02-01T00:00:00.000Z"


@pytest.mark.capability("000-30")
def test_points_are_earned_shown_spent_and_told(programme: None, published: Published) -> None:
    """The balance is the sum of the ledger wherever it is seen: in the answer, in the facts, with the person."""
    take_in(
        change("p", 1, order(1, 120, "o1"), order(2, 35, "o2")), change("q", 1, event("Product Viewed", 1))
    )
    status, seen = call("GET", "/loyalty/p")
    assert (status, seen["unit"], seen["balance"], seen["tier"]) == (200, "beans", 155, "silver")
    assert [perk["name"] for perk in seen["perks"] if perk["open"]] == ["repair", "quiz"]
    assert {line["message_id"] for line in seen["entries"]} == {"m-o1", "m-o2"}

    status, done = call("POST", "/loyalty/p/burn", {"perk": "quiz"}, idempotency_key="k1")
    assert (status, done["balance"], done["entry"]["cause"]) == (200, 125, "perk:quiz")
    assert call("POST", "/loyalty/p/burn", {"perk": "quiz"}, idempotency_key="k1")[1]["balance"] == 125
    assert call("POST", "/loyalty/p/burn", {"points": 126}, idempotency_key="k2")[1]["code"] == (
        "insufficient_points"
    )
    given = {"points": 5, "reason": "We are sorry"}
    assert call("POST", "/loyalty/p/adjust", given, idempotency_key="k3")[1]["balance"] == 130
    take_in(change("p", 2, event("Order Refunded", 3, order_id="o1", revenue=60)))

    seen = call("GET", "/loyalty/p")[1]
    assert seen["balance"] == sum(line["points"] for line in seen["entries"]) == 70
    assert told(published) == [
        ("p", 155, "silver", "earn"),
        ("p", 125, "silver", "burn"),
        ("p", 130, "silver", "adjust"),
        ("p", 70, "", "refund"),
    ]
    assert ask("describe", "p", at="2026-02-01")["stores"]["loyalty"] == {"balance": 70, "tier": ""}
    assert call("GET", "/loyalty/nobody")[0] == 404
    assert call("GET", "/loyalty/q")[1]["balance"] == 0


def test_pages_follow_one_another_without_a_gap(programme: None) -> None:
    take_in(change("p", 1, *(order(n, 10, f"o{n}") for n in range(5))))
    ids, cursor = list[str](), ""
    for _ in range(3):
        page = call("GET", f"/loyalty/p?limit=2&cursor={cursor}")[1]
        ids += [line["message_id"] for line in page["entries"]]
        cursor = page["cursor"]
    assert (ids, cursor) == ([f"m-o{n}" for n in reversed(range(5))], None)
    assert call("GET", "/loyalty/p?limit=0")[1]["code"] == "bad_limit"
    assert call("GET", "/loyalty/p?cursor=x!")[1]["code"] == "bad_cursor"


@pytest.mark.parametrize(
    ("path", "body", "key", "code"),
    [
        ("burn", {"points": 5}, "", "bad_idempotency_key"),
        ("burn", {"points": 0}, "k", "invalid"),
        ("burn", {"points": 5, "perk": "quiz"}, "k", "invalid"),
        ("burn", {"perk": "none"}, "k", "unknown_perk"),
        ("burn", {"perk": "repair"}, "k", "tier_perk"),
        ("adjust", {"points": 5}, "k", "invalid"),
        ("adjust", {"points": 0, "reason": "none"}, "k", "invalid"),
        ("adjust", {"points": -156, "reason": "too much"}, "k", "insufficient_points"),
    ],
)
def test_what_can_not_be_done_is_refused(
    programme: None, path: str, body: dict[str, Any], key: str, code: str
) -> None:
    take_in(change("p", 1, order(1, 120)))
    status, said = call("POST", f"/loyalty/p/{path}", body, idempotency_key=key)
    assert (status // 100, said["code"]) == (4, code)


@pytest.mark.capability("000-30")
def test_two_who_spend_at_once_do_not_spend_more_than_there_is(programme: None) -> None:
    """F6: eight requests for half of the points each; two get them."""
    take_in(change("p", 1, order(1, 100)))

    def spend(number: int) -> int:
        return call("POST", "/loyalty/p/burn", {"points": 50}, idempotency_key=f"k{number}")[0]

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(spend, range(8)))
    assert statuses == [200, 200, *[409] * 6]
    assert call("GET", "/loyalty/p")[1]["balance"] == 0


def test_a_merge_moves_all_and_only_the_remaining_profile_is_told(
    programme: None, published: Published
) -> None:
    """F2: everything comes twice."""
    take_in(change("a", 1, order(1, 10)), change("b", 1, order(2, 5, "ob")))
    assert call("POST", "/loyalty/b/burn", {"points": 2}, idempotency_key="k")[0] == 200
    gone = merged("g", Merge(loser="b", winner="a", at=day(11)))
    again = message("n", change("a", 3, order(2, 5, "ob"), told_before=True))
    assert deliver(gone, again) == [] == deliver(again, gone)
    assert [call("GET", f"/loyalty/{one}")[1]["balance"] for one in "ab"] == [13, 13]
    assert told(published)[-1] == ("a", 13, "", "merge")
    assert len(told(published)) == 4


def test_time_ends_points_by_the_sweep(programme: None, clock: FixedClock, published: Published) -> None:
    take_in(change("p", 1, order(1, 120)))
    sweep()
    clock.advance(day(366) - clock.now())
    assert call("GET", "/loyalty/p")[1]["balance"] == 0  # before anybody swept
    sweep()
    sweep()
    assert told(published) == [("p", 120, "silver", "earn"), ("p", 0, "", "expire")]


@pytest.mark.capability("000-25")
def test_a_code_is_made_once_and_rewards_both_at_the_first_order(
    programme: None, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(IngestHistories, "traits", lambda self, profile_id: {"email": "ann@example.com"})
    take_in(change("ann", 1, event("Product Viewed", 1)), change("bob", 1, event("Product Viewed", 1)))
    made = [call("POST", "/loyalty/ann/referral-code")[1] for _ in range(2)]
    assert made[0] == made[1]
    assert made[0]["link"] == f"https://shop.example/?ref={made[0]['code']}"
    came = change("bob", 2, event("Form Submitted", 2, referral_code=made[0]["code"]))
    bought = change("bob", 3, order(3, 10), traits={"email": "bob@example.com"})
    for _ in range(2):
        take_in(came, bought)
    assert [call("GET", f"/loyalty/{one}")[1]["balance"] for one in ("ann", "bob")] == [500, 210]
    assert {one[3] for one in told(published) if one[0] == "ann"} == {"referral"}


def test_without_rewards_for_it_nobody_gets_a_code(programme: None, clock: FixedClock) -> None:
    plain = {key: value for key, value in DOCUMENT.items() if key not in ("referral", "from")}
    assert call("PUT", "/loyalty/programme", plain)[0] == 200
    clock.advance(timedelta(seconds=1))
    take_in(change("p", 1, order(11, 120)))
    assert call("POST", "/loyalty/p/referral-code")[1]["code"] == "no_referral"


def test_all_of_it_is_exported_and_forgotten(programme: None) -> None:
    take_in(change("p", 1, order(1, 120, "o1")))
    code = call("POST", "/loyalty/p/referral-code")[1]["code"]
    (exported,) = ask("export", "p", "old", at="2026-02-01")["stores"]["points"]
    assert (exported["balance"], exported["referral_code"]) == (120, code)
    assert [line["message_id"] for line in exported["ledger"]] == ["m-o1"]
    assert ask("erase", "p", "old", at="2026-02-01")["stores"]["points"] == 1
    assert ask("erase", "p", "old", at="2026-02-01")["stores"]["points"] == 0
    take_in(change("p", 2, order(2, 5)))
    assert call("GET", "/loyalty/p")[0] == 404
    assert not _mentions(["m-o1", code, "120"])


def _mentions(texts: Sequence[str]) -> list[str]:
    items = json.dumps(boto3.client("dynamodb").scan(TableName="loyalty")["Items"], default=repr)
    without_programme = items.replace("~programme", "")
    return [text for text in texts if f'"{text}"' in without_programme or f"#{text}" in without_programme]
