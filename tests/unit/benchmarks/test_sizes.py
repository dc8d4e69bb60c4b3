"""The meter's arithmetic against DynamoDB's published rules."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.sizes import Index, change_units, item_size, read_units, value_size, write_units

KEYS_ONLY = Index(keys=("shard", "due"), projected=frozenset({"pk", "shard", "due"}))
EVERYTHING = Index(keys=("shard",), projected=None)


def text(size: int) -> dict[str, str]:
    return {"S": "x" * size}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": ""}, 0),
        ({"S": "abc"}, 3),
        ({"S": "é"}, 2),
        ({"N": "0"}, 2),
        ({"N": "7"}, 2),
        ({"N": "12"}, 2),
        ({"N": "123"}, 3),
        ({"N": "-123"}, 4),
        ({"N": "1200"}, 2),
        ({"B": b"1234"}, 4),
        ({"B": "AAAA"}, 3),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["ab", "c"]}, 3),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}, {"BOOL": True}]}, 3 + 3 + 2),
        ({"M": {}}, 3),
        ({"M": {"ab": {"S": "c"}}}, 3 + 1 + 2 + 1),
    ],
)
def test_value_size(value: dict[str, Any], size: int) -> None:
    assert value_size(value) == size


def test_an_item_is_names_and_values() -> None:
    assert item_size({"pk": text(10), "naïve": text(1)}) == 2 + 10 + 6 + 1


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="no attribute type"):
        value_size({"X": "1"})


@pytest.mark.parametrize(("size", "units"), [(0, 1), (1, 1), (1024, 1), (1025, 2), (10_240, 10)])
def test_write_units(size: int, units: int) -> None:
    assert write_units(size) == units
    assert write_units(size, transactional=True) == 2 * units


@pytest.mark.parametrize(("size", "units"), [(0, 0.5), (4096, 0.5), (4097, 1.0)])
def test_read_units(size: int, units: float) -> None:
    assert read_units(size) == units
    assert read_units(size, consistent=True) == 2 * units
    assert read_units(size, transactional=True) == 4 * units


def test_the_larger_of_old_and_new_is_billed() -> None:
    small, large = {"pk": text(10)}, {"pk": text(10), "state": text(3000)}

    assert change_units(small, large, []) == change_units(large, small, []) == 3
    assert change_units(None, large, []) == change_units(large, None, []) == 3


@pytest.mark.parametrize(
    ("old", "new", "units"),
    [
        ({}, {"shard": "1", "due": "a"}, 1),
        ({"shard": "1", "due": "a"}, {}, 1),
        ({"shard": "1", "due": "a"}, {"shard": "1", "due": "b"}, 2),
        ({"shard": "1", "due": "a"}, {"shard": "1", "due": "a"}, 0),
        ({"shard": "1"}, {"shard": "2"}, 0),
    ],
)
def test_an_index_costs_when_its_keys_change(old: dict[str, str], new: dict[str, str], units: int) -> None:
    def item(keys: dict[str, str], state: str) -> dict[str, Any]:
        return {"pk": text(5), "state": {"S": state}, **{k: {"S": v} for k, v in keys.items()}}

    assert KEYS_ONLY.units(item(old, "before"), item(new, "after")) == units


def test_an_index_of_everything_costs_with_every_change() -> None:
    old = {"pk": text(5), "shard": text(1), "state": text(1)}

    assert EVERYTHING.units(old, {**old, "state": text(1500)}) == 2
    assert EVERYTHING.units(old, dict(old)) == 0


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_a_bigger_item_never_costs_less(size: int, more: int) -> None:
    assert write_units(size + more) >= write_units(size)
    assert read_units(size + more) >= read_units(size)
