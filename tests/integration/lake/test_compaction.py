"""The lake as Parquet by day: nothing lost, nothing twice, whatever dies and whoever reads meanwhile."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest

from services.ingest.domain.lake import Amendment, Manifest
from services.ingest.lake import upkeep as lake_module
from services.ingest.lake.ports import ManifestMoved
from services.shared.aws.clients import client
from tests.integration.lake.conftest import BUCKET, DAY_ONE, Crash, Lake
from tests.unit.ingest.test_lake import line

NEXT_DAY = DAY_ONE + timedelta(days=1)


def many(count: int, start: int = 0) -> list[dict[str, object]]:
    return [
        line(f"r-{n}", message_id=f"m-{n}", profile_id=f"prf_{n % 3}") for n in range(start, start + count)
    ]


def test_a_finished_day_becomes_typed_parquet_and_today_stays_raw(the_lake: Lake) -> None:
    the_lake.put(*many(3))
    the_lake.put(line("r-late", disposition="rejected", reason="no_identity", event=None, refused="{"))
    today = the_lake.put(line("r-today"), at=NEXT_DAY)
    before = the_lake.read()
    done = the_lake.compact_next_day()
    assert (done.objects, done.rows, done.left) == (2, 4, 0)
    assert {key for key in the_lake.objects() if key.startswith("events/")} == {today}
    assert the_lake.read() == before
    ((name, at, received, kind),) = the_lake.rows(
        'name, "at", received_at, typeof(received_at)', "receipt = 'r-1'"
    )
    assert (name, at.isoformat(), received.isoformat(), kind) == (
        "Order Completed",
        "2026-01-01T00:00:00",
        "2026-01-02T03:04:05.678000",
        "TIMESTAMP",
    )
    assert the_lake.rows("reason, refused", "disposition = 'rejected'") == [("no_identity", '"{"')]


def test_compacting_again_changes_nothing(the_lake: Lake) -> None:
    the_lake.put(*many(3))
    the_lake.compact_next_day()
    keys = the_lake.objects()
    assert the_lake.keeper.compact() == lake_module.Compacted()
    assert the_lake.objects() == keys


def test_late_arrivals_and_redeliveries_after_midnight_count_once(the_lake: Lake) -> None:
    """F1: a batch cut differently repeats lines in other objects, of the same day and of the next."""
    the_lake.put(*many(3))
    the_lake.compact_next_day()
    the_lake.put(*many(2, start=2))  # r-2 again, r-3 late
    the_lake.put(*many(3))  # exactly the object that was removed
    the_lake.put(*many(1), line("r-new"), at=NEXT_DAY)
    done = the_lake.compact_next_day()
    assert done.rows == 2
    assert set(the_lake.read()) == {"r-0", "r-1", "r-2", "r-3", "r-new"}
    assert the_lake.rows("count(*), count(DISTINCT receipt)") == [(5, 5)]


def test_within_one_part_the_receipt_that_was_applied_counts(the_lake: Lake) -> None:
    the_lake.put(line(disposition="rejected", reason="unknown_profile", profile_id="", event=None))
    the_lake.put(line(), line("r-2"))
    the_lake.compact_next_day()
    assert the_lake.rows("receipt, disposition") == [("r-1", "applied"), ("r-2", "applied")]


@pytest.mark.parametrize("before", [True, False])
def test_a_crash_at_any_step_loses_and_repeats_nothing(
    the_lake: Lake, before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5: the function dies before or after each of its writes; every time a reader sees the same lines, and the next
    run completes the work."""
    monkeypatch.setattr(lake_module, "SLICE_BYTES", 1)  # each object a part of its own
    objects = [the_lake.put(*many(2, start=n)) for n in (0, 2, 4)]
    expected = the_lake.read()
    the_lake.clock.advance(timedelta(days=1))
    the_lake.store.before = before
    crashes = 0
    while True:
        the_lake.store.steps, the_lake.store.die_at = 0, crashes + 1
        try:
            the_lake.keeper.compact()
            break
        except Crash:
            crashes += 1
            assert the_lake.read() == expected
            assert crashes < 50
    assert crashes >= 3
    assert the_lake.read() == expected
    the_lake.store.die_at = 0
    the_lake.put(line("r-late"))
    the_lake.keeper.compact()
    assert the_lake.objects().isdisjoint(objects)
    assert the_lake.rows("count(*), count(DISTINCT receipt)") == [(7, 7)]


def test_a_reader_beside_the_compactor_sees_every_line_once(the_lake: Lake) -> None:
    for n in range(0, 40, 2):
        the_lake.put(*many(2, start=n))
    expected = the_lake.read()
    the_lake.clock.advance(timedelta(days=1))
    seen: list[bool] = []
    writer = threading.Thread(target=the_lake.keeper.compact)
    writer.start()
    while writer.is_alive() or not seen:
        seen.append(the_lake.read() == expected)
    writer.join()
    assert all(seen)


def test_of_two_compactors_the_slower_one_gives_up_the_day(
    the_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F7: a stalled worker wakes after another has done its work."""
    the_lake.put(*many(3))
    expected = the_lake.read()
    the_lake.clock.advance(timedelta(days=1))
    slow, rival = the_lake.keeper, the_lake.keeper
    store = the_lake.store.store

    def stalled(key: str, source: object) -> None:
        store(key, source)  # type: ignore[arg-type]
        monkeypatch.setattr(the_lake.store, "store", store)
        rival.compact()

    monkeypatch.setattr(the_lake.store, "store", stalled)
    assert slow.compact().left == 1
    assert the_lake.read() == expected
    assert the_lake.rows("count(*)") == [(3,)]


def test_without_time_the_rest_is_left_for_the_next_run(
    the_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_module, "SLICE_BYTES", 1)
    for n in (0, 2, 4):
        the_lake.put(*many(2, start=n))
    expected = the_lake.read()
    the_lake.clock.advance(timedelta(days=1))
    answers = iter([True, True, False])
    done = the_lake.keeper.compact(lambda: next(answers))
    assert (done.objects, done.left) == (1, 1)
    assert the_lake.read() == expected
    assert the_lake.keeper.compact().left == 0
    assert the_lake.rows("count(*)") == [(6,)]


def test_a_run_takes_on_some_days_and_leaves_the_others(
    the_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_module, "MOST_DAYS", 1)
    the_lake.put(line())
    the_lake.put(line("r-2"), at=NEXT_DAY)
    the_lake.clock.advance(timedelta(days=2))
    assert [the_lake.keeper.compact().left for _ in range(3)] == [1, 0, 0]
    assert the_lake.rows("receipt") == [("r-1",), ("r-2",)]


def test_partitions_can_be_read_by_day(the_lake: Lake) -> None:
    the_lake.put(*many(3))
    the_lake.put(line("r-9"), at=NEXT_DAY)
    the_lake.compact_next_day()
    the_lake.compact_next_day()
    parts = {key for key in the_lake.objects() if key.endswith(".parquet")}
    assert {key.split("/")[1] for key in parts} == {"date=2026-01-01", "date=2026-01-02"}
    assert [one["receipt"] for one in the_lake.keeper.lines([NEXT_DAY.date()])] == ["r-9"]


def test_a_forgotten_person_is_in_no_object_and_neighbours_are_untouched(the_lake: Lake) -> None:
    """In parts, in raw objects, in what a crash left behind, and in the text of what was refused."""
    secret = "canary-zoé@x.nl"
    the_lake.put(
        *many(3),
        line("r-refused", event=None, refused='{"email": "' + secret, profile_id="", disposition="rejected"),
        line("r-hers", profile_id="prf_9", event={"type": "identify", "traits": {"email": secret}}),
    )
    the_lake.compact_next_day()
    the_lake.put(line("r-loose", profile_id="prf_9", event={"note": secret}), line("r-his"), at=NEXT_DAY)
    client("s3").put_object(
        Bucket=BUCKET, Key="lake/date=2026-01-01/part-orphan.parquet", Body=secret.encode()
    )
    wanted = Amendment(forget=frozenset({"prf_9"}), mentions=frozenset({secret}))
    assert the_lake.keeper.amend(wanted) == 3
    assert the_lake.keeper.amend(wanted) == 0
    assert set(the_lake.read()) == {"r-0", "r-1", "r-2", "r-his", "r-refused"}
    assert the_lake.read()["r-refused"]["refused"] == ""
    assert not any("canary" in str(one) for one in the_lake.rows("*"))
    assert "lake/date=2026-01-01/part-orphan.parquet" not in the_lake.objects()
    assert len([key for key in the_lake.objects() if key.endswith(".parquet")]) == 1


def test_a_part_of_which_nothing_is_left_goes_with_its_person(the_lake: Lake) -> None:
    the_lake.put(line(profile_id="prf_9"))
    the_lake.compact_next_day()
    assert the_lake.keeper.amend(Amendment(forget=frozenset({"prf_9"}))) == 1
    assert not [key for key in the_lake.objects() if key.endswith(".parquet")]
    assert the_lake.read() == {}


def test_a_rolled_back_job_is_marked_in_parts_and_raw_objects(the_lake: Lake) -> None:
    the_lake.put(line("imp-7-1"), line("imp-71-1"))
    the_lake.compact_next_day()
    the_lake.put(line("imp-7-2"), at=NEXT_DAY)
    assert the_lake.keeper.amend(Amendment(roll_back="imp-7-")) == 2
    assert the_lake.keeper.amend(Amendment(roll_back="imp-7-")) == 0
    marked = {receipt for receipt, one in the_lake.read().items() if one.get("rolled_back")}
    assert marked == {"imp-7-1", "imp-7-2"}


def test_an_amendment_that_a_compactor_overtakes_is_asked_again(
    the_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Raw lines go into a part just before they would have been amended."""
    the_lake.put(line(profile_id="prf_9"), line("r-2"))
    the_lake.clock.advance(timedelta(days=1))
    sizes = the_lake.store.raw_sizes
    rival = the_lake.keeper

    def overtaken(day: object) -> dict[str, int]:
        monkeypatch.setattr(the_lake.store, "raw_sizes", sizes)
        rival.compact()
        return sizes(day)  # type: ignore[arg-type]

    monkeypatch.setattr(the_lake.store, "raw_sizes", overtaken)
    wanted = Amendment(forget=frozenset({"prf_9"}))
    with pytest.raises(ManifestMoved):
        the_lake.keeper.amend(wanted)
    assert the_lake.keeper.amend(wanted) == 1
    assert set(the_lake.read()) == {"r-2"}


def test_a_manifest_switches_only_from_the_state_that_was_read(the_lake: Lake) -> None:
    day = DAY_ONE.date()
    first = the_lake.store.switch(day, Manifest(("a",)), "")
    with pytest.raises(ManifestMoved):
        the_lake.store.switch(day, Manifest(("b",)), "")
    the_lake.store.switch(day, Manifest(("c",)), first)
    with pytest.raises(ManifestMoved):
        the_lake.store.switch(day, Manifest(("d",)), first)
    assert the_lake.store.manifest(day)[0].parts == ("c",)


def test_the_handler_compacts_by_schedule_and_amends_on_request(
    the_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.ingest.bootstrap import lake as bootstrap
    from services.ingest.handlers import compact

    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 900_000

    the_lake.put(line(), line("imp-7-1"))
    environment = {"STAGE": "test", "LAKE_BUCKET": BUCKET, "PROFILES_TABLE": "Profiles", "MEMORY_MB": "500"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    bootstrap.lake_keeper.cache_clear()
    assert compact.handler({"source": "aws.events"}, Context()) == {"objects": 1, "rows": 2, "left": 0}
    assert compact.handler({"amend": {"roll_back": "imp-7-"}}, Context()) == {"lines": 1}
    bootstrap.lake_keeper.cache_clear()


def test_a_persons_lines_are_told_page_by_page_each_once(
    the_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From parts and raw objects, in order; the second page is of what has been compacted meanwhile."""
    mine = [f"r-{n}" for n in range(5)]
    the_lake.put(*(line(one, profile_id="prf_9") for one in mine[1::2]), line("r-his", profile_id="prf_2"))
    the_lake.compact_next_day()
    the_lake.put(*(line(one, profile_id="prf_9") for one in mine[::2]), line("r-yours", profile_id="prf_3"))
    the_lake.put(line("a-0", profile_id="prf_8"), line("a-1", profile_id="prf_9"), at=NEXT_DAY)
    monkeypatch.setattr(lake_module, "PAGE_BYTES", 2 * len(json.dumps(line("r-1"))) + 10)
    days = [NEXT_DAY.date(), DAY_ONE.date()]
    told: list[str] = []
    after, pages = "", 0
    while pages == 0 or after:
        found, after = the_lake.keeper.page(days, frozenset({"prf_9", "prf_8"}), after)
        told += [one["receipt"] for one in found]
        pages += 1
        the_lake.compact_next_day()
    assert told == [*mine, "a-0", "a-1"]
    assert pages > 2
