"""Who is where can be listed, counted and followed, and it adds up."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import boto3
import pytest

from services.scoring.adapters.places_table import PlacesTable
from services.scoring.domain.places import Place
from services.scoring.ports import Migration, PlaceChange
from services.shared.aws.dynamo import Table
from services.shared.clock import FixedClock, from_iso
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
from tests.unit.scoring.test_lifecycles import CUSTOMER

Published = list[tuple[str, dict[str, Any]]]
PEOPLE = 12


@pytest.fixture(autouse=True)
def people(clock: FixedClock, stream: Stream, published: Published) -> None:
    """A dozen people, nine of whom bought, three of these thrice."""
    assert call("PUT", "/stages/customer", CUSTOMER)[0] == 200
    assert call("PUT", "/segments/buyers", {"condition": {"fact": "orders", "gte": 1}})[0] == 200
    moment(clock, "1997-02-01")
    changes = []
    for n in range(PEOPLE):
        orders = [order(f"1997-01-{10 + i}") for i in range(0 if n < 3 else 3 if n < 6 else 1)]
        changes.append(change(1, event("Visit", "1997-01-05"), *orders, profile_id=f"prf_{n}"))
    assert deliver(message("a", *changes)) == []
    publish(stream())


def stages() -> dict[str, tuple[int, int, int]]:
    """Stage → how many are in it, came and went."""
    rows = call("GET", "/stages/customer/counts")[1]["counts"]
    return {row["value"]: (row["in"], row["entered"], row["left"]) for row in rows}


def everybody(path: str) -> list[str]:
    found: list[str] = []
    cursor = ""
    while True:
        status, page = call("GET", f"{path}{'&' if '?' in path else '?'}limit=2&cursor={cursor}")
        assert status == 200
        found += [row["profile_id"] for row in page["members"]]
        if not (cursor := page["cursor"] or ""):
            return found


def test_members_are_paged_and_none_is_missed() -> None:
    buyers = everybody("/segments/buyers/members")
    assert sorted(buyers) == sorted(f"prf_{n}" for n in range(3, PEOPLE))
    assert len(buyers) == len(set(buyers))
    assert sorted(everybody("/stages/customer/members?value=loyal")) == ["prf_3", "prf_4", "prf_5"]


@pytest.mark.capability("003-8")
def test_the_funnel_reconciles(clock: FixedClock, stream: Stream) -> None:
    """Of each stage: entered - left = in, through ageing, a merge, an erasure and every record told twice."""
    moment(clock, "1997-04-15")
    sweep()
    twice = stream()
    publish(twice)
    publish(twice)
    assert deliver(merged("m", Merge(loser="prf_11", winner="prf_10", at=on("1997-04-16")))) == []
    ask("erase", "prf_3", at="1997-04-16")
    publish(stream())
    moment(clock, "1997-04-17")

    funnel = stages()
    assert all(entered - left == inside for inside, entered, left in funnel.values())
    assert {stage: inside for stage, (inside, _, _) in funnel.items() if inside} == {
        "prospect": 3,
        "lost": PEOPLE - 3 - 2,
    }
    assert funnel["loyal"] == (0, 3, 3)
    moves = call("GET", "/stages/customer/moves?from=1997-01-01&to=1997-04-16")[1]["moves"]
    told = Counter({(row["before"], row["after"]): row["count"] for row in moves})
    assert told["", "prospect"] == PEOPLE
    assert told["prospect", "customer"] == PEOPLE - 3
    assert told["lost", ""] == 2


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ("1996-12-31", "1997-02-01", 4),
        ("1996-12-31", "1996-12-31", 1),
        ("1997-01-01", "1997-01-31", 2),
        ("1997-01-02", "1997-01-30", 0),
        ("1996-01-01", "1996-12-30", 0),
    ],
)
def test_moves_are_of_the_days_asked_for(first: str, last: str, found: int) -> None:
    places = PlacesTable(Table("places"))
    for n, instant in enumerate(
        (
            "1996-12-31T23:59:59.999Z",
            "1997-01-01T00:00:00Z",
            "1997-01-31T23:59:59.999Z",
            "1997-02-01T00:00:00Z",
        )
    ):
        at = from_iso(instant)
        places.record([PlaceChange(f"prf_{n}", {}, {("segment", "edges", ""): Place("in", at)}, at)])

    moves = places.moves("segment", "edges", date.fromisoformat(first), date.fromisoformat(last))
    assert moves == ({Migration("", "", "in"): found} if found else {})


def test_no_list_knows_a_person_who_was_erased(stream: Stream) -> None:
    ask("erase", "prf_4", at="1997-02-02")
    publish(stream())

    rows = boto3.client("dynamodb").scan(TableName="places")["Items"]
    assert rows
    assert "prf_4" not in str(rows)


def test_a_stage_change_is_told_with_its_standing(published: Published) -> None:
    rows = [row for kind, detail in published if kind == "StageChanged.v1" for row in detail["moves"]]
    way = [row for row in rows if row["standing"]["profile_id"] == "prf_3"]
    assert [(row["before"], row["after"]) for row in way] == [
        ("", "prospect"),
        ("prospect", "customer"),
        ("customer", "loyal"),
    ]
    assert {(row["lifecycle"], row["product"]) for row in way} == {("customer", "")}
    assert way[-1]["standing"]["stages"] == {"customer": {"": "loyal"}}


@pytest.mark.capability("003-8")
def test_a_person_may_be_moved_by_hand_along_a_transition_only(stream: Stream, published: Published) -> None:
    path = "/profiles/prf_6/stages/customer"
    status, refused = call("POST", path, {"to": "won_back"})
    assert (status, refused["code"]) == (409, "illegal_jump")
    assert call("POST", path, {"to": "hero"})[1]["code"] == "unknown_stage"
    assert call("POST", path, {"to": "loyal", "product": "x"})[1]["code"] == "unknown_product"
    assert call("POST", "/profiles/nobody/stages/customer", {"to": "loyal"})[0] == 404
    published.clear()

    assert call("POST", path, {"to": "loyal"})[1]["stage"] == "loyal"
    publish(stream())
    ((_, detail),) = [fact for fact in published if fact[0] == "StageChanged.v1"]
    assert [(row["before"], row["after"]) for row in detail["moves"]] == [("customer", "loyal")]
    assert stages()["loyal"][0] == 4


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/stages/customer/members?value=hero", "unknown_place"),
        ("/stages/customer/members?value=loyal&product=x", "unknown_place"),
        ("/segments/buyers/members?limit=1000", "bad_limit"),
        ("/segments/buyers/members?cursor=9", "bad_cursor"),
        ("/segments/nobody/members", "not_found"),
        ("/stages/customer/moves?from=yesterday", "bad_day"),
        ("/stages/customer/moves?from=1990-01-01&to=1997-01-01", "bad_day"),
    ],
)
def test_a_bad_question_is_named(path: str, code: str) -> None:
    assert call("GET", path)[1]["code"] == code
