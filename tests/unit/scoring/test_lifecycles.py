"""A person is in one stage at a time, and moves only along the transitions there are."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.scoring.domain.definitions.lifecycles import Lifecycle
from services.scoring.domain.judging import let_time_pass, take_in
from services.scoring.domain.places import Place
from services.shared.errors import Conflict, Invalid
from tests.unit.scoring.builders import change, definitions, event, on, order

CUSTOMER: dict[str, Any] = {
    "stages": ["prospect", "customer", "loyal", "at_risk", "lost", "won_back"],
    "transitions": [
        {"from": ["prospect"], "to": "customer", "when": {"fact": "orders", "gte": 1}},
        {"from": ["customer"], "to": "loyal", "when": {"fact": "orders", "gte": 3}},
        {
            "from": ["customer", "loyal", "won_back"],
            "to": "at_risk",
            "when": {"fact": "last_order_at", "older_than": "P60D"},
        },
        {"from": ["at_risk"], "to": "lost", "when": {"fact": "orders", "gte": 1}, "after": "P30D"},
        {
            "from": ["at_risk", "lost"],
            "to": "won_back",
            "when": {"fact": "last_order_at", "within": "P10D"},
        },
    ],
}
MACHINE = Lifecycle.read("customer", CUSTOMER)
ALL = definitions({}, {}, version=3).with_(MACHINE)
EDGES = {(source, way.to) for way in MACHINE.ways[""] for source in way.sources}


def stage_of(standing: Any) -> Place:
    place: Place = standing.places["stage", "customer", ""]
    return place


@pytest.mark.capability("003-8")
def test_a_life_runs_through_its_stages_on_the_day_each_begins() -> None:
    """From prospect to won back, by events and by time alone; every move says from where."""
    seen = []
    standing = take_in("prf_1", None, [change(1, event("Page", "1997-01-01"))], ALL, on("1997-01-01"))
    for version, at in enumerate(("1997-01-10", "1997-01-20", "1997-01-30"), 2):
        standing = take_in("prf_1", standing, [change(version, order(at))], ALL, on(at))
        seen += [(m.before, m.after, m.at) for m in standing.moved]
    for _ in range(3):
        standing = let_time_pass(standing, ALL, standing.due_at) or standing if standing.due_at else standing
        seen += [(m.before, m.after, m.at) for m in standing.moved]
    standing = take_in("prf_1", standing, [change(9, order("1997-05-20"))], ALL, on("1997-05-20"))
    seen += [(m.before, m.after, m.at) for m in standing.moved]

    assert seen == [
        ("prospect", "customer", on("1997-01-10")),
        ("customer", "loyal", on("1997-01-30")),
        ("loyal", "at_risk", on("1997-03-31")),
        ("at_risk", "lost", on("1997-04-30")),
        ("lost", "won_back", on("1997-05-20")),
    ]
    way = stage_of(standing).path
    assert [value for value, _ in way] == ["prospect", "customer", "loyal", "at_risk", "lost"]
    assert way[3][1] - way[2][1] == on("1997-03-31") - on("1997-01-30"), "time in stage"


@pytest.mark.capability("003-8")
def test_a_jump_that_no_transition_makes_is_refused() -> None:
    here = Place("customer", on("1997-01-10"))

    assert MACHINE.moved(here, "loyal", on("1997-02-01")).path == (("customer", here.since),)
    with pytest.raises(Conflict, match="illegal_jump: to: from 'customer' a way leads to loyal, at_risk"):
        MACHINE.moved(here, "won_back", on("1997-02-01"))
    with pytest.raises(Invalid, match="unknown_stage"):
        MACHINE.moved(here, "hero", on("1997-02-01"))


@given(days=st.lists(st.integers(0, 400), min_size=1, max_size=8, unique=True).map(sorted))
def test_every_move_is_a_transition_whenever_it_is_looked_at(days: list[int]) -> None:
    """Swept on every due time, or only when an order comes: the same stage since the same moment."""
    start = on("1997-01-01")
    dates = [start + timedelta(days=day, minutes=i) for i, day in enumerate(days)]
    swept = lazy = None
    for version, at in enumerate(dates, 1):
        while swept and swept.due_at and swept.due_at <= at:
            swept = let_time_pass(swept, ALL, swept.due_at) or swept
        one = change(version, order(at))
        swept, lazy = take_in("prf_1", swept, [one], ALL, at), take_in("prf_1", lazy, [one], ALL, at)
        assert swept
        assert lazy
        assert stage_of(swept) == stage_of(lazy)
    way = [*stage_of(lazy).path, (stage_of(lazy).value, stage_of(lazy).since)]
    assert {(before, after) for (before, _), (after, _) in pairwise(way)} <= EDGES
    assert [at for _, at in way] == sorted(at for _, at in way)


def test_each_product_has_a_life_of_its_own() -> None:
    machine = Lifecycle.read(
        "aida",
        {
            "stages": ["unaware", "interest", "action"],
            "products": ["savings", "mortgage"],
            "transitions": [
                {"from": ["unaware"], "to": "interest", "when": {"trait": "interest", "eq": "$product"}},
                {"from": ["interest"], "to": "action", "when": {"trait": "holds", "eq": "$product"}},
            ],
        },
    )
    held = machine.settle({"traits": {"interest": "savings", "holds": "mortgage"}}, {}, on("1997-01-01"))

    assert {product: place.value for product, place in held.items()} == {
        "savings": "interest",
        "mortgage": "unaware",
    }


def test_rules_that_contradict_each_other_end() -> None:
    always = {"fact": "orders", "gte": 0}
    machine = Lifecycle.read(
        "round",
        {
            "stages": ["a", "b"],
            "transitions": [
                {"from": ["a"], "to": "b", "when": always},
                {"from": ["b"], "to": "a", "when": always},
            ],
        },
    )

    assert machine.settle({"facts": {"orders": 1}}, {}, on("1997-01-01"))[""].value == "b"


def test_only_who_enters_is_in_it() -> None:
    document = {**CUSTOMER, "enter": {"trait": "country", "eq": "NL"}}
    machine = Lifecycle.read("customer", document)

    assert machine.settle({"traits": {"country": "BE"}}, {}, on("1997-01-01")) == {}
    assert machine.settle({"traits": {"country": "NL"}}, {}, on("1997-01-01"))[""].value == "prospect"
    assert next(r.path for r in machine.references()) == "enter.trait"
    assert Lifecycle.read("customer", machine.document()) == machine


def broken(**changes: Any) -> dict[str, Any]:
    return {**CUSTOMER, **changes}


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        (broken(stages=["a"]), "at least 2"),
        (broken(stages=["a", "a"]), "named twice"),
        (broken(stages=["prospect", "customer"]), "transitions.1: 'loyal' is none of the stages"),
        (broken(transitions=[]), "at least 1"),
        (broken(transitions=[{"from": ["loyal"], "to": "loyal", "when": {}}]), "to itself"),
        (broken(transitions=[{**CUSTOMER["transitions"][0], "after": "soon"}]), "ISO 8601"),
        (
            broken(transitions=[{**CUSTOMER["transitions"][0], "when": {"fact": "orders"}}]),
            "transitions.0.when",
        ),
        (broken(colour="red"), "colour"),
    ],
)
def test_a_document_that_is_no_lifecycle_is_refused(document: dict[str, Any], rule: str) -> None:
    with pytest.raises((Invalid, ValidationError), match=rule):
        Lifecycle.read("customer", document)


def test_a_stage_that_the_document_no_longer_has_begins_anew() -> None:
    held = {"": Place("hero", datetime(1997, 1, 1, tzinfo=on("1997-01-01").tzinfo))}

    assert MACHINE.settle({"facts": {}}, held, on("1997-02-01"))[""].value == "prospect"
