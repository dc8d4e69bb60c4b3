"""The job of a large export: what is kept of it comes back, and histories that are read in stretches say the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.export import FRESH, QUIET, ExportJob, begun, lake_days
from services.ingest.domain.history import Signed, Strip
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.person import Met, Person, met
from services.ingest.domain.validate import Call

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN = Person("prf_1", strips=(Strip("prf_1", "t1"), Strip("prf_2", "")), created_at=NOW - timedelta(days=9))

names = st.sampled_from(["Home", "Email Opened", "Order Completed", "Call Made", "Profile Scored"])
who = st.sampled_from([("userId", "ann"), ("anonymousId", "a#1"), ("email", "ann@example.com")])


@st.composite
def histories(draw: st.DrawFn) -> list[Signed]:
    drawn = draw(st.lists(st.tuples(names, st.lists(who, max_size=2), st.integers(0, 99)), max_size=12))
    return [
        Signed(
            f"r{n}",
            Call(
                f"m{n}",
                "track",
                name,
                NOW - timedelta(hours=hours),
                {},
                {},
                tuple(Identifier(*i) for i in ids),
            ),
            source=f"source-{n}",
            received_at=NOW,
        )
        for n, (name, ids, hours) in enumerate(drawn)
    ]


@settings(max_examples=60)
@given(histories(), st.integers(0, 12))
def test_a_history_read_in_two_stretches_says_the_same(history: list[Signed], cut: int) -> None:
    assert met(history[:cut]).joined(met(history[cut:])) == met(history)


@settings(max_examples=60)
@given(histories())
def test_a_job_comes_back_as_it_was_kept(history: list[Signed]) -> None:
    job = begun("exp_1", ANN, NOW).with_part("0001-timeline-a.json", 7).with_part("0002-about-b.json", 8)
    kept = ExportJob(**{**vars(job), "met": met(history), "days": ("2026-03-01",), "unavailable": ("lake",)})
    assert ExportJob.from_json(kept.to_json()) == kept


def test_a_job_begins_anew_only_where_the_history_is_told_elsewhere() -> None:
    job = begun("exp_1", ANN, NOW).with_part("0001", 7)
    assert job.on(ANN) is job
    grown = Person("prf_1", strips=(Strip("prf_1", "t1", newest="later"), Strip("prf_2", "")))
    assert job.on(grown) is job
    parted = Person("prf_1", strips=(Strip("prf_1", "t2"),))
    assert (job.on(parted).parts, job.on(parted).tales) == ((), (("prf_1", "t2"),))


def test_how_long_a_job_is_handed_out() -> None:
    running = begun("exp_1", ANN, NOW)
    done = ExportJob(**{**vars(running), "stage": "done"})
    assert running.is_fresh(NOW + FRESH * 9)
    assert (done.is_fresh(NOW + FRESH), done.is_fresh(NOW + FRESH / 2)) == (False, True)
    assert (running.is_stuck(NOW + QUIET), running.is_stuck(NOW + QUIET * 2)) == (False, True)
    assert not done.is_stuck(NOW + QUIET * 2)


def test_an_event_may_lie_in_the_lake_on_the_day_of_its_receipt_or_the_next() -> None:
    one = Signed("r", Call("m", "page", "Home", NOW - timedelta(days=99), {}, {}, ()), received_at=NOW)
    assert sorted(lake_days(ANN, [one])) == ["2026-02-20", "2026-02-21", "2026-03-01", "2026-03-02"]
    assert lake_days(Person("prf_1"), []) == set()


def test_a_stretch_that_is_not_whole_names_nobody_first() -> None:
    assert Met(complete=False).joined(Met()).complete is False
