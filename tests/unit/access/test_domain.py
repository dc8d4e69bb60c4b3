"""Who the door lets in."""

from __future__ import annotations

import pytest

from services.access.domain import bearer_key, is_known


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic abc", ""),
        ("abc", ""),
        ("", ""),
        ("Bearer", ""),
    ],
)
def test_the_key_is_what_follows_bearer(header: str, key: str) -> None:
    assert bearer_key(header) == key


def test_only_a_known_key_opens_and_an_empty_one_never() -> None:
    assert is_known("new", ["new", "old"])
    assert is_known("old", ["new", "old"])
    assert not is_known("other", ["new", "old"])
    assert not is_known("", ["", "old"])
