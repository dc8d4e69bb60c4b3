"""Six triggers by the position in the buying process: each combination has its reaction, told once."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from pydantic import ValidationError

from services.scoring.adapters.standing_items import from_item, to_item
from services.scoring.domain.definitions import Definitions, ScoreModel
from services.scoring.domain.definitions.trigger_tables import TriggerTable
from services.scoring.domain.judging import let_time_pass, take_in
from services.scoring.domain.standing import ProfileStanding
from services.scoring.service.outbox import facts_of
from services.shared.contracts.ingest import CustomerEvent, ProfileChange
from services.shared.contracts.scoring import TaskRequested, TriggerFired
from services.shared.errors import Invalid
from tests.unit.scoring.builders import change, event, on

START = on("2026-01-01T00:00")
TRIGGERS = ["simulation", "rates", "brochure", "newsletter", "branch", "abandoned"]
POSITIONS = {"looking": 0, "comparing": 10, "deciding": 30}


def reaction(trigger: str, position: str) -> dict[str, Any]:
    """What the table below says: nothing for newsletters at first, a task for a branch at last, else a journey."""
    if (trigger, position) == ("newsletter", "looking"):
        return {}
    if (trigger, position) == ("branch", "deciding"):
        return {"owner": "branch", "task": {"title": "Call today"}}
    return {"journey": f"{trigger}_{position}"}


TABLE: dict[str, Any] = {
    "score": "buying",
    "positions": [{"name": "looking"}, {"name": "comparing", "from": 10}, {"name": "deciding", "from": 30}],
    "triggers": [{"name": name, "event": "Did", "where": {"prop": "what", "eq": name}} for name in TRIGGERS],
    "reactions": [
        {"triggers": [trigger], "positions": [position], **reaction(trigger, position)}
        for trigger, position in product(TRIGGERS, POSITIONS)
    ],
}
MODEL = {
    "rules": [
        {"event": "Given", "points": 10, "decay": {"linear": "P100D"}},
        {"event": "Moved On", "points": 10},
    ]
}
BY = Definitions.of(1, [ScoreModel.read("buying", MODEL), TriggerTable.read("online", TABLE)])


def given(points: int) -> list[CustomerEvent]:
    return [event("Moved On", START) for _ in range(points // 10)]


def did(what: str, at: Any = START) -> CustomerEvent:
    return event("Did", at, what=what)


def taken_in(
    *changes: ProfileChange, now: Any = START, before: ProfileStanding | None = None
) -> ProfileStanding | None:
    return take_in("prf_1", before, changes, BY, now)


def told(standing: ProfileStanding | None) -> list[tuple[str, str, str]]:
    assert standing is not None
    stored = from_item(to_item(standing))
    assert stored.fired == standing.fired, "the table's stream tells the same"
    return [
        (one.trigger, one.position, one.journey)
        for fact in facts_of([stored])
        if isinstance(fact, TriggerFired)
        for one in fact.firings
    ]


def tasks(standing: ProfileStanding | None) -> list[tuple[str, str, str]]:
    assert standing is not None
    return [
        (task.owner, task.title, task.reason)
        for fact in facts_of([standing])
        if isinstance(fact, TaskRequested)
        for task in fact.tasks
    ]


@pytest.mark.capability("004-2")
@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("position", POSITIONS)
def test_each_trigger_has_its_reaction_in_each_position(trigger: str, position: str) -> None:
    standing = taken_in(change(1, *given(POSITIONS[position])))
    after = taken_in(change(2, did(trigger)), before=standing)

    expected = reaction(trigger, position)
    assert told(after) == ([(trigger, position, expected.get("journey", ""))] if expected else [])
    wanted = [("branch", "Call today", "trigger:online:branch:deciding")] if "task" in expected else []
    assert tasks(after) == wanted


def test_the_same_event_again_fires_nothing() -> None:
    """F1: delivered again; and the next write does not tell of it once more."""
    once = change(1, *given(10), did("rates"))
    first = taken_in(once, once)
    assert told(first) == [("rates", "comparing", "rates_comparing")]
    assert taken_in(once, before=first) is None
    assert told(taken_in(change(2, event("Else", START)), before=first)) == []


def test_the_position_is_that_of_the_moment() -> None:
    """In one batch: what came after the trigger does not count, what faded before it does not either."""
    first = did("rates")
    later = [event("Moved On", START + timedelta(hours=1)) for _ in range(3)]
    second = did("rates", START + timedelta(hours=2))
    assert told(taken_in(change(1, first, *later, second), now=START + timedelta(hours=3))) == [
        ("rates", "looking", "rates_looking"),
        ("rates", "deciding", "rates_deciding"),
    ]
    faded = taken_in(change(1, event("Given", START)))
    after = taken_in(
        change(2, did("rates", START + timedelta(days=1))), before=faded, now=START + timedelta(days=1)
    )
    assert told(after) == [("rates", "looking", "rates_looking")]


@pytest.mark.parametrize(
    "late",
    [
        {"at": START - timedelta(days=1)},
        {"told_before": True},
        {"since": 2},
    ],
)
def test_what_is_only_history_fires_nothing(late: dict[str, Any]) -> None:
    """Events of long ago, of a profile that was merged into this one, and of a past that is told anew."""
    before = taken_in(change(1, event("Else", START)))
    one = change(2, did("rates", late.pop("at", START))).model_copy(update=late)
    assert told(taken_in(one, before=before)) == []


def test_time_alone_fires_nothing() -> None:
    by = BY.with_(TriggerTable.read("online", TABLE))
    first = taken_in(change(1, did("rates")))
    assert first is not None
    assert first.fired
    armed = ProfileStanding(**{**vars(first), "due_at": START})
    passed = let_time_pass(armed, by, START + timedelta(days=2))
    assert passed is not None
    assert passed.fired == ()


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"reactions": TABLE["reactions"][1:]}, "there is none for simulation:looking"),
        ({"reactions": [*TABLE["reactions"], TABLE["reactions"][0]]}, "simulation:looking has a reaction"),
        ({"reactions": [{"triggers": ["x"], "positions": ["looking"]}]}, "triggers: 'x' is not known"),
        ({"reactions": [{"triggers": ["rates"], "positions": ["x"]}]}, "positions: 'x' is not known"),
        (
            {"reactions": [{"triggers": ["rates"], "positions": ["looking"], "task": {"title": "x"}}]},
            "a task needs one",
        ),
        ({"triggers": [{"name": "a", "event": "A"}] * 2}, "one is named twice"),
        (
            {"triggers": [*TABLE["triggers"][1:], {**TABLE["triggers"][0], "where": {"prop": 1}}]},
            r"triggers\.5\.where\.prop",
        ),
        ({"within": "P1M"}, "years and months"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(other: dict[str, Any], words: str) -> None:
    with pytest.raises((ValidationError, Invalid), match=words):
        TriggerTable.read("online", {**TABLE, **other})


def test_a_table_reads_back_as_it_was_written() -> None:
    table = TriggerTable.read("online", TABLE)
    assert TriggerTable.read("online", table.document()) == table
