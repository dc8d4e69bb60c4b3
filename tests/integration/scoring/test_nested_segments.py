"""Segments made of segments, in two halves, and of random shares that stay what they are."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.bootstrap import standings as bootstrap
from services.scoring.domain.definitions import Segment
from services.shared.clock import FixedClock
from services.shared.conditions import evaluate
from services.shared.ids import stable_id
from tests.integration.scoring.conftest import Stream, call, deliver, message, moment, publish, sweep
from tests.unit.scoring.builders import change, on, order

PEOPLE = [stable_id("prf", "somebody", str(n)) for n in range(60)]
NOW = on("1997-03-01")


def put(name: str, **document: Any) -> None:
    status, answer = call("PUT", f"/segments/{name}", document)
    assert status == 200, answer
    bootstrap.on_profiles_changed.cache_clear()


def members(name: str) -> list[str]:
    found: list[str] = []
    cursor = ""
    while True:
        answer = call("GET", f"/segments/{name}/members?limit=25&cursor={cursor}")[1]
        found += [row["profile_id"] for row in answer["members"]]
        cursor = answer["cursor"]
        if not cursor:
            return sorted(found)


def test_segments_of_segments_follow_each_other_in_one_write(clock: FixedClock, stream: Stream) -> None:
    """Four deep, included and excluded; the last follows the first without another look."""
    put("vip", static=True)
    put("buyers", condition={"fact": "orders", "gte": 1})
    put("big", include={"all": [{"segment": "buyers"}, {"fact": "revenue", "gte": 100}]})
    put(
        "mailed",
        include={"segment": "big"},
        exclude={"any": [{"segment": "vip"}, {"fact": "orders", "gte": 3}]},
    )
    put("called", condition={"all": [{"segment": "buyers"}, {"none": [{"segment": "mailed"}]}]})
    moment(clock, "1997-03-01")
    rows = {"prf_a": [150], "prf_b": [50], "prf_c": [90, 90, 90], "prf_d": [], "prf_e": [150]}
    deliver(
        message(
            "a",
            *(
                change(1, *(order("1997-02-01", n) for n in sums), profile_id=who)
                for who, sums in rows.items()
            ),
        )
    )
    publish(stream())
    assert (members("mailed"), members("called")) == (["prf_a", "prf_e"], ["prf_b", "prf_c"])

    assert call("POST", "/segments/vip/members", {"add": ["prf_e"]})[1]["added"] == 1
    publish(stream())
    assert (members("mailed"), members("called")) == (["prf_a"], ["prf_b", "prf_c", "prf_e"])


def test_a_segment_in_halves_is_stored_as_it_was_written() -> None:
    put("buyers", condition={"fact": "orders", "gte": 1})
    halves = {"include": {"segment": "buyers"}, "exclude": {"fact": "revenue", "lt": 10}}
    put("most", **halves, description="all but the smallest")

    assert call("GET", "/segments/most")[1] == {
        "name": "most",
        **halves,
        "description": "all but the smallest",
    }
    put("small", exclude={"segment": "most"})
    assert call("DELETE", "/segments/buyers")[1]["code"] == "in_use"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"include": {"fact": "orders", "gte": "x"}}, "include.gte: "),
        ({"exclude": {"all": []}}, "exclude.all: "),
        ({"include": {"segment": "nobody"}}, "include.segment: there is no segment"),
        ({"exclude": {"any": [{"segment": "nobody"}]}}, "exclude.any.0.segment: there is no segment"),
        (
            {"include": {"fact": "orders", "gte": 1}, "condition": {}},
            "condition: does not belong beside include",
        ),
        ({}, "condition: is required"),
        ({"condition": {"fact": "orders", "gte": 1}, "advice": ""}, "advice: must be text"),
        ({"condition": {"fact": "orders", "gte": 1}, "static": 1}, "static: must be true or false"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(document: dict[str, Any], message: str) -> None:
    status, answer = call("PUT", "/segments/new", document)
    assert status == 400
    assert message in answer["message"]


SHARES = {"first": (0, 10), "second": (10, 50), "rest": (50, 100)}


def shares(seed: str) -> dict[str, Segment]:
    return {
        name: Segment.read(name, {"condition": {"bucket": seed, "from": low, "to": high}})
        for name, (low, high) in SHARES.items()
    }


@settings(max_examples=5)
@given(st.text("abc-", min_size=1, max_size=8))
def test_buckets_are_disjoint_whole_and_near_their_share(seed: str) -> None:
    """Over 10,000 ids: within four standard deviations."""
    ids = [stable_id("prf", str(n)) for n in range(10_000)]
    found = {
        name: {one for one in ids if evaluate(segment.condition, {"profile_id": one}, NOW)}
        for name, segment in shares(seed).items()
    }

    assert sum(map(len, found.values())) == len(set.union(*found.values())) == len(ids)
    for name, (low, high) in SHARES.items():
        share = (high - low) / 100
        assert abs(len(found[name]) - 10_000 * share) <= 4 * math.sqrt(10_000 * share * (1 - share)), name


def test_buckets_of_other_seeds_cut_across() -> None:
    """Who is in one test is no likelier to be in another."""
    ids = [stable_id("prf", str(n)) for n in range(10_000)]
    one, other = shares("spring")["second"], shares("autumn")["second"]
    both = sum(
        evaluate(one.condition, {"profile_id": p}, NOW) and evaluate(other.condition, {"profile_id": p}, NOW)
        for p in ids
    )
    assert abs(both - 1_600) <= 4 * math.sqrt(10_000 * 0.16 * 0.84)


def test_buckets_stick_through_events_time_and_new_definitions(clock: FixedClock, stream: Stream) -> None:
    for name, (low, high) in SHARES.items():
        put(name, condition={"bucket": "spring", "from": low, "to": high})
    moment(clock, "1997-03-01")
    deliver(message("a", *(change(1, order("1997-02-01"), profile_id=who) for who in PEOPLE)))
    publish(stream())
    before = {name: members(name) for name in SHARES}
    assert sorted(who for listed in before.values() for who in listed) == sorted(PEOPLE)
    assert all(before.values())

    put("other", condition={"fact": "orders", "gte": 2})
    deliver(message("b", *(change(2, order("1997-02-02"), profile_id=who) for who in PEOPLE[::2])))
    moment(clock, "1999-03-01")
    sweep()
    publish(stream())
    assert {name: members(name) for name in SHARES} == before
    assert call("GET", "/segments/first/moves?from=1997-03-02&to=1997-03-31")[1]["moves"] == []
