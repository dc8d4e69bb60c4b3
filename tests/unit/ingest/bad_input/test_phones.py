"""Phone identities: E.164, national numbers only where a region says how to read them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.ingest.domain.identifiers import phone_identifier
from tests.unit.ingest.bad_input.door import post


def identified(raw: Any, context: Any = None, **traits: Any) -> str:
    """The phone identifier that a consumer reads of an identify call ("": none)."""
    body = {"userId": "u", "traits": {"phone": raw, **traits}, "context": context or {}}
    (arrival,) = post("identify", json.dumps(body)).arrivals
    call = arrival.read()
    assert call.traits["phone"] == raw
    return next((i.value for i in call.identifiers if i.kind == "phone"), "")


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "+",
        "0",
        "00",
        "112",
        "0475123456",
        "475 12 34 56",
        "+32",
        "+3247512",
        "+324751234567890",
        "+0475123456",
        "+999123456789",
        "++32475123456",
        "+32+475123456",
        "32475123456",
        "+32475123456 ext. 7",
        "+32475123456x7",
        "+32475123456;ext=7",
        "tel:+32475123456",
        "+1-800-FLOWERS",
        "+32475123456,+32475123457",
        "+32475123456\n+32475123457",
        "+32475\x00123456",
        "phone",
        "n/a",
        "+" + "1" * 300,
        32475123456,
        3.2475123456e10,
        True,
        None,
        ["+32475123456"],
        {"number": "+32475123456"},
    ],
    ids=lambda raw: ascii(raw)[:30],
)
def test_what_is_no_number_identifies_nobody(raw: Any) -> None:
    assert identified(raw) == ""


@pytest.mark.parametrize(
    "raw",
    [
        "+32475123456",
        " +32 475 12 34 56 ",
        "+32 (0)475/12.34.56",
        "+32-475-123456",
        "0032475123456",
        "00 32 475 12 34 56",
        "\uff0b32475123456",
        "+32\u00a0475\u00a012\u00a034\u00a056",
        "+\u0663\u0662475123456",
        "\u202d+32475123456\u202c",
        "+32475\u200b123456",
    ],
    ids=ascii,
)
def test_one_number_is_one_identity(raw: str) -> None:
    assert identified(raw) == "+32475123456"


@pytest.mark.parametrize(
    ("raw", "context", "traits", "expected"),
    [
        ("0475 12 34 56", {}, {"address": {"country": "BE"}}, "+32475123456"),
        ("0475 12 34 56", {}, {"country": "be"}, "+32475123456"),
        ("0475 12 34 56", {"locale": "nl-BE"}, {}, "+32475123456"),
        ("0475 12 34 56", {"locale": "nl_BE.UTF-8"}, {}, "+32475123456"),
        ("06 12345678", {"locale": "nl-NL"}, {}, "+31612345678"),
        ("020 7946 0018", {}, {"address": {"country": "UK"}}, "+442079460018"),
        ("06 1234 5678", {}, {"country": "IT"}, "+390612345678"),
        ("(202) 555-0123", {"locale": "en-US"}, {}, "+12025550123"),
        ("0475 12 34 56", {"locale": "en-US"}, {}, ""),
        ("0475 12 34 56", {"locale": "en"}, {}, ""),
        ("0475 12 34 56", {"locale": "zh-Hant"}, {}, ""),
        ("0475 12 34 56", {"locale": 7}, {}, ""),
        ("0475 12 34 56", {}, {"country": "Belgium"}, ""),
        ("0475 12 34 56", {}, {"country": "XX"}, ""),
        ("0475 12 34 56", {}, {"country": ["BE"]}, ""),
        ("0475 12 34 56", {}, {"address": "BE"}, ""),
        ("0475 12 34 56", {"locale": "en-US"}, {"country": "BE"}, "+32475123456"),
        ("+31612345678", {"locale": "nl-BE"}, {"country": "BE"}, "+31612345678"),
        ("999", {}, {"country": "BE"}, ""),
        ("0", {}, {"country": "BE"}, ""),
    ],
)
def test_a_national_number_needs_a_country(raw: str, context: Any, traits: Any, expected: str) -> None:
    assert identified(raw, context, **traits) == expected


def test_the_source_s_country_reads_what_nobody_else_explains() -> None:
    assert phone_identifier("0475 12 34 56", ["US", "BE"]) == ("phone", "+32475123456")
    assert phone_identifier("0475 12 34 56", []) is None
