"""Signed links: only what was signed, for what it was signed, until it expires."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.shared.errors import Invalid
from services.shared.tokens import MAX_LENGTH, key_id, nonce, sign, verify

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLAIMS = {"purpose": "news", "channel": "email", "address_key": "adr_" + "a" * 32}
TOKEN = sign("k1", "confirm", CLAIMS, NOW + timedelta(days=7))


def code_of(secrets: str | list[str], use: str, token: str, now: datetime = NOW) -> str:
    with pytest.raises(Invalid) as refused:
        verify(secrets, use, token, now)
    return refused.value.code


def test_a_token_gives_back_its_claims() -> None:
    assert verify("k1", "confirm", TOKEN, NOW) == CLAIMS
    assert verify(["k2", "k1"], "confirm", TOKEN, NOW) == CLAIMS
    assert TOKEN.startswith(key_id("k1"))


@settings(max_examples=50)
@given(st.dictionaries(st.text(max_size=10), st.text(max_size=30), max_size=5))
def test_any_claims_survive(claims: dict[str, str]) -> None:
    assert verify("k", "use", sign("k", "use", claims, NOW + timedelta(1)), NOW) == claims


@pytest.mark.parametrize("replacement", ["A", "0", ".", "=", "é", "f"])
def test_a_change_at_any_position_is_refused(replacement: str) -> None:
    for position, character in enumerate(TOKEN):
        if character != replacement:
            altered = TOKEN[:position] + replacement + TOKEN[position + 1 :]
            assert code_of("k1", "confirm", altered) == "token_invalid", position


def test_every_truncation_and_extension_is_refused() -> None:
    for length in range(len(TOKEN)):
        assert code_of("k1", "confirm", TOKEN[:length]) == "token_invalid"
    for extra in ("0", ".", "\n", " "):
        assert code_of("k1", "confirm", TOKEN + extra) == "token_invalid"


def test_a_token_is_for_one_use() -> None:
    assert code_of("k1", "unsubscribe", TOKEN) == "token_invalid"
    assert code_of("k1", "", TOKEN) == "token_invalid"


def test_an_unknown_or_empty_key_signs_nothing() -> None:
    assert code_of("k2", "confirm", TOKEN) == "token_invalid"
    assert code_of([], "confirm", TOKEN) == "token_invalid"
    assert code_of("", "confirm", TOKEN) == "token_invalid"
    with pytest.raises(ValueError, match="secret"):
        sign("", "confirm", {}, NOW)


def test_it_ends_at_its_expiry() -> None:
    assert verify("k1", "confirm", TOKEN, NOW + timedelta(days=7, seconds=-1)) == CLAIMS
    assert code_of("k1", "confirm", TOKEN, NOW + timedelta(days=7)) == "token_expired"


def test_an_expired_forgery_is_a_forgery() -> None:
    assert code_of("k2", "confirm", TOKEN, NOW + timedelta(days=8)) == "token_invalid"


def test_a_token_has_a_maximum_length() -> None:
    with pytest.raises(ValueError, match="characters"):
        sign("k", "use", {"a": "x" * MAX_LENGTH}, NOW)
    assert code_of("k", "use", "0" * 1_000_000) == "token_invalid"


def test_the_nonce_is_of_one_token_and_key() -> None:
    assert len({nonce("k1", TOKEN), nonce("k2", TOKEN), nonce("k1", TOKEN + "x")}) == 3
