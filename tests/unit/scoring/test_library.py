"""What is ready-made is valid, whatever is chosen, and its grids leave nobody out and put nobody in two cells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.adapters.library_files import templates
from services.scoring.domain.definitions import Definitions, kind_of
from services.scoring.domain.library import Axis
from services.scoring.domain.memory import Memory
from services.scoring.domain.seeing import known
from services.scoring.domain.standing import ProfileStanding
from services.shared.conditions import evaluate
from services.shared.errors import Invalid
from tests.unit.scoring.builders import event, on

START = on("1998-01-01")


def made(name: str, **chosen: Any) -> Definitions:
    found = templates()[name].made(chosen)
    return Definitions.of(1, [kind_of(one.kind).parse(one.name, one.document) for one in found])


def remembered(events: list[Any], definitions: Definitions) -> Memory:
    memory = Memory()
    for one in events:
        memory = memory.with_event(one, definitions.needs)
    return memory


def cells(definitions: Definitions, events: list[Any], now: datetime) -> list[str]:
    """The segments that somebody who did this is in."""
    view = known(ProfileStanding("prf_1", 1, now), remembered(events, definitions), definitions)
    return [one.name for one in definitions.segments if evaluate(one.condition, view, now)]


@pytest.mark.parametrize("name", templates())
def test_every_template_makes_definitions_that_fit_together(name: str) -> None:
    template = templates()[name]
    definitions = made(name)

    assert len(definitions.all) == len(template.made({}))
    for one in definitions.all:
        assert one.name.startswith(template.parameters["prefix"].default)
    assert made(name, prefix="mine").all[0].name.startswith("mine")
    assert {p.kind for p in template.parameters.values()} <= {"name", "duration", "number", "text", "choice"}


NAMES = ("Order Completed", "Email Link Clicked", "Product Viewed", "Email Opened", "Home", "Order Cancelled")
OFFSETS = st.one_of(
    st.integers(-1_000 * 86_400, 0),
    st.sampled_from([30, 90, 180, 365, 730]).flatmap(
        lambda days: st.integers(-1, 1).map(lambda second: second - days * 86_400)
    ),
)
EVENTS = st.lists(st.tuples(st.sampled_from(NAMES), OFFSETS, st.integers(-50, 900)), min_size=1, max_size=8)


def lived(rows: list[tuple[str, int, int]]) -> list[Any]:
    return [
        event(
            name,
            START + timedelta(seconds=offset),
            "page" if name == "Home" else "track",
            order_id=str(n),
            revenue=revenue,
        )
        for n, (name, offset, revenue) in enumerate(rows)
    ]


@pytest.mark.capability("000-13")
@settings(max_examples=60)
@given(EVENTS)
def test_every_inactive_person_is_in_exactly_one_cell_of_three_axes(rows: list[tuple[str, int, int]]) -> None:
    grid = made("inactive-by-three-axes")
    events = lived(rows)
    found = cells(grid, events, START)
    last = remembered(events, grid).tally.facts().get("last_order_at", "")

    active = bool(last) and on(last.removesuffix("Z")) > START - timedelta(days=90)
    assert len(found) == (0 if active else 1)
    assert len(grid.segments) == 3 * 3 * 3


@pytest.mark.parametrize("name", ["diagnosis", "value"])
@settings(max_examples=60)
@given(rows=EVENTS)
def test_everybody_is_in_exactly_one_cell(name: str, rows: list[tuple[str, int, int]]) -> None:
    assert len(cells(made(name), lived(rows), START)) == 1


@pytest.mark.parametrize(
    ("rows", "cell"),
    [
        ([("Home", -1, 0)], "idle_new_never_warm"),
        ([("Order Completed", -91 * 86_400, 5)], "idle_new_lapsing_cool"),
        ([("Order Completed", -180 * 86_400, 5)], "idle_settled_lapsing_cold"),
        ([("Order Completed", -180 * 86_400 + 1, 5)], "idle_new_lapsing_cool"),
        ([("Order Completed", -365 * 86_400, 5), ("Email Opened", -60, 0)], "idle_settled_lapsed_warm"),
        ([("Product Viewed", -900 * 86_400, 0)], "idle_old_never_cold"),
    ],
)
def test_cells_begin_and_end_to_the_second(rows: list[tuple[str, int, int]], cell: str) -> None:
    assert cells(made("inactive-by-three-axes"), lived(rows), START) == [cell]


INACTIVE: Mapping[str, Any] = {"purchase": "P180D", "response": "P90D", "points": "P60D"}
ACTS = {"purchase": "Order Completed", "response": "Email Link Clicked", "points": "Loyalty Balance Changed"}


@pytest.mark.capability("000-11")
@pytest.mark.parametrize("criterion", INACTIVE)
@pytest.mark.parametrize("match", ["any", "all"])
def test_each_criterion_of_inactivity_alone(criterion: str, match: str) -> None:
    """To the second of its own period, whatever else the person does."""
    days = int(INACTIVE[criterion][1:-1])
    rule = made("inactive", **dict.fromkeys(INACTIVE) | {criterion: INACTIVE[criterion]}, match=match)
    others = [event(name, START - timedelta(days=1)) for key, name in ACTS.items() if key != criterion]

    def act(seconds: int) -> list[Any]:
        return [*others, event(ACTS[criterion], START + timedelta(days=-days, seconds=seconds), order_id="o")]

    assert cells(rule, act(0), START) == ["inactive"]
    assert cells(rule, act(1), START) == []
    assert cells(rule, others, START) == ["inactive"], "who never did it is inactive"


@pytest.mark.capability("000-11")
@pytest.mark.parametrize("active", [(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)])
def test_the_criteria_of_inactivity_together(active: tuple[int, ...]) -> None:
    did = [name for name, is_active in zip(ACTS.values(), active, strict=True) if is_active]
    events = [event(name, START - timedelta(days=1), order_id="o") for name in did]

    assert bool(cells(made("inactive", **INACTIVE, match="all"), events, START)) is not any(active)
    assert bool(cells(made("inactive", **INACTIVE, match="any"), events, START)) is not all(active)


@pytest.mark.parametrize(
    ("chosen", "rule"),
    [
        ({"nothing": 1}, "unknown_parameter"),
        ({"prefix": "Upper"}, "invalid_parameter"),
        ({"prefix": None}, "invalid_parameter"),
        ({"match": "some"}, "invalid_parameter"),
        ({"purchase": "P1Y"}, "invalid_parameter"),
        ({"purchase": 5}, "invalid_parameter"),
        ({"points_event": ""}, "invalid_parameter"),
    ],
)
def test_what_may_not_be_chosen(chosen: dict[str, Any], rule: str) -> None:
    with pytest.raises(Invalid) as refused:
        templates()["inactive"].made(chosen)
    assert refused.value.code == rule


def test_nothing_of_a_text_is_more_than_text() -> None:
    """What somebody chooses is a value, whatever it looks like."""
    nasty = '"}, {"event": "${points}'
    (one,) = templates()["inactive"].made({"points": "P1D", "points_event": nasty})
    assert one.document["condition"]["all"][-1]["event"] == nasty


def test_an_axis_is_whole() -> None:
    when = {"fact": "orders", "gte": 1}
    for rows in ([when, when], [None, None]):
        with pytest.raises(ValueError, match="all cells but the last"):
            Axis.model_validate(
                {
                    "title": "t",
                    "cells": [{"name": f"c{i}", "title": "t", "when": w} for i, w in enumerate(rows)],
                }
            )
