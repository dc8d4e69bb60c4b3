"""A matrix of score and fit: every combination has a cell, a change of cell is told once, a hot one makes a task."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.scoring.adapters.standing_items import from_item, to_item
from services.scoring.domain.definitions import Definitions, FitModel, ScoreModel, Segment, Strategy
from services.scoring.domain.definitions.lifecycles import Lifecycle
from services.scoring.domain.judging import let_time_pass, take_in
from services.scoring.domain.recalling import catch_up
from services.scoring.domain.seeing import explained
from services.scoring.domain.standing import ProfileStanding
from services.scoring.service.outbox import facts_of
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import CustomerEvent
from services.shared.contracts.scoring import StrategyCellChanged, Task, TaskRequested
from services.shared.errors import Conflict, Invalid
from tests.unit.scoring.builders import change, event, on

START = on("2026-01-01T00:00")
MODEL = {
    "rules": [{"event": "Visit", "points": 10, "decay": {"linear": "P10D"}}, {"event": "Buy", "points": 7}]
}
FIT = {
    "rules": [
        {"when": {"trait": "industry", "eq": "bank"}, "grade": "A"},
        {"when": {"trait": "industry", "exists": True}, "grade": "B"},
    ],
    "default": "C",
}
NURTURE = {"strategy": "nurture", "owner": "marketing"}
MATRIX: dict[str, Any] = {
    "score": "interest",
    "fit": "commercial",
    "bands": [{"name": "cold"}, {"name": "warm", "from": 5}, {"name": "hot", "from": 15}],
    "cells": [
        {"bands": ["cold", "warm"], "grades": ["A", "B"], **NURTURE},
        {"bands": ["cold", "warm", "hot"], "grades": ["C"], "strategy": "leave", "owner": "nobody"},
        {"bands": ["hot"], "grades": ["B"], "strategy": "invite", "owner": "marketing", "journey": "invite"},
        {
            "bands": ["hot"],
            "grades": ["A"],
            "strategy": "call",
            "owner": "sales",
            "journey": "hot_leads",
            "task": {"title": "Call within a day"},
        },
    ],
}


def matrix(**other: Any) -> Strategy:
    return Strategy.read("contact", {**MATRIX, **other})


def all_of(*more: Any, version: int = 1) -> Definitions:
    return Definitions.of(
        version, [ScoreModel.read("interest", MODEL), FitModel.read("commercial", FIT), *more]
    )


BY = all_of(matrix())


def person(*events: CustomerEvent, by: Definitions = BY, now: Any = START, **traits: str) -> ProfileStanding:
    found = take_in("prf_1", None, [change(1, *events, **traits)], by, now)
    assert found is not None
    return found


def cell(standing: ProfileStanding | None) -> str:
    assert standing is not None
    return standing.values(Strategy.kind)["contact"]


def told(standing: ProfileStanding | None) -> list[tuple[str, str, str, str]]:
    assert standing is not None
    return [
        (move.before, move.after, move.contact, move.journey)
        for fact in facts_of([standing])
        if isinstance(fact, StrategyCellChanged)
        for move in fact.moves
    ]


def tasks(facts: list[Fact]) -> list[Task]:
    return [task for fact in facts if isinstance(fact, TaskRequested) for task in fact.tasks]


def visits(count: int) -> list[CustomerEvent]:
    return [event("Visit", START) for _ in range(count)]


@pytest.mark.capability("001-3")
@pytest.mark.parametrize(
    ("score", "band"), [(0, "cold"), (4.99, "cold"), (5, "warm"), (14.99, "warm"), (15, "hot"), (99, "hot")]
)
@pytest.mark.parametrize(("industry", "grade"), [("bank", "A"), ("shop", "B"), ("", "C")])
def test_each_combination_has_its_cell(score: float, band: str, industry: str, grade: str) -> None:
    model = ScoreModel.read("interest", {"rules": [{"event": "Given", "points": score}]})
    by = BY.with_(model)
    standing = person(event("Given", START), by=by, **({"industry": industry} if industry else {}))
    assert cell(standing) == f"{band}:{grade}"
    agreed = explained(standing, by, START)["strategy/contact"]["agreed"]
    expected = next(row for row in MATRIX["cells"] if band in row["bands"] and grade in row["grades"])
    assert agreed == {key: value for key, value in expected.items() if key not in ("bands", "grades")}


@pytest.mark.capability("001-3")
def test_a_hot_cell_makes_one_task_for_its_owner() -> None:
    standing = person(*visits(2), industry="bank")
    (task,) = tasks(facts_of([standing]))
    assert (task.owner, task.title, task.reason) == ("sales", "Call within a day", "strategy:contact:hot:A")
    stored = from_item(to_item(standing))
    assert facts_of([stored]) == facts_of([standing]), "told from the table's stream, and told again the same"
    again = take_in("prf_1", standing, [change(2, event("Visit", START), industry="bank")], BY, START)
    assert again is not None
    assert (told(again), tasks(facts_of([again]))) == ([], [])
    assert tasks(facts_of([person(*visits(2), industry="shop")])) == []


def test_a_score_that_fades_leaves_the_hot_cell_to_the_moment() -> None:
    """Two visits fade by 2 a day: hot (15) until 2.5 days, and some minutes in which hundredths are rounded up."""
    standing = person(*visits(2), industry="bank")
    assert told(standing) == [("", "hot:A", "call", "hot_leads")]
    due = standing.due_at
    assert due is not None
    assert timedelta(0) <= due - (START + timedelta(days=2.5)) < timedelta(minutes=8)
    assert let_time_pass(standing, BY, due - timedelta(milliseconds=1)) is None
    warm = let_time_pass(standing, BY, due)
    assert told(warm) == [("hot:A", "warm:A", "nurture", "")]
    cold = let_time_pass(warm, BY, START + timedelta(days=8)) if warm else None
    assert told(cold) == [("warm:A", "cold:A", "nurture", "")]
    assert cold is not None
    assert cold.due_at is None or let_time_pass(cold, BY, START + timedelta(days=60)) is not None


@pytest.mark.capability("001-3")
def test_a_better_fit_moves_up_too() -> None:
    standing = person(*visits(2))
    better = take_in("prf_1", standing, [change(2, at="2026-01-01", industry="bank")], BY, START)
    assert told(better) == [("hot:C", "hot:A", "call", "hot_leads")]
    assert better is not None
    assert better.values(FitModel.kind) == {"commercial": "A"}


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 20 * 24), min_size=1, max_size=6),
    st.integers(0, 40 * 24),
    st.randoms(use_true_random=False),
)
def test_the_cell_is_that_of_the_score_whatever_came_when(hours: list[int], later: int, dice: Any) -> None:
    """F1, F2: any order, each change delivered again, swept or not."""
    events = [event("Visit", START + timedelta(hours=h)) for h in hours]
    changes = [change(i + 1, e, industry="shop") for i, e in enumerate(events)]
    end = START + timedelta(hours=max(hours) + later)
    at_once = take_in("prf_1", None, changes, BY, end)
    standing: ProfileStanding | None = None
    for one in dice.sample(changes * 2, len(changes) * 2):
        now = START + timedelta(hours=max(hours))
        standing = take_in("prf_1", standing, [one], BY, now) or standing
    assert standing is not None
    standing = let_time_pass(standing, BY, end) or standing
    score = sum(max(0.0, 10 * (1 - (end - e.at) / timedelta(days=10))) for e in events)
    if min(abs(score - 5), abs(score - 15)) > 0.1:
        expected = "hot" if score >= 15 else "warm" if score >= 5 else "cold"
        assert cell(standing) == cell(at_once) == f"{expected}:B"


@pytest.mark.capability("001-3")
@pytest.mark.parametrize(
    ("leave_out", "hole"), [(0, "cold:A, cold:B, warm:A, warm:B"), (2, "hot:B"), (3, "hot:A")]
)
def test_a_matrix_with_a_hole_is_refused_by_its_name(leave_out: int, hole: str) -> None:
    cells = [row for i, row in enumerate(MATRIX["cells"]) if i != leave_out]
    with pytest.raises(Invalid, match=f"'contact' has no strategy for .*{hole}"):
        all_of(matrix(cells=cells))


def test_a_new_grade_is_refused_while_a_matrix_has_no_cells_for_it() -> None:
    more = {**FIT, "rules": [*FIT["rules"], {"when": {"trait": "vip", "eq": True}, "grade": "D"}]}  # type: ignore[misc]
    with pytest.raises(Invalid, match="no strategy for cold:D, warm:D, hot:D") as refusal:
        BY.with_(FitModel.read("commercial", more))
    assert refusal.value.code == "unmapped_cell"
    for kind, name in (("fit-model", "commercial"), ("score-model", "interest")):
        with pytest.raises(Conflict, match="is used by strategy 'contact'"):
            BY.without(kind, name)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"cells": [*MATRIX["cells"], {"bands": ["hot"], "grades": ["A"], **NURTURE}]}, "cells.4: hot:A has"),
        ({"cells": [*MATRIX["cells"], {"bands": ["hot"], "grades": ["Z"], **NURTURE}]}, "gives no hot:Z"),
        (
            {"cells": [{"bands": ["tepid"], "grades": ["A"], **NURTURE}]},
            "cells.0.bands: 'tepid' is not known",
        ),
        ({"bands": [{"name": "a", "from": 1}]}, "the first has no from"),
        ({"bands": [{"name": "a"}, {"name": "b"}]}, "the first has no from"),
        ({"bands": [{"name": "a"}, {"name": "b", "from": 2}, {"name": "c", "from": 2}]}, "begins above"),
        ({"bands": [{"name": "a"}, {"name": "a", "from": 2}]}, "named twice"),
        ({"score": "nothing"}, "there is no score named 'nothing'"),
        ({"fit": "nothing"}, "there is no fit named 'nothing'"),
    ],
)
def test_a_matrix_that_makes_no_sense_is_refused(other: dict[str, Any], words: str) -> None:
    with pytest.raises((ValidationError, Invalid), match=words):
        all_of(matrix(**other))


def test_a_matrix_reads_back_as_it_was_written() -> None:
    assert Strategy.read("contact", matrix().document()) == matrix()
    assert matrix().document()["bands"] == [
        {"name": "cold"},
        {"name": "warm", "from": 5},
        {"name": "hot", "from": 15},
    ]
    model = FitModel.read("commercial", FIT)
    assert FitModel.read("commercial", model.document()) == model
    assert model.values == ("A", "B", "C")
    assert matrix().values[-1] == "hot:A"


@pytest.mark.parametrize("silent", [True, False])
def test_a_new_matrix_tells_of_everybody_unless_it_is_silent(silent: bool) -> None:
    before = person(*visits(2), by=all_of(), industry="bank")
    by = all_of().with_(matrix(silent=silent))
    after = catch_up(before, None, by, START + timedelta(hours=1))
    assert after is not None
    assert cell(after) == "hot:A"
    assert len(told(after)) == len(tasks(facts_of([after]))) == (0 if silent else 1)
    colder = let_time_pass(after, by, START + timedelta(days=4))
    assert told(colder) == [("hot:A", "warm:A", "nurture", "")]


def test_segments_ask_for_grades_and_cells() -> None:
    by = all_of(
        matrix(),
        Segment.read("hot", {"condition": {"cell": "contact", "in": ["hot:A", "hot:B"]}}),
        Segment.read("fit", {"condition": {"fit": "commercial", "eq": "A"}}),
    )
    standing = person(*visits(2), by=by, industry="bank")
    assert set(standing.segments) == {"hot", "fit"}
    later = let_time_pass(standing, by, START + timedelta(days=4))
    assert later is not None
    assert set(later.segments) == {"fit"}


FIRM_FIT = {
    "of": "group",
    "rules": [
        {
            "when": {
                "all": [
                    {"field": ["fields", "industry"], "eq": "bank"},
                    {"field": ["fields", "employees"], "gte": 50},
                ]
            },
            "grade": "A",
        },
        {"when": {"field": ["fields", "industry"], "exists": True}, "grade": "B"},
    ],
    "default": "none",
}
FIRM_STAGE = {
    "stages": ["start", "hire", "growth", "setback"],
    "transitions": [
        {
            "from": ["start"],
            "to": "hire",
            "when": {"relation": "group", "where": {"field": ["fields", "employees"], "gte": 2}},
        },
        {
            "from": ["start", "hire"],
            "to": "growth",
            "when": {"relation": "group", "where": {"field": ["fields", "employees"], "gte": 20}},
        },
        {
            "from": ["growth"],
            "to": "setback",
            "when": {"relation": "group", "where": {"field": ["fields", "employees"], "lt": 20}},
        },
    ],
    "enter": {"relation": "group"},
}


def test_members_of_a_firm_have_its_fit_and_its_stage() -> None:
    """Whoever is told to be a member, with what the firm is like, agrees with the others who were told the same."""
    by = Definitions.of(
        1,
        [
            FitModel.read("firm", FIRM_FIT),
            Lifecycle.read("firm", FIRM_STAGE),
            Segment.read("growing", {"condition": {"stage": "firm", "eq": "growth"}}),
            Segment.read("good_firm", {"condition": {"fit": "firm", "eq": "A"}}),
        ],
    )
    acme = {"groupId": "acme", "industry": "bank", "employees": 80}
    ann = person(event("group", START, kind="group", **acme), by=by)
    bob = person(event("Visit", START), event("group", START, kind="group", **acme), by=by)
    cee = person(event("group", START, kind="group", groupId="one", industry="shop", employees=1), by=by)
    loner = person(event("Visit", START), by=by)
    found = [
        (
            one.values(FitModel.kind)["firm"],
            {k: v.value for k, v in one.stages.get("firm", {}).items()},
            set(one.segments),
        )
        for one in (ann, bob, cee, loner)
    ]
    assert found == [
        ("A", {"": "growth"}, {"growing", "good_firm"}),
        ("A", {"": "growth"}, {"growing", "good_firm"}),
        ("B", {"": "start"}, set()),
        ("none", {}, set()),
    ]
    smaller = event("group", START + timedelta(days=1), kind="group", groupId="acme", employees=10)
    after = take_in("prf_1", ann, [change(2, smaller)], by, START + timedelta(days=1))
    assert after is not None
    assert after.values(FitModel.kind) == {"firm": "B"}
    assert after.stages["firm"][""].value == "setback"


def test_a_rule_of_a_fit_that_is_none_is_named_by_its_path() -> None:
    bad = {"of": "group", "rules": [{"when": {"field": "x"}, "grade": "A"}], "default": "B"}
    with pytest.raises(Invalid, match=r"rules\.0\.when\.where"):
        FitModel.read("firm", bad)
