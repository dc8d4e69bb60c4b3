"""One person in scoring's tables: merged, described, exported, erased."""

from __future__ import annotations

import json
import random
from typing import Any

import boto3
import pytest

from services.shared.clock import FixedClock
from services.shared.contracts.ingest import Merge
from tests.integration.scoring.conftest import (
    Stream,
    ask,
    call,
    deliver,
    merged,
    message,
    moment,
    publish,
    sweep,
)
from tests.unit.scoring.builders import change, event, on, order

WINNER, LOSER = "prf_winner", "prf_loser"
MERGE = Merge(loser=LOSER, winner=WINNER, at=on("1998-03-01"))
LOST = [event("Home", "1997-01-01", kind="page"), order("1997-01-02", 20), order("1998-02-01", 5)]
WON = [order("1997-06-01", 12.5), event("Email Bounced", "1997-07-01")]

pytestmark = pytest.mark.usefixtures("demo")


def items() -> dict[str, dict[str, Any]]:
    found = boto3.client("dynamodb").scan(TableName="standings")["Items"]
    return {item["profile_id"]["S"]: item for item in found}


def story() -> list[dict[str, Any]]:
    """All that is ever said of two profiles that become one."""
    return [
        *(message(f"l{n}", change(n, e, profile_id=LOSER)) for n, e in enumerate(LOST, start=1)),
        *(message(f"w{n}", change(n, e, profile_id=WINNER)) for n, e in enumerate(WON, start=1)),
        *(
            message(f"t{n}", change(n, e, profile_id=WINNER).model_copy(update={"told_before": True}))
            for n, e in enumerate(LOST, start=len(WON) + 1)
        ),
        merged("m", MERGE),
    ]


@pytest.mark.capability("002-4")
@pytest.mark.parametrize("seed", range(6))
def test_after_a_stitch_the_score_is_as_if_known_from_the_start(clock: FixedClock, seed: int) -> None:
    """F1, F2, F30: any order, any batches, some twice."""
    moment(clock, "1998-06-30")
    chance = random.Random(seed)
    records = [*story(), *chance.sample(story(), 3)]
    chance.shuffle(records)

    while records:
        size = chance.randint(1, 4)
        assert deliver(*records[:size]) == []
        records = records[size:]
    deliver(message("s", change(1, *WON, *LOST, profile_id="prf_start")))

    stitched, start = ask("describe", WINNER, LOSER)["stores"], ask("describe", "prf_start")["stores"]
    assert stitched["facts"] == start["facts"]
    assert stitched["scores"] == start["scores"]
    assert stitched["segments"].keys() == start["segments"].keys()
    assert (start["facts"]["orders"], start["facts"]["revenue"]) == (3, 37.5)


def test_a_merged_profile_is_out_of_the_index_out_of_its_segments_and_shows_the_winner(
    clock: FixedClock, stream: Stream, published: list[tuple[str, dict[str, Any]]]
) -> None:
    moment(clock, "1998-03-02")
    deliver(
        message("l", change(1, *LOST, profile_id=LOSER)), message("w", change(1, *WON, profile_id=WINNER))
    )
    assert "due_at" in items()[LOSER]
    publish(stream())
    published.clear()

    deliver(merged("m", MERGE))
    deliver(merged("m", MERGE))
    deliver(message("l", change(2, order("1998-03-02"), profile_id=LOSER)))
    moment(clock, "1999-01-01")
    sweep()
    publish(stream())

    assert not items()[LOSER].keys() & {"due_at", "due_shard", "state", "changes", "expires_at"}
    assert LOSER not in json.dumps(published)
    status, standing = call("GET", f"/profiles/{LOSER}/standing")
    assert (status, standing["profile_id"], standing["facts"]["orders"]) == (200, WINNER, 1)


def test_described_with_recency_tenure_and_the_rules_behind_the_points(clock: FixedClock) -> None:
    moment(clock, "1998-03-02")
    deliver(message("a", change(1, *LOST)))

    stores = ask("describe", "prf_1", at="1998-03-03")["stores"]

    assert stores["facts"]["recency_days"] == 30
    assert stores["facts"]["tenure_days"] == 425
    assert stores["facts"]["known_days"] == 426
    assert stores["scores"]["engagement"] == {
        "score": 20,
        "rules": [{"event": "Order Completed", "count": 2, "points": 20}],
    }
    assert stores["segments"] == {"first_order": "1997-01-02T12:00:00.000Z"}


def test_of_nobody_there_is_nothing() -> None:
    assert ask("describe", "prf_nobody") == {"service": "scoring", "stores": {}, "more": False}
    assert ask("export", "prf_nobody")["stores"] == {"standings": [], "points": []}


def test_exported_is_all_that_is_kept_and_of_nobody_else(clock: FixedClock) -> None:
    moment(clock, "1998-03-02")
    assert call("PUT", "/segments/dutch", {"condition": {"trait": "country", "eq": "NL"}})[0] == 200
    deliver(
        message("a", change(1, *LOST, country="NL"), change(1, *WON, profile_id="prf_other", country="BE"))
    )

    answer = ask("export", "prf_1")

    (standing,) = answer["stores"]["standings"]
    assert standing["traits"] == {"country": "NL"}
    assert standing["counts"] == {"track:Order Completed": 2}
    assert "prf_other" not in json.dumps(answer)
    assert "BE" not in json.dumps(answer)


def test_erased_for_good_and_again_without_harm(
    clock: FixedClock, stream: Stream, published: list[tuple[str, dict[str, Any]]]
) -> None:
    """F25, F1: what comes late finds a tombstone; neighbours stay as they were."""
    moment(clock, "1998-03-02")
    call("PUT", "/segments/dutch", {"condition": {"trait": "country", "eq": "canary-7f3a"}})
    deliver(message("a", change(1, *LOST, country="canary-7f3a"), change(1, *WON, profile_id="prf_other")))
    deliver(merged("m", Merge(loser="prf_old", winner="prf_1", at=on("1998-03-01"))))
    other = items()["prf_other"]
    publish(stream())
    published.clear()

    assert ask("erase", "prf_1", "prf_old")["stores"] == {"standings": 2, "points": 0}
    assert ask("erase", "prf_1", "prf_old")["stores"] == {"standings": 0, "points": 0}
    deliver(
        message("a", change(1, *LOST, country="canary-7f3a")), message("b", change(2, order("1998-03-02")))
    )
    deliver(merged("m", Merge(loser="prf_1", winner="prf_other", at=on("1999-03-01"))))
    publish(stream())

    kept = items()
    assert "canary-7f3a" not in json.dumps(kept["prf_1"])
    assert kept["prf_1"].keys() == kept["prf_old"].keys() == {"profile_id", "version", "gone", "expires_at"}
    assert int(kept["prf_1"]["expires_at"]["N"]) > on("1998-09-01").timestamp()
    assert kept["prf_other"] == other
    assert (ask("describe", "prf_1")["stores"], published) == ({}, [])


def test_a_busy_customer_s_standing_stays_under_one_kilobyte(clock: FixedClock) -> None:
    moment(clock, "1998-06-30")
    orders = [
        event("Order Completed", f"1997-{m:02}-03", order_id=f"{m}", revenue=1234.56) for m in range(1, 13)
    ]
    deliver(message("a", change(1, *orders)))

    item = items()["prf_1"]

    assert sum(len(name) + len(next(iter(value.values()))) for name, value in item.items()) <= 1_024


def test_grades_and_cells_are_described() -> None:
    love = {"rules": [{"event": "Order Completed", "points": 10}]}
    assert call("PUT", "/score-models/love", love)[0] == 200
    near = {"rules": [{"when": {"trait": "country", "eq": "NL"}, "grade": "A"}], "default": "B"}
    assert call("PUT", "/fit-models/near", near)[0] == 200
    matrix = {
        "score": "love",
        "fit": "near",
        "bands": [{"name": "cold"}, {"name": "hot", "from": 10}],
        "cells": [{"bands": ["cold", "hot"], "grades": ["A", "B"], "strategy": "call", "owner": "sales"}],
    }
    assert call("PUT", "/strategies/contact", matrix)[0] == 200
    assert deliver(message("a", change(1, order("1997-01-01"), country="NL"))) == []

    told = ask("describe", "prf_1")["stores"]
    assert (told["fits"], told["cells"]) == ({"near": "A"}, {"contact": "hot:A"})
    assert ask("export", "prf_1")["stores"]["cells"] == told["cells"]
