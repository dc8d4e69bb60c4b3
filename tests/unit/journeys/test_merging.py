"""Whose walk it is when two people are one, as a pure decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.merging import Inherit, TakeOver, decide
from services.journeys.domain.moves import Memory

AT = datetime(1997, 1, 1, tzinfo=UTC)
NODES = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.just(AT))
REENTRY = st.sampled_from(["never", "always"])


def walk(profile: str = "prf_lost", **changes: Any) -> Enrolment:
    base = Enrolment(
        profile_id=profile,
        journey="welcome",
        enrolment_id=f"enr_{profile}",
        number=1,
        version=3,
        cohort="cohort",
        node="pause",
        status="active",
        entered_at=AT,
        entry_version=5,
    )
    return replace(base, **changes)


def test_a_walk_that_is_taken_over_tells_nothing_of_freshness() -> None:
    """The event that began it was accepted long before; the entry that is told again is not late."""
    verdict = decide(walk(accepted_at=AT), None, "prf_won", 9, "never")
    assert isinstance(verdict, TakeOver)
    assert verdict.walk.accepted_at is None


WALKS = st.builds(
    lambda status, requested, inherited: walk(status=status, requested=requested, inherited=inherited),
    st.sampled_from(["active", "exited"]),
    NODES,
    NODES,
)
WON = st.none() | WALKS.map(lambda one: replace(one, profile_id="prf_won", enrolment_id="enr_won"))


@settings(max_examples=100)
@given(WALKS, WON, REENTRY)
def test_nobody_is_asked_for_a_message_again_of_a_walk_that_goes_on(
    lost: Enrolment, won: Enrolment | None, reentry: Literal["never", "always"]
) -> None:
    verdict = decide(lost, won, "prf_won", 9, reentry != "never")

    one_walk = reentry == "never" or lost.active
    asked = lost.requested.keys() | lost.inherited.keys()
    if isinstance(verdict, TakeOver):
        after = verdict.walk
        assert not after.requested
    else:
        assert won is not None
        after = replace(won, inherited=verdict.inherited)
        assert verdict.inherited.keys() >= won.inherited.keys()
    if one_walk:
        assert all(after.asked_at(node) for node in asked)


def test_a_walk_taken_over_is_where_it_was_but_somebody_else_s() -> None:
    verdict = decide(walk(requested={"a": AT}), None, "prf_won", 9, "never")

    assert isinstance(verdict, TakeOver)
    taken = verdict.walk
    assert (taken.profile_id, taken.number, taken.entry_version, taken.absorbed) == (
        "prf_won",
        1,
        9,
        "enr_prf_lost",
    )
    assert (taken.cohort, taken.node, taken.version, taken.status) == ("cohort", "pause", 3, "active")
    assert taken.enrolment_id != "enr_prf_lost"


@pytest.mark.parametrize(
    ("lost", "won", "reentry", "taken_over"),
    [
        ("active", None, "never", True),
        ("exited", None, "never", True),
        ("active", "active", "never", False),
        ("active", "active", "always", False),
        ("active", "exited", "never", False),
        ("active", "exited", "always", True),
        ("exited", "active", "always", False),
        ("exited", "exited", "always", False),
    ],
)
def test_who_goes_on(lost: Any, won: Any, reentry: Any, taken_over: bool) -> None:
    own = walk("prf_won", status=won) if won else None

    verdict = decide(walk(status=lost), own, "prf_won", 9, reentry != "never")

    assert isinstance(verdict, TakeOver if taken_over else Inherit)
    if isinstance(verdict, TakeOver) and own:
        assert verdict.walk.number == 2


@pytest.mark.parametrize("won_status", [None, "active", "exited"])
@pytest.mark.parametrize("reenters", [True, False])
def test_what_either_has_had_from_a_rotation_neither_gets_again(won_status: Any, reenters: bool) -> None:
    lost = walk(memory=Memory(jumps={"again": 2}, had={"tips": ("a", "b")}))
    own = Memory(arms={"test": "b"}, had={"tips": ("c",), "news": ("x",)})
    won = walk("prf_won", status=won_status, memory=own) if won_status else None

    verdict = decide(lost, won, "prf_won", 9, reenters)

    memory = verdict.walk.memory if isinstance(verdict, TakeOver) else verdict.memory
    had = {node: set(templates) for node, templates in memory.had.items()}
    assert had == ({"tips": {"a", "b", "c"}, "news": {"x"}} if won else {"tips": {"a", "b"}})
    assert memory.arms == (own.arms if isinstance(verdict, Inherit) else {})
