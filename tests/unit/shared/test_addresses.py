"""One key per mailbox or phone; look-alikes stay apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared.addresses import address_key, normalise_email, normalise_phone


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        (" ann@example.com\u200b ", "ann@example.com"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
        ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ("Zoë.O'Neil+tag@example.com", "zoë.o'neil+tag@example.com"),
    ],
)
def test_email_has_one_normal_form(raw: str, normal: str) -> None:
    assert normalise_email(raw) == normal


@pytest.mark.parametrize(
    "lookalike", ["\u212aate@example.com", "\ufb01n@example.com", "gro\u00df@example.com"]
)
def test_lookalikes_are_not_folded_into_ascii(lookalike: str) -> None:
    plain = {
        "\u212aate@example.com": "kate@",
        "\ufb01n@example.com": "fin@",
        "gro\u00df@example.com": "gross@",
    }
    assert normalise_email(lookalike) != plain[lookalike] + "example.com"


@pytest.mark.parametrize(
    "bad",
    ["", "ann", "@example.com", "ann@", "a b@example.com", "ann@exa\nmple.com", "a@" + "x" * 64 + ".com"],
)
def test_what_is_no_email_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="email"):
        normalise_email(bad)


@pytest.mark.parametrize(
    ("raw", "normal"), [("+1 (202) 555-0100", "+12025550100"), ("0031 20 123 4567", "+31201234567")]
)
def test_phone_is_e164(raw: str, normal: str) -> None:
    assert normalise_phone(raw) == normal


@pytest.mark.parametrize(
    "bad", ["", "2025550100", "+0123456789", "+123", "+1234567890123456", "+1x025550100"]
)
def test_what_is_no_international_number_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="international"):
        normalise_phone(bad)


@given(st.emails())
def test_normalising_twice_changes_nothing(email: str) -> None:
    try:
        once = normalise_email(email)
    except ValueError:
        return
    assert normalise_email(once) == once


def test_the_key_depends_on_secret_channel_and_address() -> None:
    key = address_key("s", "email", "Ann@example.com")
    assert key == address_key("s", "email", "ann@EXAMPLE.com")
    assert key.startswith("adr_")
    assert "ann" not in key
    assert key != address_key("t", "email", "ann@example.com")
    assert key != address_key("s", "email", "bob@example.com")
