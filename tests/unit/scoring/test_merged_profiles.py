"""Profiles that turn out to be one person, and ones that turn out not to be: the score is as if one had known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.standing import ProfileStanding
from services.scoring.service.outbox import facts_of
from services.scoring.service.scoring import Scoring
from services.shared.clock import FixedClock
from services.shared.contracts.ingest import CustomerEvent, Merge, ProfileChange
from tests.unit.scoring.builders import DEMO_SEGMENTS, change, definitions, event, on, order
from tests.unit.scoring.fakes import FakeDefinitions, FakeStandings, NoPast

NOW = FixedClock(on("1998-06-30"))
DEFINITIONS = definitions({**DEMO_SEGMENTS, "engaged": {"score": "engagement", "gte": 20}})
WINNER, LOSER, MIDDLE = "prf_winner", "prf_loser", "prf_middle"
MERGED, SPLIT = on("1998-03-01"), "1998-04-01"

Step = ProfileChange | Merge


def told(standings: FakeStandings, *steps: Step) -> FakeStandings:
    scoring = Scoring(standings, FakeDefinitions(DEFINITIONS), NOW)
    for step in steps:
        one = scoring.merge([step]) if isinstance(step, Merge) else scoring.take_in([step])
        assert not one.failed
    return standings


def known(standing: ProfileStanding) -> tuple[object, ...]:
    return standing.tally, standing.scores, sorted(standing.segments)


def known_from_the_start(events: Sequence[CustomerEvent]) -> tuple[object, ...]:
    return known(told(FakeStandings(), change(1, *events)).stored["prf_1"])


def changes_of(
    profile_id: str,
    parts: Sequence[Sequence[CustomerEvent]],
    first: int,
    at: str = "1998-02-01",
    **marks: object,
) -> list[ProfileChange]:
    versions = count(first)
    return [
        change(next(versions), *events, at=at, profile_id=profile_id).model_copy(update=marks)
        for events in parts
    ]


EVENTS = st.builds(
    lambda what, day, order_id: event(
        what, on("1997-01-01") + timedelta(days=day), order_id=order_id, revenue=day
    ),
    st.sampled_from(["Order Completed", "Order Refunded", "Order Cancelled", "Email Bounced", "Searched"]),
    st.integers(0, 500),
    st.sampled_from("abcde"),
)
PARTS = st.lists(st.lists(EVENTS, max_size=3), min_size=1, max_size=4)


@st.composite
def stitched(draw: st.DrawFn) -> tuple[list[CustomerEvent], list[Step]]:
    """Loser becomes part of middle, middle of winner: everything that is said of it, in any order, some of it twice."""
    own = {who: draw(PARTS) for who in (WINNER, MIDDLE, LOSER)}
    lost, middle, won = own[LOSER], own[MIDDLE], own[WINNER]
    steps: list[Step] = [
        *changes_of(LOSER, lost, 1),
        *changes_of(MIDDLE, middle, 1),
        *changes_of(MIDDLE, lost, len(middle) + 1, told_before=True),
        *changes_of(WINNER, won, 1),
        *changes_of(WINNER, [*middle, *lost], len(won) + 1, told_before=True),
        Merge(loser=LOSER, winner=MIDDLE, at=MERGED),
        Merge(loser=MIDDLE, winner=WINNER, at=MERGED),
    ]
    again = draw(st.lists(st.sampled_from(steps), max_size=6))
    order = draw(st.permutations([*steps, *again]))
    return [e for parts in own.values() for part in parts for e in part], order


@pytest.mark.capability("002-4")
@settings(max_examples=100)
@given(stitched())
def test_after_a_stitch_the_score_is_as_if_known_from_the_start(
    case: tuple[list[CustomerEvent], list[Step]],
) -> None:
    """F2, F30: a chain of merges, delivered in any order and more than once."""
    events, steps = case

    standings = told(FakeStandings(), *steps).stored

    assert known(standings[WINNER]) == known_from_the_start(events)
    assert standings[LOSER].gone
    assert standings[MIDDLE].gone


@settings(max_examples=100)
@given(PARTS, PARTS, st.data())
def test_after_a_split_each_has_only_its_own(
    won: list[list[CustomerEvent]], lost: list[list[CustomerEvent]], data: st.DataObject
) -> None:
    """F31: both histories are told anew; what was told before the split, and comes late, counts for nobody."""
    both = len(won) + len(lost)
    steps: list[Step] = [
        *changes_of(LOSER, lost, 1),
        *changes_of(WINNER, won, 1),
        *changes_of(WINNER, lost, len(won) + 1, told_before=True),
        Merge(loser=LOSER, winner=WINNER, at=MERGED),
        *changes_of(WINNER, won, both + 1, SPLIT, since=both + 1),
        *changes_of(LOSER, lost, len(lost) + 1, SPLIT, since=len(lost) + 1),
    ]
    again = data.draw(st.lists(st.sampled_from(steps), max_size=6))

    standings = told(FakeStandings(), *data.draw(st.permutations([*steps, *again]))).stored

    for who, parts in ((WINNER, won), (LOSER, lost)):
        assert standings[who].gone is None
        assert known(standings[who]) == known_from_the_start([e for part in parts for e in part])


def test_a_loser_leaves_its_segments_without_a_word() -> None:
    standings = told(FakeStandings(), change(1, order("1998-06-01"), profile_id=LOSER))
    assert standings.stored[LOSER].segments

    told(standings, Merge(loser=LOSER, winner=WINNER, at=MERGED))

    assert facts_of([standings.stored[LOSER]]) == []
    assert standings.stored[LOSER].due_at is None


def test_merged_again_after_a_split_it_stays_away_though_the_split_comes_late() -> None:
    steps: list[Step] = [
        change(1, order("1997-01-01"), profile_id=LOSER),
        Merge(loser=LOSER, winner=WINNER, at=MERGED),
        Merge(loser=LOSER, winner=WINNER, at=on(SPLIT) + timedelta(days=1)),
        *changes_of(LOSER, [[order("1997-01-01")]], 2, SPLIT, since=2),
    ]

    assert told(FakeStandings(), *steps).stored[LOSER].gone


@pytest.mark.parametrize("known_before", [True, False])
def test_an_erased_profile_does_not_come_back(known_before: bool) -> None:
    """F25."""
    standings = told(FakeStandings(), *([change(1, order("1998-06-01"))] if known_before else []))
    scoring = Scoring(standings, FakeDefinitions(DEFINITIONS), NOW)
    late = change(2, order("1998-06-02")).model_copy(update={"since": 2, "at": NOW.now() + timedelta(days=1)})

    assert scoring.erase(["prf_1", "prf_1"], NOW.now()).written == 1
    assert scoring.erase(["prf_1"], NOW.now()).written == 0
    told(standings, late, Merge(loser="prf_1", winner=WINNER, at=NOW.now() + timedelta(days=1)))

    erased = standings.stored["prf_1"]
    assert erased.gone
    assert erased.gone.erased
    assert (erased.tally.facts()["orders"], erased.segments, erased.traits) == (0, {}, {})


def test_time_does_not_pass_for_who_is_gone() -> None:
    standings = told(FakeStandings(), change(1, order("1998-06-01"), profile_id=LOSER))
    told(standings, Merge(loser=LOSER, winner=WINNER, at=MERGED))
    scoring = Scoring(standings, FakeDefinitions(definitions(version=2)), NOW)

    assert scoring.catch_up(dict(standings.stored), 2, NoPast()).written == 0
