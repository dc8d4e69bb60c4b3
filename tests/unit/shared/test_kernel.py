"""Ids, time, settings and packing: small promises that everything else relies on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.shared.aws.attributes import decode, encode
from services.shared.aws.bus import REQUEST_LIMIT, _requests, pack
from services.shared.clock import FixedClock, SystemClock, from_iso, load_clock, to_iso
from services.shared.contracts.delivery import OutcomesObserved
from services.shared.ids import new_id, stable_id
from services.shared.settings import Settings

moments = st.datetimes(timezones=st.just(UTC), min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1))


@given(moments, moments)
def test_iso_text_sorts_as_time_does(a: datetime, b: datetime) -> None:
    def cut(t: datetime) -> datetime:
        return t.replace(microsecond=t.microsecond // 1000 * 1000)

    assert (to_iso(a) < to_iso(b)) == (cut(a) < cut(b))
    assert from_iso(to_iso(a)) == cut(a)


def test_iso_is_utc_whatever_the_zone() -> None:
    at = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert to_iso(at) == "2026-07-01T10:00:00.000Z"
    with pytest.raises(ValueError, match="zone"):
        from_iso("2026-07-01T10:00:00")


def test_a_clock_is_named_or_the_system_s() -> None:
    assert isinstance(load_clock(), SystemClock)
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    clock.advance(timedelta(days=1))
    assert clock.now().day == 2


def test_stable_ids_do_not_run_over_into_their_neighbours() -> None:
    assert stable_id("x", "ab", "c") != stable_id("x", "a", "bc")
    assert stable_id("x", "a") == stable_id("x", "a")
    assert new_id("x") != new_id("x")


class _Settings(Settings):
    table_name: str


def test_settings_fail_loudly_when_a_variable_is_missing() -> None:
    with pytest.raises(ValidationError, match="table_name"):
        _Settings.from_env({"STAGE": "prod"})
    assert _Settings.from_env({"STAGE": "prod", "TABLE_NAME": "t", "PATH": "/"}).table_name == "t"


@given(st.lists(st.text(max_size=60), max_size=40))
def test_packing_keeps_every_row_in_order_and_under_the_limit(texts: list[str]) -> None:
    rows = [{"text": text} for text in texts]
    facts = pack(rows, lambda chunk: OutcomesObserved(events=chunk), limit=400)
    assert [row for fact in facts for row in fact.events] == rows
    assert all(len(f.events) == 1 or len(f.model_dump_json().encode()) <= 400 for f in facts)


@given(st.lists(st.integers(1, 200_000), max_size=30))
def test_a_request_to_the_bus_is_small_enough(sizes: list[int]) -> None:
    entries = [{"Detail": "x" * size} for size in sizes]
    requests = list(_requests(entries))
    assert [entry for request in requests for entry in request] == entries
    for request in requests:
        assert 1 <= len(request) <= 10
        assert len(request) == 1 or sum(len(e["Detail"]) for e in request) <= REQUEST_LIMIT


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(-1e9, 1e9, width=32)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(min_size=1, max_size=4), plain, max_size=4))
def test_items_come_back_as_they_went_in(item: dict[str, object]) -> None:
    kept = {k: v for k, v in item.items() if v is not None}
    assert decode(encode(item)) == kept


@given(st.dictionaries(st.text(min_size=1, max_size=4), plain, max_size=4))
def test_typed_items_are_the_sdk_s_own(item: dict[str, object]) -> None:
    def decimals(value: object) -> object:
        if isinstance(value, float):
            return Decimal(repr(value))
        if isinstance(value, dict):
            return {k: decimals(v) for k, v in value.items()}
        return [decimals(v) for v in value] if isinstance(value, list) else value

    expected = {k: TypeSerializer().serialize(decimals(v)) for k, v in item.items() if v is not None}
    assert encode(item) == expected


@pytest.mark.parametrize("number", [10**38 + 1, 1e200, float("nan"), float("inf")])
def test_numbers_that_dynamodb_cannot_keep_are_refused_before_they_are_sent(number: float) -> None:
    with pytest.raises((ArithmeticError, TypeError)):
        encode({"n": number})


def test_other_ways_of_writing_numbers_and_sets_are_read() -> None:
    item = {
        "a": {"N": "1E+2"},
        "b": {"N": "5.0"},
        "c": {"N": "0.25"},
        "d": {"SS": ["x"]},
        "e": {"NULL": True},
    }
    assert decode(item) == {"a": 100, "b": 5, "c": 0.25, "d": {"x"}, "e": None}
