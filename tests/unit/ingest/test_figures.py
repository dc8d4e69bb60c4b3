"""Figures that are being counted: nobody counts twice, nothing is waited for in vain, what is old is renewed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from services.ingest.domain.figures.figure import FRESH, QUIET, Figure
from services.ingest.domain.figures.questions import Loyal, Question, as_csv, asked, events_of
from services.ingest.figures.ask import FigureDesk
from services.shared.clock import FixedClock

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
ROW = {"answers": 1, "promoters": 1, "passives": 0, "detractors": 0}


@dataclass
class Files:
    """One place for each key; the state is the figure's own text."""

    kept: dict[str, Figure] = field(default_factory=dict)

    def get(self, key: str) -> tuple[Figure, str] | None:
        return (self.kept[key], self.kept[key].to_json()) if key in self.kept else None

    def mark(self, figure: Figure, state: str) -> None:
        found = self.get(figure.question.key)
        if (found[1] if found else "") == state:
            self.put(figure)

    def put(self, figure: Figure) -> None:
        self.kept[figure.question.key] = Figure.from_json(figure.to_json())


@dataclass
class Slow:
    """Counts when it is told to."""

    files: Files
    clock: FixedClock
    asked: list[Question] = field(default_factory=list)
    at_once: bool = False

    def count(self, question: Question) -> None:
        self.asked.append(question)
        if self.at_once:
            self.done()

    def done(self) -> None:
        now = self.clock.now()
        self.files.put(Figure(self.asked[-1], now, now, [ROW]))


class Desk:
    """A desk with what is behind it."""

    def __init__(self) -> None:
        self.clock = FixedClock(NOW)
        self.files = Files()
        self.counter = Slow(self.files, self.clock)
        self.desk = FigureDesk(files=self.files, counter=self.counter, clock=self.clock)

    def ask(self) -> bool:
        return self.desk.show("nps", {})[0]


def test_one_count_is_under_way_at_a_time_and_a_lost_one_is_begun_again() -> None:
    """F5: whoever counts may die; after its time is up the next one who asks has it counted."""
    it = Desk()
    assert [it.ask(), it.ask(), it.desk.file("nps", {})] == [False, False, None]
    assert len(it.counter.asked) == 1

    it.clock.advance(QUIET + timedelta(seconds=1))
    assert it.ask() is False
    assert len(it.counter.asked) == 2

    it.counter.done()
    assert it.ask() is True
    assert len(it.counter.asked) == 2


def test_what_is_old_is_shown_while_it_is_counted_anew() -> None:
    it = Desk()
    it.ask()
    it.counter.done()
    it.clock.advance(FRESH)

    assert [it.ask(), it.ask()] == [True, True]
    assert len(it.counter.asked) == 2
    assert it.desk.show("nps", {})[1]["as_of"] == "2026-07-01T12:00:00.000Z"

    it.counter.done()
    assert it.desk.show("nps", {})[1]["as_of"] == "2026-07-01T13:00:00.000Z"


def test_a_mark_never_hides_what_was_counted_meanwhile() -> None:
    it = Desk()
    it.counter.at_once = True

    assert it.ask() is True


def test_loyal_customers_are_those_of_a_day_whose_period_is_over() -> None:
    today = date(2026, 7, 1)

    assert asked("loyal", {"period": "30"}, today) == Loyal(at=date(2026, 6, 1), period=30)
    assert asked("loyal", {"at": "2026-01-01"}, today) == Loyal(at=date(2026, 1, 1))
    assert events_of(asked("service", {"contact": "Called, Mailed"}, today)) == {
        "Called",
        "Mailed",
        "Question Answered",
    }


@pytest.mark.parametrize("bad", ["=1+1", "@x", "-2"])
def test_no_cell_is_a_formula(bad: str) -> None:
    assert as_csv([{"month": bad, "answers": -1}]).splitlines()[1] == f"'{bad},-1"
