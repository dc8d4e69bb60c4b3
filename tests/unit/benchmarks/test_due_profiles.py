"""A sweep's reads grow with whose time has come, and with nothing else."""

from __future__ import annotations

from benchmarks.due_profiles import DUE, measure, run_at


def test_reads_do_not_grow_with_the_table() -> None:
    """So it is for a million: whoever is not due is never read, in the index or in the table."""
    few, many = measure(100, 20), measure(2_000, 20)

    assert few.reads == many.reads
    assert few.writes == many.writes
    assert many.scan > 5 * many.reads


def test_reads_grow_with_who_is_due() -> None:
    """Half a unit a standing, and its part of an answer of the index."""
    twenty, hundred = measure(500, 20), measure(500, 100)

    assert 0.5 * 80 <= hundred.reads - twenty.reads <= 0.75 * 80


def test_nobody_due_costs_a_look_at_each_partition_of_the_index() -> None:
    assert measure(50, 0).reads <= 8 * 0.5


def test_another_size_is_a_result_of_its_own() -> None:
    told: list[str] = []
    (result,) = run_at(2 * DUE, lambda doing, done: told.append(doing))

    assert (result.name, result.unit) == ("reads_per_due_profile_of_400", "read units, 400 profiles")
    assert (list(result.against), told) == (["a scan"], ["400 profiles, 200 due"])
