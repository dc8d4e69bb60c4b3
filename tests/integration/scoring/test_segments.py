"""Segments over all that is known of a person, and what a definition makes of a past that nobody remembered for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from services.scoring.adapters.consents_table import ConsentsTable
from services.scoring.adapters.ingest_histories import IngestHistories
from services.scoring.adapters.standings_table import StandingsTable
from services.scoring.bootstrap import standings as bootstrap
from services.scoring.domain.recalling import History
from services.scoring.service.current import current_standing
from services.shared.aws.dynamo import Table
from services.shared.clock import FixedClock
from services.shared.contracts.ingest import ProfileChange
from tests.integration.scoring.conftest import Stream, call, deliver, message, moment, publish, sweep
from tests.unit.scoring.builders import change, event, order

Published = list[tuple[str, dict[str, Any]]]


class Past:
    """What ingest would answer: all that was told of a profile."""

    def __init__(self) -> None:
        self.changes: dict[str, list[ProfileChange]] = {}
        self.asked: list[list[str]] = []

    def tell(self, message_id: str, *changes: ProfileChange) -> None:
        for one in changes:
            self.changes.setdefault(one.profile_id, []).append(one)
        assert deliver(message(message_id, *changes)) == []

    def of(self, profile_ids: Collection[str]) -> Mapping[str, History]:
        self.asked.append(sorted(profile_ids))
        return {
            profile_id: History(
                [(one.version, one.events) for one in self.changes[profile_id]],
                self.changes[profile_id][-1].traits,
            )
            for profile_id in profile_ids
        }


@pytest.fixture(autouse=True)
def past(monkeypatch: pytest.MonkeyPatch, clock: FixedClock) -> Past:
    past = Past()
    monkeypatch.setattr(IngestHistories, "of", lambda self, ids: past.of(ids))
    moment(clock, "1997-03-01")
    return past


def put(name: str, condition: dict[str, Any], **more: Any) -> None:
    status, answer = call("PUT", f"/segments/{name}", {"condition": condition, **more})
    assert status == 200, answer
    bootstrap.on_profiles_changed.cache_clear()  # as if seconds had passed: it keeps definitions that long


def members(name: str) -> list[str]:
    return sorted(row["profile_id"] for row in call("GET", f"/segments/{name}/members")[1]["members"])


def settle(clock: FixedClock, stream: Stream, at: str = "1997-03-01T13:00") -> None:
    """Definitions have spread, the pass has gone over everybody, and lists are up to date."""
    moment(clock, at)
    sweep()
    publish(stream())


FAMILIES: dict[str, dict[str, Any]] = {
    "general": {"all": [{"trait": "country", "eq": "NL"}, {"trait": "birthday", "older_than": "P6570D"}]},
    "profile": {"trait": "interests", "contains": "saving"},
    "installed_base": {"relation": "held", "where": {"field": "id", "eq": "savings"}},
    "clicks": {"event": "Email Link Clicked", "within": "P30D", "count": {"gte": 2}},
    "response": {
        "sequence": [
            {"event": "Email Link Clicked", "where": {"prop": "campaign", "eq": "spring"}},
            {"event": "Order Completed", "within": "P7D"},
        ]
    },
    "value": {"fact": "revenue", "gte": 100},
}


def people() -> list[ProfileChange]:
    click = {"campaign": "spring"}
    return [
        change(
            1, event("Visit", "1997-02-01"), profile_id="prf_general", country="NL", birthday="1960-02-29"
        ),
        change(1, event("Visit", "1997-02-01"), profile_id="prf_child", country="NL", birthday="1990-02-28"),
        change(1, event("Visit", "1997-02-01"), profile_id="prf_profile", interests=["golf", "saving"]),
        change(
            1, event("Product Opened", "1997-02-01", product_id="savings"), profile_id="prf_installed_base"
        ),
        change(
            1,
            event("Product Opened", "1997-02-01", product_id="savings"),
            event("Product Closed", "1997-02-02", product_id="savings"),
            profile_id="prf_closed",
        ),
        change(
            1,
            event("Email Link Clicked", "1997-02-10", campaign="x"),
            event("Email Link Clicked", "1997-02-20", campaign="x"),
            profile_id="prf_clicks",
        ),
        change(1, event("Email Link Clicked", "1997-02-20", campaign="x"), profile_id="prf_clicked_once"),
        change(
            1,
            event("Email Link Clicked", "1997-02-10", **click),
            event("Order Completed", "1997-02-15", order_id="o1", revenue=10),
            profile_id="prf_response",
        ),
        change(
            1,
            event("Email Link Clicked", "1997-02-01", **click),
            event("Order Completed", "1997-02-15", order_id="o2", revenue=10),
            profile_id="prf_late_response",
        ),
        change(1, event("Order Completed", "1997-02-15", order_id="o3", revenue=100), profile_id="prf_value"),
    ]


@pytest.mark.capability("003-3")
@pytest.mark.parametrize("defined", ["before", "after"])
def test_a_segment_of_each_family_holds_who_it_should(
    defined: str, past: Past, clock: FixedClock, stream: Stream
) -> None:
    """General data, profile, installed base, clicks, response and customer value: defined before anything happened, or
    after it, when the past is asked of ingest."""
    if defined == "after":
        past.tell("a", *people())
    for name, condition in FAMILIES.items():
        put(name, condition)
    if defined == "before":
        moment(clock, "1997-03-01T12:30")
        past.tell("a", *people())
    settle(clock, stream)

    assert {name: members(name) for name in FAMILIES} == {name: [f"prf_{name}"] for name in FAMILIES}
    assert bool(past.asked) is (defined == "after")


@pytest.mark.capability("000-9")
def test_an_order_line_where(past: Past, clock: FixedClock, stream: Stream) -> None:
    """The exact set of people with an order that has a line of that category and a price over the limit."""
    lines = {
        "prf_match": [[{"product_id": "a", "category": "tea", "price": 12}, {"product_id": "b", "price": 1}]],
        "prf_split": [[{"product_id": "a", "category": "tea", "price": 2}, {"category": "cup", "price": 12}]],
        "prf_other": [[{"product_id": "a", "category": "cup", "price": 12}]],
        "prf_second": [[{"category": "cup", "price": 1}], [{"category": "tea", "price": 99}]],
    }
    put(
        "tea",
        {
            "relation": "order",
            "where": {
                "line": "lines",
                "where": {"all": [{"field": "category", "eq": "tea"}, {"field": "price", "gt": 10}]},
            },
        },
    )
    moment(clock, "1997-03-01T12:30")
    changes = [
        change(
            1,
            *(
                event("Order Completed", "1997-02-15", order_id=f"{who}-{n}", products=products)
                for n, products in enumerate(orders)
            ),
            profile_id=who,
        )
        for who, orders in lines.items()
    ]
    past.tell("a", *changes)
    settle(clock, stream)

    assert members("tea") == ["prf_match", "prf_second"]
    past.tell(
        "b",
        change(2, event("Order Cancelled", "1997-02-20", order_id="prf_second-1"), profile_id="prf_second"),
    )
    put(
        "standing_tea",
        {"all": [{"segment": "tea"}, {"relation": "order", "where": {"field": "status", "eq": "cancelled"}}]},
    )
    settle(clock, stream, "1997-03-01T15:00")
    assert members("standing_tea") == ["prf_second"]


@pytest.mark.capability("000-10")
def test_n_times_in_d_days_to_the_second(past: Past, clock: FixedClock, stream: Stream) -> None:
    """Three in thirty days: n - 1 and n; the third leaves the window at its own second, not a day later."""
    put("busy", {"event": "Page Searched", "within": "P30D", "count": {"gte": 3}})
    moment(clock, "1997-03-01T12:30")
    days = ("1997-02-01T00:00", "1997-02-10T00:00", "1997-02-20T00:00")
    searches = [event("Page Searched", at) for at in days]
    past.tell("a", change(1, *searches, profile_id="prf_n"), change(1, *searches[1:], profile_id="prf_less"))
    settle(clock, stream)
    assert members("busy") == ["prf_n"]

    moment(clock, "1997-03-02T23:59")
    assert sweep()["swept"] == 0
    moment(clock, "1997-03-03T00:00")
    assert sweep()["swept"] == 1
    publish(stream())
    assert members("busy") == []


@pytest.mark.capability("003-7")
def test_what_a_person_was_after_and_who_began_is_usable_in_segments(
    past: Past, clock: FixedClock, stream: Stream
) -> None:
    put("seekers", {"event": "*", "type": "page", "direction": "inbound", "count": {"gte": 2}})
    put("called", {"event": "*", "direction": "outbound", "count": {"gte": 1}})
    moment(clock, "1997-03-01T12:30")
    past.tell(
        "a",
        change(1, *(event("Rates", "1997-02-01", "page") for _ in range(2)), profile_id="prf_seeks"),
        change(
            1, event("Call Made", "1997-02-01"), event("Rates", "1997-02-01", "page"), profile_id="prf_called"
        ),
    )
    settle(clock, stream)

    assert (members("seekers"), members("called")) == (["prf_seeks"], ["prf_called"])


def entered(published: Published, segment: str) -> list[str]:
    return sorted(
        row["standing"]["profile_id"]
        for kind, detail in published
        if kind == "SegmentEntered.v1"
        for row in detail["moves"]
        if row["segment"] == segment
    )


@pytest.mark.parametrize("silent", [False, True])
def test_a_new_definition_tells_or_does_not_tell_of_those_it_finds(
    silent: bool, past: Past, clock: FixedClock, stream: Stream, published: Published
) -> None:
    """Nobody who was there before is told where that was not wanted; who comes later is, and nobody twice."""
    buys = {"event": "Order Completed", "where": {"prop": "revenue", "gte": 50}}
    past.tell("a", *(change(1, order("1997-02-01", 10 * n), profile_id=f"prf_{n}") for n in range(8)))
    publish(stream())
    put("big", buys, silent=silent)
    # Touched under the new definition before the pass comes: it must not enter on half of its past.
    moment(clock, "1997-03-01T12:00")
    past.tell("b", change(2, event("Visit", "1997-03-01"), profile_id="prf_7"))
    publish(stream())
    assert members("big") == []
    settle(clock, stream)

    assert members("big") == ["prf_5", "prf_6", "prf_7"]
    assert entered(published, "big") == ([] if silent else ["prf_5", "prf_6", "prf_7"])
    past.tell("c", change(2, order("1997-03-01", 60), profile_id="prf_1"))
    publish(stream())
    assert entered(published, "big") == ["prf_1"] if silent else ["prf_1", "prf_5", "prf_6", "prf_7"]


def test_a_past_that_is_not_complete_yet_is_waited_for(
    past: Past, clock: FixedClock, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    past.tell("a", change(1, order("1997-02-01", 60)))
    put("big", {"event": "Order Completed", "where": {"prop": "revenue", "gte": 50}})
    real = past.of
    monkeypatch.setattr(past, "of", lambda ids: {})
    settle(clock, stream)
    assert call("GET", "/profiles/prf_1/standing")[1]["waiting"] == ["segment/big"]
    assert members("big") == []

    monkeypatch.setattr(past, "of", real)
    settle(clock, stream, "1997-03-01T14:00")
    assert members("big") == ["prf_1"]
    assert call("GET", "/profiles/prf_1/standing")[1]["waiting"] == []


def test_what_no_definition_needs_is_not_kept(past: Past, clock: FixedClock, stream: Stream) -> None:
    put("busy", {"event": "Visit", "within": "P30D", "count": {"gte": 3}})
    moment(clock, "1997-03-01T12:30")
    visits = [event("Visit", "1997-02-20", secret=f"s{n}") for n in range(100)]
    past.tell("a", change(1, *visits, event("Other", "1997-02-20"), country="NL"))

    standings = StandingsTable(Table("standings"), ConsentsTable(Table("consents")))
    standing = current_standing(standings, "prf_1")
    (track,) = standing.memory.tracks.values()
    assert len(track["m"]) == 3, "the newest three decide"
    assert "s1" not in str(standing)
    assert standing.traits == {}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_preview_says_what_saving_brings(
    family: str, past: Past, clock: FixedClock, stream: Stream
) -> None:
    """Though nobody remembered what it needs; nothing is written by looking."""
    past.tell("a", *people())
    document = {"condition": FAMILIES[family]}
    status, found = call("POST", f"/segments/{family}/preview", document)
    assert status == 200, found
    assert call("GET", "/segments")[1]["segments"] == []

    put(family, FAMILIES[family])
    settle(clock, stream)
    assert (found["sample"], found["count"], found["exact"]) == (members(family), 1, True)
    assert found["of"] == len(people())
    again = call("POST", f"/segments/{family}/preview", document)[1]
    assert (again["count"], again["took_pasts"]) == (1, 0), "by now it is remembered"
