"""How many a segment would hold: counted where people are few, else estimated from a sample, with how sure that is."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.definitions import Definitions
from services.scoring.domain.estimate import estimated
from services.scoring.domain.judging import take_in
from services.scoring.domain.recalling import History
from services.scoring.domain.standing import Gone, ProfileStanding
from services.scoring.service import preview
from services.scoring.service.preview import Preview
from services.shared.clock import FixedClock
from services.shared.errors import Invalid
from tests.unit.scoring.builders import change, definitions, on, order
from tests.unit.scoring.fakes import FakeDefinitions, FakeStandings, NoPast

NOW = on("1997-03-01")
BUYERS = {"condition": {"fact": "orders", "gte": 1}}


def who(n: int) -> str:
    """Ids are random, so their order says nothing of the people."""
    return "prf_" + hashlib.sha256(str(n).encode()).hexdigest()[:20]


def people(number: int, buyers: int, known: Definitions) -> list[ProfileStanding]:
    standings = []
    for n in range(number):
        events = [order("1997-02-01")] if n < buyers else []
        standing = take_in(who(n), None, [change(1, *events, profile_id=who(n))], known, NOW)
        assert standing
        standings.append(standing)
    return standings


class Past:
    """Ingest: everybody whose number is below `orders` ordered for 50; some pasts are `unknown` yet."""

    def __init__(self, orders: int, unknown: Collection[int] = ()) -> None:
        self.buyers = {who(n) for n in range(orders)}
        self.unknown = {who(n) for n in unknown}

    def of(self, profile_ids: Collection[str]) -> Mapping[str, History]:
        return {
            one: History([(1, [order("1997-02-01", 50)] if one in self.buyers else [])], {})
            for one in profile_ids
            if one not in self.unknown
        }


def asked(
    standings: list[ProfileStanding],
    document: dict[str, Any],
    past: Any = None,
    known: Definitions | None = None,
    has_time: Any = lambda: True,
) -> dict[str, Any]:
    store = FakeStandings(*standings)
    looking = Preview(FakeDefinitions(known or definitions()), store, past or NoPast(), FixedClock(NOW))
    found = looking.of("new", document, has_time)
    assert store.writes == 0
    return found


def test_few_people_are_counted() -> None:
    gone = ProfileStanding("prf_gone", 2, NOW, gone=Gone("", NOW))
    found = asked([*people(250, 70, definitions()), gone], BUYERS)

    assert (found["count"], found["of"], found["exact"], found["interval"]) == (70, 250, True, [70, 70])
    assert len(found["sample"]) == preview.SHOWN
    assert set(found["sample"]) <= {who(n) for n in range(70)}
    assert found["took_pasts"] == 0


def test_nobody_is_counted_twice_wherever_the_walk_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    standings = people(130, 40, definitions())
    for n in range(20):
        monkeypatch.setattr(preview, "new_id", lambda prefix, n=n: who(1_000 + n))
        found = asked(standings, BUYERS)
        assert (found["count"], found["of"], found["exact"]) == (40, 130, True)


def test_many_people_are_sampled_and_the_interval_holds_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    """In 95 of 100 cases; of these thirty, in at least 26."""
    monkeypatch.setattr(preview, "MOST_READ", 400)
    standings = people(2_000, 300, definitions())
    held = 0
    for n in range(30):
        monkeypatch.setattr(preview, "new_id", lambda prefix, n=n: who(10_000 + n))
        found = asked(standings, BUYERS)
        low, high = found["interval"]
        assert (found["exact"], found["of"]) == (False, 2_000)
        assert 400 <= found["took_reads"] < 500
        assert low <= found["count"] <= high
        assert high - low < 200
        held += low <= 300 <= high
    assert held >= 26


def test_what_nobody_remembers_is_asked_of_the_past() -> None:
    big = {"condition": {"event": "Order Completed", "where": {"prop": "revenue", "gte": 50}}}
    found = asked(people(120, 0, definitions()), big, Past(30))

    assert (found["count"], found["exact"], found["took_pasts"]) == (30, True, 120)


def test_the_past_of_few_is_asked_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "MOST_PASTS", 200)
    big = {"condition": {"event": "Order Completed", "where": {"prop": "revenue", "gte": 50}}}
    found = asked(people(1_000, 0, definitions()), big, Past(500))

    assert (found["exact"], found["of"]) == (False, 1_000)
    assert 200 <= found["took_pasts"] < 300
    assert found["interval"][0] <= 500 <= found["interval"][1]


def test_somebody_whose_past_is_not_complete_makes_it_an_estimate() -> None:
    big = {"condition": {"event": "Order Completed", "where": {"prop": "revenue", "gte": 50}}}
    found = asked(people(100, 0, definitions()), big, Past(100, unknown=[3]))

    assert (found["exact"], found["of"], found["count"]) == (False, 100, 100)
    assert found["interval"][0] < 100


def test_who_was_not_judged_by_what_it_refers_to_makes_it_an_estimate() -> None:
    """Places are as of the last judgement: under definitions of before they may be others."""
    standings = people(10, 4, definitions(version=1))
    newer = definitions(version=1).with_(
        preview.kind_of("segment").parse("fresh", {"condition": {"fact": "orders", "gte": 1}})
    )
    found = asked(standings, {"condition": {"segment": "fresh"}}, known=newer)
    assert found["exact"] is False
    assert asked(standings, {"condition": {"segment": "first_order"}}, known=newer)["exact"] is True


def test_without_time_there_is_an_answer_all_the_same() -> None:
    found = asked(people(250, 250, definitions()), BUYERS, has_time=lambda: False)
    assert (found["exact"], found["of"]) == (False, 250)
    assert 0 < found["took_reads"] <= preview.PAGE


def test_of_nobody() -> None:
    assert asked([], BUYERS)["count"] == 0


@pytest.mark.parametrize("document", [{"static": True}, {"condition": {"segment": "new"}}, {"condition": {}}])
def test_what_can_not_be_saved_is_not_previewed(document: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        asked([], document)


@given(st.integers(0, 500), st.integers(1, 500), st.integers(0, 10_000_000))
def test_an_estimate_is_within_its_interval(hits: int, more: int, total: int) -> None:
    sampled = hits + more
    found = estimated(hits, sampled, total + sampled)
    assert hits <= found.low <= found.high <= total + sampled
    assert found.low <= found.count <= found.high
