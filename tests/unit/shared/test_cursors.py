"""Cursors come back as they were given, and whatever else comes is refused."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.shared.cursors import cursor_of, read_cursor
from services.shared.errors import Invalid

places = st.recursive(
    st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(places)
@settings(max_examples=50)
def test_a_cursor_leads_to_its_place_and_is_fit_for_an_address(place: object) -> None:
    cursor = cursor_of(place)
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert read_cursor(cursor, lambda found: found) == place


def _infinite() -> str:
    return base64.urlsafe_b64encode(b'{"version":1e999}').decode()


@pytest.mark.parametrize(
    "strange", ["*", "é", "AAAA", "AA==A", _infinite(), cursor_of([]), cursor_of({"page": 1})]
)
def test_what_is_no_cursor_of_ours_is_refused(strange: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_cursor(strange, lambda said: int(said["version"]))
    assert refused.value.code == "bad_cursor"


def test_a_cursor_that_is_nested_without_end_is_refused() -> None:
    endless = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    with pytest.raises(Invalid):
        read_cursor(endless, json.dumps)
