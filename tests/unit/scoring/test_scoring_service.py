"""The use cases: one write per profile, whoever else writes; neighbours unhurt; circles never closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from services.scoring.domain.definitions import KINDS, Segment
from services.scoring.domain.judging import take_in
from services.scoring.domain.standing import Moved, ProfileStanding
from services.scoring.ports import Pass, Passed
from services.scoring.service import scoring as service
from services.scoring.service.definition_desk import CachedDefinitions, Desk
from services.scoring.service.outbox import facts_of
from services.scoring.service.rewriting import ATTEMPTS, Contended
from services.scoring.service.scoring import Scoring
from services.scoring.service.sweep import Sweep
from services.shared.clock import FixedClock
from services.shared.contracts.scoring import ScoreChanged, SegmentEntered, SegmentExited
from services.shared.errors import Conflict, Invalid, NotFound
from tests.unit.scoring.builders import change, definitions, on, order
from tests.unit.scoring.fakes import FakeDefinitions, FakeStandings, NoPast

NOW = FixedClock(on("1997-06-01"))


def scoring(standings: FakeStandings) -> Scoring:
    return Scoring(standings, FakeDefinitions(definitions()), NOW)


def test_a_batch_is_one_write_per_profile() -> None:
    standings = FakeStandings()

    outcome = scoring(standings).take_in(
        [
            change(1, order("1997-05-01")),
            change(1, order("1997-05-01"), profile_id="prf_2"),
            change(2, order("1997-05-02")),
        ]
    )

    assert (outcome.written, outcome.unchanged, outcome.failed, standings.writes) == (2, 0, {}, 2)
    assert standings.stored["prf_1"].tally.facts()["orders"] == 2


def test_another_writer_s_change_is_kept() -> None:
    standings = FakeStandings()
    rival = take_in("prf_1", None, [change(2, order("1997-05-02"))], definitions(), NOW.now())
    assert rival is not None
    standings.rivals = [rival]

    outcome = scoring(standings).take_in([change(1, order("1997-05-01"))])

    assert outcome.written == 1
    assert standings.stored["prf_1"].applied.ranges == ((1, 2),)
    assert standings.stored["prf_1"].tally.facts()["orders"] == 2


def test_a_write_that_lost_to_itself_counts_once() -> None:
    standings = FakeStandings()
    mine = take_in("prf_1", None, [change(1, order("1997-05-01"))], definitions(), NOW.now())
    assert mine is not None
    standings.rivals = [mine]

    outcome = scoring(standings).take_in([change(1, order("1997-05-01"))])

    assert (outcome.written, outcome.unchanged, dict(outcome.failed)) == (0, 1, {})
    assert standings.stored["prf_1"].tally.facts()["orders"] == 1


def test_gives_up_after_a_bounded_number_of_attempts() -> None:
    standings = FakeStandings()
    first = take_in("prf_1", None, [change(9, order("1997-05-01"))], definitions(), NOW.now())
    assert first is not None
    standings.rivals = [replace(first, version=n) for n in range(1, 2 * ATTEMPTS)]

    outcome = scoring(standings).take_in([change(1, order("1997-05-01"))])

    assert isinstance(outcome.failed["prf_1"], Contended)
    assert standings.writes == 0


def test_one_profile_s_failure_leaves_its_neighbours_alone() -> None:
    standings = FakeStandings()
    standings.broken = {"prf_1"}

    outcome = scoring(standings).take_in([change(1), change(1, profile_id="prf_2")])

    assert list(outcome.failed) == ["prf_1"]
    assert list(standings.stored) == ["prf_2"]


def test_a_profile_that_can_not_be_judged_leaves_its_neighbours_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    standings = FakeStandings()

    def poisonous(profile_id: str, *rest: Any) -> ProfileStanding | None:
        if profile_id == "prf_1":
            raise OverflowError("date value out of range")
        return take_in(profile_id, *rest)

    monkeypatch.setattr(service, "take_in", poisonous)

    outcome = scoring(standings).take_in([change(1), change(1, profile_id="prf_2")])

    assert isinstance(outcome.failed["prf_1"], OverflowError)
    assert list(standings.stored) == ["prf_2"]


def test_the_sweep_judges_all_that_is_due_and_says_when_time_ran_out() -> None:
    standings = FakeStandings()
    early = Scoring(standings, FakeDefinitions(definitions()), FixedClock(on("1997-01-02")))
    early.take_in(change(1, order("1997-01-01"), profile_id=f"prf_{n}") for n in range(150))

    first = scoring(standings).sweep(lambda: False)
    second = scoring(standings).sweep(lambda: True)

    assert (first.swept, first.more) == (100, True)
    assert (second.swept, second.more) == (50, False)
    assert all("no_order_90d" in standing.segments for standing in standings.stored.values())


def test_a_stale_index_entry_is_left_alone() -> None:
    standings = FakeStandings()
    scoring(standings).take_in([change(1, order("1997-05-30"))])
    stale = FakeStandings(*standings.stored.values())
    stale.due = lambda shard, until: iter(["prf_1", "prf_gone"] if not shard else [])  # type: ignore[method-assign]

    assert Scoring(stale, FakeDefinitions(definitions()), NOW).sweep(lambda: True).swept == 0


def test_definitions_are_read_once_in_a_while() -> None:
    source, time = FakeDefinitions(definitions()), [0.0]
    cached = CachedDefinitions(source, lambda: time[0])

    for time[0] in (0.0, 4.9, 5.0, 9.9):
        cached.load()

    assert source.reads == 2


def test_kept_definitions_give_way_to_what_is_known_to_be_newer() -> None:
    source = FakeDefinitions(definitions())
    cached = CachedDefinitions(source, lambda: 0.0)
    cached.load()
    source.current = definitions(version=2)

    assert (cached.load().version, cached.load(1).version, cached.load(2).version) == (1, 1, 2)
    assert source.reads == 2


class Nowhere:
    """A pass that is never noted to be anywhere."""

    def __init__(self) -> None:
        self.noted: list[Pass | Passed] = []

    def current(self) -> Pass | None:
        return Pass(2, NOW.now())

    def done(self) -> Passed | None:
        return None

    def advance(self, current: Pass, to: Pass) -> bool:
        self.noted.append(to)
        return True

    def finish(self, current: Pass, done: Passed) -> bool:
        self.noted.append(done)
        return True


def test_the_pass_stays_where_the_store_failed() -> None:
    standings, passes = FakeStandings(), Nowhere()
    scoring(standings).take_in([change(1, order("1997-05-01")), change(1, profile_id="prf_2")])
    standings.broken = {"prf_1"}
    newer = Scoring(standings, FakeDefinitions(definitions(version=2)), NOW)
    sweep = Sweep(newer, standings, passes, NoPast(), NOW)

    run = sweep.run(lambda: True)
    assert (run.caught_up, run.failed, run.more) == (1, 1, True)
    assert passes.noted == [Pass(2, NOW.now(), waiting=1)]

    standings.broken = set()
    run = sweep.run(lambda: True)
    assert (run.caught_up, run.failed, run.more) == (1, 0, False)
    assert passes.noted[1:] == [Passed(2, NOW.now(), looked_at=2, failed=0)]


def test_the_same_definition_again_is_no_new_version() -> None:
    store = FakeDefinitions(definitions())
    desk = Desk(store, FakeStandings(), NOW)

    desk.put(KINDS["segment"], "first_order", {"condition": {"fact": "orders", "gte": 1}})
    assert store.current.version == 1
    desk.put(KINDS["segment"], "first_order", {"condition": {"fact": "orders", "gte": 2}})
    assert store.current.version == 2


def test_two_writers_cannot_close_a_circle_between_them() -> None:
    store = FakeDefinitions(
        definitions({"a": {"fact": "orders", "gte": 1}, "b": {"fact": "orders", "gte": 1}})
    )
    store.rival = Segment.read("b", {"condition": {"segment": "a"}})

    with pytest.raises(Invalid, match="circle"):
        Desk(store, FakeStandings(), NOW).put(KINDS["segment"], "a", {"condition": {"segment": "b"}})


def test_says_so_when_others_keep_changing_definitions() -> None:
    store = FakeDefinitions(definitions())
    store.save = lambda *args: False  # type: ignore[method-assign]

    with pytest.raises(Conflict):
        Desk(store, FakeStandings(), NOW).put(
            KINDS["segment"], "new", {"condition": {"fact": "orders", "gte": 1}}
        )


def test_a_standing_shows_why() -> None:
    standings = FakeStandings()
    scoring(standings).take_in([change(1, order("1997-05-01", 12.5))])
    desk = Desk(FakeDefinitions(definitions()), standings, NOW)

    shown = desk.standing("prf_1")

    assert shown["segments"] == {"first_order": "1997-05-01T12:00:00.000Z"}
    assert shown["explained"]["no_order_90d"] == {
        "clause": {"fact": "last_order_at", "older_than": "P90D"},
        "verdict": False,
        "seen": "1997-05-01T12:00:00.000Z",
        "flips_at": "1997-07-30T12:00:00.000Z",
    }
    assert shown["scores"]["engagement"]["score"] == 10
    assert shown["scores"]["engagement"]["rules"][0] == {"event": "Order Completed", "count": 1, "points": 10}
    with pytest.raises(NotFound):
        desk.standing("prf_2")


def moved(version: int, *moves: tuple[str, bool], profile_id: str = "prf_1") -> ProfileStanding:
    at = on("1997-05-01")
    return ProfileStanding(
        profile_id, version, at, moved=tuple(_moved(name, at, into) for name, into in moves)
    )


def _moved(name: str, at: datetime, into: bool) -> Moved:
    return Moved(("segment", name, ""), None if into else "in", "in" if into else None, at)


def told(*standings: ProfileStanding) -> list[tuple[str, list[int]]]:
    return [
        (type(fact).__name__, [row.standing.version for row in fact.moves])
        for fact in facts_of(standings)
        if isinstance(fact, SegmentEntered | SegmentExited)
    ]


def test_moves_of_one_person_are_told_in_their_order() -> None:
    leave, enter = ("lapsed", False), ("lapsed", True)
    assert told(moved(2, leave), moved(3, enter)) == [("SegmentExited", [2]), ("SegmentEntered", [3])]
    assert told(moved(2, enter), moved(3, leave)) == [("SegmentEntered", [2]), ("SegmentExited", [3])]
    assert told(moved(2, enter), moved(3, leave), moved(4, enter)) == [
        ("SegmentEntered", [2]),
        ("SegmentExited", [3]),
        ("SegmentEntered", [4]),
    ]


def test_moves_of_many_travel_in_one_entry_of_each_kind() -> None:
    people = [moved(2, ("a", True), ("b", False), profile_id=f"prf_{n}") for n in range(9)]
    assert [kind for kind, _ in told(*people)] == ["SegmentExited", "SegmentEntered"]


def test_facts_carry_the_standing_of_the_write_that_made_them() -> None:
    standings = FakeStandings()
    scoring(standings).take_in([change(1, order("1997-05-01", 12.5))])

    scored, entered = facts_of(standings.stored.values())

    assert isinstance(scored, ScoreChanged)
    assert isinstance(entered, SegmentEntered)
    (row,), (move,) = scored.changes, entered.moves
    assert (row.model, row.score, row.previous, row.standing.version) == ("engagement", 10, 0, 1)
    assert (move.segment, move.at, move.standing) == ("first_order", on("1997-05-01"), row.standing)
    assert row.standing.facts["revenue"] == 12.5
