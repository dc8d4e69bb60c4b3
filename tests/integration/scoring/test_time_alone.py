"""Segments that time alone changes: to the second, whatever the index or a replica says, and whoever comes first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from services.scoring.adapters.standings_table import StandingsTable
from services.scoring.bootstrap import standings as bootstrap
from services.shared.aws.dynamo import Item, Table
from services.shared.clock import FixedClock
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

Published = list[tuple[str, dict[str, Any]]]
IDLE = {"fact": "last_order_at", "older_than": "P90D"}
ORDERED, DUE = "1997-01-01T12:00:07", "1997-04-01T12:00:07"


def put(name: str, condition: dict[str, Any]) -> None:
    assert call("PUT", f"/segments/{name}", {"condition": condition})[0] == 200
    bootstrap.on_profiles_changed.cache_clear()


def inside(profile_id: str = "prf_1") -> list[str]:
    return list(call("GET", f"/profiles/{profile_id}/standing")[1]["segments"])


def told(published: Published) -> list[tuple[str, str, str]]:
    return [
        (kind.removesuffix(".v1"), row["segment"], row["at"])
        for kind, detail in published
        if kind.startswith("Segment")
        for row in detail["moves"]
    ]


@pytest.fixture
def idle(clock: FixedClock) -> None:
    put("idle", IDLE)
    moment(clock, ORDERED)
    assert deliver(message("a", change(1, order(ORDERED)))) == []


@pytest.mark.parametrize("first", ["sweep", "order"])
def test_who_orders_in_the_very_second_of_entering_ends_up_outside(
    first: str, idle: None, clock: FixedClock, stream: Stream, published: Published
) -> None:
    """F35: the order is what counts, whichever is seen first; nobody is left inside, and moves come in pairs."""
    publish(stream())
    moment(clock, DUE)
    late_order = message("b", change(2, order(DUE)))
    if first == "sweep":
        sweep()
        assert inside() == ["idle"]
        deliver(late_order)
    else:
        deliver(late_order)
        sweep()
    publish(stream())

    assert inside() == []
    kinds = [kind for kind, _, _ in told(published)]
    assert kinds.count("SegmentEntered") == kinds.count("SegmentExited")
    moment(clock, "1997-06-30T12:00:06")
    sweep()
    assert inside() == []
    moment(clock, "1997-06-30T12:00:07")
    sweep()
    assert inside() == ["idle"]


def test_a_sweep_a_second_early_finds_nobody_and_a_late_one_dates_the_entry_right(
    idle: None, clock: FixedClock, stream: Stream, published: Published
) -> None:
    moment(clock, "1997-04-01T12:00:06")
    assert sweep()["swept"] == 0
    moment(clock, "1997-04-03T00:00:00")
    assert sweep()["swept"] == 1
    publish(stream())

    assert told(published) == [("SegmentEntered", "idle", "1997-04-01T12:00:07.000Z")]


def test_the_index_may_name_anybody(
    idle: None, clock: FixedClock, stream: Stream, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F41: who is not due by now, is gone, was never there, or is named twice is left as they are."""
    deliver(message("b", *(change(1, order("1997-01-02"), profile_id=f"prf_{n}") for n in (2, 3))))
    ask("erase", "prf_2", at="1997-01-03")
    publish(stream())
    moment(clock, DUE)
    stale = ["prf_1", "prf_1", "prf_2", "prf_3", "prf_404"]

    def due(self: StandingsTable, shard: int, until: str) -> Iterator[str]:
        return iter(stale)

    monkeypatch.setattr(StandingsTable, "due", due)
    assert sweep()["swept"] == 1
    publish(stream())
    assert [segment for _, segment, _ in told(published)] == ["idle"]
    assert (inside(), inside("prf_3")) == (["idle"], [])


def test_a_stale_replica_never_wins(idle: None, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """F41: the sweep reads the standing of before an order; its write is refused, and what stands is judged."""
    before = Table("standings").get({"profile_id": "prf_1"})
    moment(clock, DUE)
    deliver(message("b", change(2, order("1997-03-01"))))
    real = Table.get_many

    def stale(self: Table, keys: Any, *, consistent: bool = False) -> list[Item]:
        if self.name == "standings" and not consistent:
            return [dict(before)] if before else []
        return real(self, keys, consistent=consistent)

    monkeypatch.setattr(Table, "get_many", stale)
    sweep()
    monkeypatch.setattr(Table, "get_many", real)

    assert inside() == []
    assert call("GET", "/profiles/prf_1/standing")[1]["facts"]["orders"] == 2


def test_a_tombstone_that_outlived_its_time_still_holds(idle: None, clock: FixedClock) -> None:
    """F40: deletion by TTL may be days late; what is past its time is as gone as before."""
    ask("erase", "prf_1", at="1997-01-02")
    moment(clock, "1999-01-01")

    assert deliver(message("late", change(2, order("1997-01-02")))) == []
    assert call("GET", "/profiles/prf_1/standing")[0] == 404
    item = Table("standings").get({"profile_id": "prf_1"})
    assert item
    assert item["expires_at"] < on("1999-01-01").timestamp()


@pytest.mark.capability("004-4")
def test_what_does_not_happen_is_noticed_when_its_time_is_over(
    clock: FixedClock, stream: Stream, published: Published
) -> None:
    """A sequence ended by an absence: a quote, looked at twice within the week, and no call within three days."""
    put(
        "needs_a_call",
        {
            "all": [
                {
                    "sequence": [
                        {"event": "Quote Requested"},
                        {"event": "Call Received", "within": "P3D", "absent": True},
                    ],
                    "within": "P30D",
                },
                {"event": "Quote Viewed", "within": "P7D", "count": {"gte": 2}},
            ]
        },
    )
    moment(clock, "1997-02-02")
    views = [event("Quote Viewed", "1997-02-01T10:00"), event("Quote Viewed", "1997-02-01T11:00")]
    quote = event("Quote Requested", "1997-02-01T12:00:30")
    deliver(
        message(
            "a",
            change(1, quote, *views, profile_id="prf_waits"),
            change(1, quote, *views, event("Call Received", "1997-02-02"), profile_id="prf_called"),
            change(1, quote, views[0], profile_id="prf_looked_once"),
            change(1, *views, profile_id="prf_no_quote"),
        )
    )
    moment(clock, "1997-02-04T12:00:29")
    sweep()
    publish(stream())
    assert told(published) == []

    moment(clock, "1997-02-04T12:00:30")
    sweep()
    publish(stream())
    assert told(published) == [("SegmentEntered", "needs_a_call", "1997-02-04T12:00:30.000Z")]
    assert inside("prf_waits") == ["needs_a_call"]


def test_a_merge_that_is_due_is_let_go(idle: None, clock: FixedClock) -> None:
    """F30: the loser's place in the index is nobody's business any more."""
    from services.shared.contracts.ingest import Merge

    deliver(message("w", change(1, event("Visit", ORDERED), profile_id="prf_2")))
    deliver(merged("m", Merge(loser="prf_1", winner="prf_2", at=on("1997-02-01"))))
    moment(clock, DUE)
    assert sweep() == {"swept": 0, "more": False}
