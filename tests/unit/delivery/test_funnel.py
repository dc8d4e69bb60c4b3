"""The funnel by stage: counts reconcile, whatever happens."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.delivery.domain.reports.funnel import funnel, move_id, ways
from services.shared.contracts.scoring import StageMove, Standing

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def move(who: str, before: str, after: str, day: float, since: float | None = None) -> StageMove:
    at = NOON + timedelta(days=day)
    held = None if since is None else NOON + timedelta(days=since)
    there = Standing(profile_id=who, version=1, at=at)
    return StageMove(lifecycle="life", before=before, after=after, at=at, standing=there, held_since=held)


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=6), min_size=1, max_size=8))
@settings(max_examples=60)
def test_who_came_less_who_left_is_there(walks: list[list[str]]) -> None:
    moves = []
    for number, walk in enumerate(walks):
        stage = ""
        for day, after in enumerate(walk):
            if after != stage:
                moves.append(move(str(number), stage, after, day))
                stage = after
    found = {one["stage"]: one for one in funnel(ways(moves).items())}

    ends = Counter(walk[-1] for walk in walks)
    assert {stage: one["there"] for stage, one in found.items() if one["there"]} == ends
    assert all(one["left"] == sum(way["people"] for way in one["ways"]) for one in found.values())


@pytest.mark.capability("003-26")
def test_leads_are_followed_to_customers_with_conversion_and_time() -> None:
    moves = [
        *(move(f"p{n}", "", "lead", 0) for n in range(4)),
        move("p0", "lead", "customer", 10, since=0),
        move("p1", "lead", "customer", 20, since=0),
        move("p2", "lead", "", 5),
        move("p0", "customer", "loyal", 40, since=10),
    ]
    lead, customer, loyal = funnel(ways(moves).items())

    assert (lead["stage"], lead["came"], lead["left"], lead["there"]) == ("lead", 4, 3, 1)
    ended, became = lead["ways"]
    assert (ended["to"], ended["people"], ended["days"]) == ("", 1, None)
    assert (became["to"], became["rate"], became["days"]) == ("customer", 0.5, 15.0)
    assert became["low"] < 0.5 < became["high"]
    assert (customer["came"], customer["there"], customer["ways"][0]["days"]) == (2, 1, 30.0)
    assert loyal["there"] == 1


def test_a_move_has_one_name_and_no_person_in_it() -> None:
    once = move("prf_1", "lead", "customer", 1)
    assert move_id(once) == move_id(once.model_copy(update={"held_since": NOON}))
    assert "prf_1" not in move_id(once)
    others = [
        move("prf_2", "lead", "customer", 1),
        move("prf_1", "lead", "customer", 2),
        move("prf_1", "", "lead", 1),
    ]
    assert len({move_id(one) for one in [once, *others]}) == 4
