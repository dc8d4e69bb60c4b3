"""Static segments: lists that are filled, replaced and kept through everything that happens to people."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from services.scoring.bootstrap import standings as bootstrap
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
    request,
    sweep,
)
from tests.unit.scoring.builders import change, on, order

Published = list[tuple[str, dict[str, Any]]]
PEOPLE = [f"prf_{n}" for n in range(6)]


@pytest.fixture(autouse=True)
def people(clock: FixedClock) -> None:
    moment(clock, "1997-03-01")
    changes = [change(1, order("1997-02-01", 10 * n), profile_id=who) for n, who in enumerate(PEOPLE)]
    assert deliver(message("people", *changes)) == []
    assert call("PUT", "/segments/vip", {"static": True})[0] == 200


def post(**body: Any) -> dict[str, Any]:
    status, answer = call("POST", "/segments/vip/members", body)
    assert status == 200, answer
    return answer


def replace(file: str, query: str = "") -> tuple[int, dict[str, Any]]:
    return call("PUT", f"/segments/vip/members{query}", file)


def members(stream: Stream, name: str = "vip") -> list[str]:
    publish(stream())
    return sorted(row["profile_id"] for row in call("GET", f"/segments/{name}/members")[1]["members"])


def told(published: Published, name: str = "vip") -> list[tuple[str, str]]:
    return [
        (kind.removesuffix(".v1").removeprefix("Segment"), row["standing"]["profile_id"])
        for kind, detail in published
        if kind.startswith("Segment")
        for row in detail["moves"]
        if row["segment"] == name
    ]


def later(clock: FixedClock, at: str) -> None:
    """Definitions have spread, and everybody was judged by them."""
    moment(clock, at)
    bootstrap.on_profiles_changed.cache_clear()
    sweep()


def test_people_are_put_on_the_list_and_taken_off_it_once(stream: Stream, published: Published) -> None:
    """F1: the same request again changes nothing and tells nobody."""
    body = {"add": ["prf_1", "prf_2", "prf_2", "prf_404"]}
    assert post(**body) == {"added": 2, "removed": 0, "unchanged": 0, "unknown": ["prf_404"], "failed": []}
    assert post(**body) == {"added": 0, "removed": 0, "unchanged": 2, "unknown": ["prf_404"], "failed": []}
    assert members(stream) == ["prf_1", "prf_2"]

    assert post(add=["prf_3"], remove=["prf_1", "prf_5"])["removed"] == 1
    assert members(stream) == ["prf_2", "prf_3"]
    assert sorted(told(published)) == [
        ("Entered", "prf_1"),
        ("Entered", "prf_2"),
        ("Entered", "prf_3"),
        ("Exited", "prf_1"),
    ]


def test_on_and_off_and_on_again_is_on(stream: Stream) -> None:
    """F41: what is asked next is decided on what stands, not on a stale read."""
    for _ in range(3):
        assert post(add=["prf_1"])["added"] == 1
        assert post(remove=["prf_1"])["removed"] == 1
    assert post(add=["prf_1"])["added"] == 1
    assert members(stream) == ["prf_1"]


def test_a_silent_import_is_told_to_nobody_and_what_follows_from_it_is(
    stream: Stream, published: Published, clock: FixedClock
) -> None:
    assert call(
        "PUT", "/segments/vip_buyers", {"include": {"segment": "vip"}, "exclude": {"fact": "orders", "eq": 0}}
    )
    later(clock, "1997-03-01T12:30")
    publish(stream())
    assert post(add=["prf_1"], silent=True)["added"] == 1

    assert (members(stream), members(stream, "vip_buyers")) == (["prf_1"], ["prf_1"])
    assert told(published) == []
    assert told(published, "vip_buyers") == [("Entered", "prf_1")]
    assert call("GET", "/profiles/prf_1/standing")[1]["explained"]["vip"]["verdict"] is True


def test_the_list_outlives_events_judgements_and_changes_of_its_document(
    stream: Stream, clock: FixedClock
) -> None:
    post(add=["prf_1", "prf_2"])
    assert deliver(message("b", change(2, order("1997-03-01", 5), profile_id="prf_1"))) == []
    assert call("PUT", "/segments/big", {"condition": {"fact": "revenue", "gte": 1}})[0] == 200
    assert call("PUT", "/segments/vip", {"static": True, "description": "by invitation"})[0] == 200
    later(clock, "1997-03-01T13:00")

    assert members(stream) == ["prf_1", "prf_2"]
    assert len(members(stream, "big")) == 5


def test_a_list_that_was_let_go_does_not_come_back(
    stream: Stream, published: Published, clock: FixedClock
) -> None:
    """A segment of the same name has a list of its own, though nobody was judged in between."""
    post(add=["prf_1", "prf_2"])
    assert call("DELETE", "/segments/vip")[0] == 200
    assert call("PUT", "/segments/vip", {"static": True})[0] == 200
    assert post(add=["prf_3"])["added"] == 1
    later(clock, "1997-03-01T13:00")

    assert members(stream) == ["prf_3"]
    assert ("Exited", "prf_1") in told(published)


@pytest.mark.parametrize(
    "file",
    [
        '"prf_1"\n"prf_2"\n"prf_9"\n',
        '{"profile_id": "prf_1"}\n\n{"profile_id": "prf_2", "x": 1}\n{"profile_id": "prf_9"}',
        "\ufeffname,profile_id\r\n=cmd,prf_1\r\nx,prf_2\r\ny,prf_9\r\n",
        '"profile_id"\n"prf_1"\n"prf_2"\n"prf_9"\n',
    ],
    ids=["ids", "objects", "csv", "quoted csv"],
)
def test_a_file_replaces_the_list(file: str, stream: Stream) -> None:
    post(add=["prf_2", "prf_4", "prf_5"])
    assert len(members(stream)) == 3

    status, answer = replace(file)
    assert (status, answer["complete"]) == (200, True)
    assert (answer["added"], answer["removed"], answer["unchanged"]) == (1, 2, 1)
    assert (answer["unknown"], answer["members"]) == (["prf_9"], 3)
    assert members(stream) == ["prf_1", "prf_2"]
    status, answer = replace(file)
    assert (answer["added"], answer["removed"], answer["unchanged"]) == (0, 0, 2)


def test_an_empty_file_empties_the_list(stream: Stream) -> None:
    post(add=PEOPLE)
    assert len(members(stream)) == len(PEOPLE)
    assert replace("")[1]["removed"] == len(PEOPLE)
    assert members(stream) == []


def test_a_replacement_that_ran_out_of_time_goes_on(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    """F6: as much as there was time for stands, and the same request again ends it."""
    monkeypatch.setattr("services.scoring.service.list_desk.PAGE", 2)
    monkeypatch.setattr("services.scoring.handlers.api._has_time", lambda: False)
    post(add=["prf_5"])
    publish(stream())
    file = "\n".join(f'"{who}"' for who in PEOPLE[:5])

    status, answer = replace(file)
    assert (status, answer["added"], answer["left"], answer["complete"]) == (202, 2, 4, False)
    monkeypatch.setattr("services.scoring.handlers.api._has_time", lambda: True)
    assert replace(file)[1]["complete"] is True
    assert members(stream) == PEOPLE[:5]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({}, "1 to 1000 profiles"),
        ({"add": [str(n) for n in range(1_001)]}, "1 to 1000 profiles"),
        ({"add": "prf_1"}, "must be a list"),
        ({"add": [1]}, "add.0: must be a profile id"),
        ({"add": [" "]}, "add.0: must be a profile id"),
        ({"add": ["a"], "remove": ["a"]}, "are in both"),
        ({"add": ["a"], "silent": 1}, "true or false"),
        ({"put": ["a"]}, "put: is not known"),
    ],
)
def test_what_no_change_of_a_list_is(body: dict[str, Any], rule: str) -> None:
    status, answer = call("POST", "/segments/vip/members", body)
    assert (status, answer["code"]) == (400, "invalid_members")
    assert rule in answer["message"]


@pytest.mark.parametrize(
    "file", ["{", "name\nprf_1\n", '"a"\n[1]\n', "{}", "[" * 100_000, '"' + "x" * 201 + '"']
)
def test_what_no_file_of_members_is(file: str) -> None:
    status, answer = replace(file)
    assert (status, answer["code"]) == (400, "invalid_file")
    assert answer["message"].startswith("line ")


def test_only_static_segments_have_lists() -> None:
    assert call("PUT", "/segments/big", {"condition": {"fact": "revenue", "gte": 1}})[0] == 200
    assert call("POST", "/segments/big/members", {"add": ["prf_1"]})[1]["code"] == "not_static"
    assert call("POST", "/segments/none/members", {"add": ["prf_1"]})[0] == 404
    for more in ({"condition": {"fact": "orders", "gte": 1}}, {"silent": True}, {"include": {}}):
        assert call("PUT", "/segments/vip", {"static": True, **more})[1]["code"] == "invalid_segment"


def test_who_becomes_part_of_another_takes_the_lists_along(stream: Stream, published: Published) -> None:
    """F1, F30: by the loser's id the winner is meant from then on; told again, nothing changes."""
    post(add=["prf_1", "prf_3"])
    merge = Merge(loser="prf_1", winner="prf_2", at=on("1997-03-01T12:00"))
    for n in range(2):
        assert deliver(merged(f"m{n}", merge)) == []

    assert members(stream) == ["prf_2", "prf_3"]
    assert told(published).count(("Entered", "prf_2")) == 1
    assert post(add=["prf_1"])["unchanged"] == 1
    assert post(remove=["prf_1"])["removed"] == 1
    assert members(stream) == ["prf_3"]


def test_a_merge_waits_for_a_winner_that_is_not_known_yet(stream: Stream) -> None:
    """F2: the list is not lost when the merge is told before the winner's first event."""
    post(add=["prf_1"])
    merge = Merge(loser="prf_1", winner="prf_new", at=on("1997-03-01T12:00"))
    assert deliver(merged("m", merge)) == ["m"]
    assert deliver(message("n", change(1, order("1997-02-01"), profile_id="prf_new"))) == []
    assert deliver(merged("m", merge)) == []

    assert members(stream) == ["prf_new"]


def test_a_merge_into_somebody_who_was_erased_ends(stream: Stream) -> None:
    post(add=["prf_1"])
    ask("erase", "prf_2")
    merge = Merge(loser="prf_1", winner="prf_2", at=on("1997-03-01T12:00"))

    assert deliver(merged("m", merge)) == []
    assert members(stream) == []


def test_who_is_erased_is_on_no_list(stream: Stream) -> None:
    post(add=["prf_1", "prf_2"])
    ask("erase", "prf_1")

    assert members(stream) == ["prf_2"]
    assert post(add=["prf_1"])["unknown"] == ["prf_1"]


def test_a_list_is_exported_and_what_was_exported_is_a_list(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In parts where it is long, and no cell is a formula."""
    assert deliver(message("x", change(1, order("1997-02-01"), profile_id="=cmd()"))) == []
    post(add=[*PEOPLE, "=cmd()"])
    publish(stream())
    whole = request("GET", "/segments/vip/members?format=csv")
    assert whole["headers"]["Content-Disposition"] == 'attachment; filename="vip.csv"'
    assert whole["headers"]["Content-Type"] == "text/csv; charset=utf-8"
    assert "Halte-Cursor" not in whole["headers"]

    monkeypatch.setattr("services.scoring.handlers.api.MOST_EXPORTED", 3)
    parts = [request("GET", "/segments/vip/members?format=csv")]
    while cursor := parts[-1]["headers"].get("Halte-Cursor"):
        parts.append(request("GET", f"/segments/vip/members?format=csv&cursor={cursor}"))
    rows = [row for part in parts for row in csv.reader(part["body"].splitlines()[1:])]
    assert rows == list(csv.reader(whole["body"].splitlines()[1:]))
    assert sorted(row[0] for row in rows) == sorted([*PEOPLE, "'=cmd()"])
    assert {row[1] for row in rows} == {"1997-03-01T12:00:00.000Z"}

    post(remove=PEOPLE)
    assert replace(whole["body"])[1]["added"] == len(PEOPLE)
