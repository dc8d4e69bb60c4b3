"""A definition that is put after the events reaches people who do nothing any more, and each move is told once."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from services.scoring.adapters.ingest_histories import IngestHistories
from services.scoring.adapters.pass_cursor import PassCursor
from services.scoring.adapters.standings_table import StandingsTable
from services.scoring.domain.recalling import History
from services.scoring.handlers import sweep as sweep_handler
from services.scoring.service import sweep as sweeping
from services.shared.clock import FixedClock
from tests.integration.scoring.conftest import Stream, call, deliver, message, moment, publish, sweep
from tests.unit.scoring.builders import change, order

Published = list[tuple[str, dict[str, Any]]]
PEOPLE = 7
SPENDERS = {f"prf_{n}" for n in range(4, PEOPLE)}


@pytest.fixture(autouse=True)
def quiet_people(clock: FixedClock, stream: Stream, demo: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven customers with one order each, of 0 to 60; pages of three."""
    monkeypatch.setattr(sweeping, "PAGE", 3)
    moment(clock, "1997-02-01")
    orders = [change(1, order("1997-01-30", 10 * n), profile_id=f"prf_{n}") for n in range(PEOPLE)]
    assert deliver(message("a", *orders)) == []
    assert sweep() == {"swept": 0, "more": False}
    stream()
    moment(clock, "1997-02-02")


def put(name: str, at_least: int) -> None:
    assert call("PUT", f"/segments/{name}", {"condition": {"fact": "revenue", "gte": at_least}})[0] == 200


def moves(published: Published) -> Counter[tuple[str, str, str]]:
    return Counter(
        (kind, row["segment"], row["standing"]["profile_id"])
        for kind, detail in published
        for row in detail.get("moves", [])
    )


def entered(segment: str, people: set[str] = SPENDERS) -> Counter[tuple[str, str, str]]:
    return Counter(("SegmentEntered.v1", segment, person) for person in people)


def versions() -> list[str]:
    return [item["version"]["N"] for item in boto3.client("dynamodb").scan(TableName="standings")["Items"]]


def cursor() -> dict[str, Any] | None:
    key = {"kind": {"S": "backfill"}, "name": {"S": "backfill"}}
    item: dict[str, Any] | None = (
        boto3.client("dynamodb").get_item(TableName="definitions", Key=key).get("Item")
    )
    return item


def test_quiet_people_enter_a_new_segment_once(
    clock: FixedClock, stream: Stream, published: Published
) -> None:
    put("spender", 40)
    assert sweep() == {"swept": 0, "more": False}, "reactors may still create standings under old definitions"
    assert versions() == ["1"] * PEOPLE

    moment(clock, "1997-02-02T12:01")
    assert sweep() == {"swept": 0, "more": False}
    publish(stream())
    assert moves(published) == entered("spender")
    assert {row["at"] for _, detail in published for row in detail["moves"]} == {"1997-02-02T12:01:00.000Z"}
    assert (versions(), cursor()) == (["2"] * PEOPLE, None)

    put("spender", 40)
    moment(clock, "1997-02-03")
    sweep()
    publish(stream())
    assert (moves(published), versions()) == (entered("spender"), ["2"] * PEOPLE)


def test_a_changed_segment_is_left(clock: FixedClock, stream: Stream, published: Published) -> None:
    put("spender", 40)
    moment(clock, "1997-02-03")
    sweep()
    publish(stream())
    published.clear()

    put("spender", 60)
    moment(clock, "1997-02-04")
    sweep()
    publish(stream())

    left = Counter(("SegmentExited.v1", "spender", person) for person in SPENDERS - {"prf_6"})
    assert moves(published) == left


def test_a_crash_between_pages_is_made_good_by_the_next_run(
    clock: FixedClock, stream: Stream, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("spender", 40)
    moment(clock, "1997-02-03")
    advance = PassCursor.advance
    calls: list[Any] = []

    def crash_at_second(self: PassCursor, *rest: Any) -> bool:
        calls.append(rest)
        if len(calls) == 2:
            raise ConnectionError("the function was cut off")
        return advance(self, *rest)

    monkeypatch.setattr(PassCursor, "advance", crash_at_second)
    with pytest.raises(ConnectionError):
        sweep()
    assert Counter(versions()) == {"2": 6, "1": 1}

    pages: list[str] = []
    page = StandingsTable.page

    def watched(self: StandingsTable, after: str, size: int) -> Any:
        pages.append(after)
        return page(self, after, size)

    monkeypatch.setattr(StandingsTable, "page", watched)
    assert sweep() == {"swept": 0, "more": False}
    assert pages[0] != ""
    publish(stream())
    assert (moves(published), versions(), cursor()) == (entered("spender"), ["2"] * PEOPLE, None)


def test_time_that_runs_out_leaves_the_rest_to_the_next_run(
    clock: FixedClock, stream: Stream, published: Published
) -> None:
    put("spender", 40)
    moment(clock, "1997-02-03")
    left: list[int] = []
    context = SimpleNamespace(get_remaining_time_in_millis=left.pop)
    results = []
    for _ in range(3):
        left[:] = [1_000, 60_000]  # enough for one page
        results.append(sweep_handler.handler({}, context)["more"])

    publish(stream())
    assert results == [True, True, False]
    assert moves(published) == entered("spender")


def test_a_second_change_begins_the_pass_anew(
    clock: FixedClock, stream: Stream, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("spender", 40)
    moment(clock, "1997-02-03")
    page = StandingsTable.page
    seen: list[str] = []

    def page_and_put(self: StandingsTable, after: str, size: int) -> Any:
        found = page(self, after, size)
        if not seen:
            put("big_spender", 60)
        seen.append(after)
        return found

    monkeypatch.setattr(StandingsTable, "page", page_and_put)
    assert sweep() == {"swept": 0, "more": True}
    assert seen == [""]

    moment(clock, "1997-02-04")
    assert sweep() == {"swept": 0, "more": False}
    publish(stream())
    assert moves(published) == entered("spender") + entered("big_spender", {"prf_6"})
    assert cursor() is None


def test_a_standing_that_can_not_be_read_does_not_hold_up_the_pass(
    clock: FixedClock, stream: Stream, published: Published
) -> None:
    boto3.client("dynamodb").put_item(
        TableName="standings",
        Item={"profile_id": {"S": "prf_bad"}, "version": {"N": "1"}, "state": {"S": "{}"}},
    )
    put("spender", 40)
    moment(clock, "1997-02-03")
    stream()

    assert sweep() == {"swept": 0, "more": False}
    publish(stream())
    assert (moves(published), cursor()) == (entered("spender"), None)


def test_a_reactor_with_old_definitions_does_not_undo_the_pass(
    clock: FixedClock, stream: Stream, published: Published
) -> None:
    put("spender", 40)
    moment(clock, "1997-02-03")
    sweep()

    deliver(message("b", change(2, order("1997-02-02"), profile_id="prf_5")))

    publish(stream())
    assert moves(published) == entered("spender")


def progress() -> Any:
    status, found = call("GET", "/backfill")
    assert status == 200, found
    return found


def test_how_far_a_pass_has_come_is_shown(clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pages of three and one of one; the second has somebody whose past is not complete at first."""
    demo = progress()
    assert demo["under_way"] is None
    assert demo["done"] == {
        "definitions": demo["definitions"],
        "at": "1997-02-01T12:00:00.000Z",
        "looked_at": PEOPLE,
        "failed": 0,
    }
    event = {"condition": {"event": "Product Viewed", "count": {"gte": 1}}}
    assert call("PUT", "/segments/looker", event)[0] == 200
    version = demo["definitions"] + 1
    waits = {"definitions": version, "starts_at": "1997-02-02T12:01:00.000Z", "of": PEOPLE}
    start = {**waits, "looked_at": 0, "waiting": 0, "failed": 0}
    assert progress() == {"definitions": version, "under_way": start, "done": demo["done"]}

    moment(clock, "1997-02-03")
    asked: list[str] = []

    def of(self: IngestHistories, profile_ids: Any) -> dict[str, History]:
        asked.extend(profile_ids)
        late = set(asked[3:4])
        return {p: History([], {}) for p in profile_ids if p not in late}

    monkeypatch.setattr(IngestHistories, "of", of)
    assert sweep()["more"] is True
    stuck = {**start, "looked_at": 3, "waiting": 1}
    assert progress() == {"definitions": version, "under_way": stuck, "done": demo["done"]}

    monkeypatch.setattr(
        IngestHistories, "of", lambda self, profile_ids: {p: History([], {}) for p in profile_ids}
    )
    assert sweep()["more"] is False
    done = {"definitions": version, "at": "1997-02-03T12:00:00.000Z", "looked_at": PEOPLE, "failed": 0}
    assert progress() == {"definitions": version, "under_way": None, "done": done}

    put("spender", 40)
    after = progress()
    assert (after["definitions"], after["under_way"]["definitions"], after["under_way"]["looked_at"]) == (
        version + 1,
        version + 1,
        0,
    )
    assert after["done"] == done, "what was reached before stays"


def test_who_can_not_be_judged_is_counted(clock: FixedClock) -> None:
    boto3.client("dynamodb").put_item(
        TableName="standings",
        Item={"profile_id": {"S": "prf_bad"}, "version": {"N": "1"}, "state": {"S": "{}"}},
    )
    put("spender", 40)
    moment(clock, "1997-02-03")
    sweep()
    found = progress()
    assert (found["done"]["looked_at"], found["done"]["failed"]) == (PEOPLE + 1, 1)


def test_a_pass_begun_by_an_earlier_release_goes_on(clock: FixedClock) -> None:
    """Its item has no counts."""
    put("spender", 40)
    table = boto3.client("dynamodb")
    table.update_item(
        TableName="definitions",
        Key={"kind": {"S": "backfill"}, "name": {"S": "backfill"}},
        UpdateExpression="REMOVE looked_at, waiting, failed",
    )
    moment(clock, "1997-02-03")
    assert progress()["under_way"]["looked_at"] == 0
    assert sweep() == {"swept": 0, "more": False}
    assert progress()["done"]["looked_at"] == PEOPLE
