"""Addresses, limits, purposes, evidence and pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.consent.domain.asks import Question
from services.consent.domain.contact import reachable
from services.consent.domain.evidence import Evidence, Sealed
from services.consent.domain.limits import REQUESTS_PER_ADDRESS, WINDOW, admit
from services.consent.domain.purposes import Purpose, amend
from services.consent.handlers.pages import confirm_page, message_page, unsubscribe_page
from services.shared.addresses import address_key
from services.shared.errors import Conflict, Invalid

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ISEMAIL = Path(__file__).parents[3].parent / "shared" / "data" / "isemail" / "tests.json"


def a_purpose(*texts: tuple[str, str, str]) -> Purpose:
    given = texts or (("2026-1", "en", "We may write to you about news."),)
    return Purpose.model_validate(
        {
            "title": "News",
            "channels": ["email"],
            "texts": [{"version": v, "language": lang, "text": text} for v, lang, text in given],
        }
    )


def test_no_address_that_the_isemail_suite_calls_wrong_is_accepted() -> None:
    if not ISEMAIL.exists():
        pytest.skip(f"LOUD: {ISEMAIL} is absent, addresses are not held against isemail")
    wrong = [t["address"] for t in json.loads(ISEMAIL.read_text()) if t["category"] == "ISEMAIL_ERR"]
    assert len(wrong) == 66
    for address in wrong:
        with pytest.raises(Invalid):
            reachable("email", address)


@pytest.mark.parametrize(
    ("channel", "raw", "expected"),
    [
        ("email", " Ann@Example.COM ", "Ann@example.com"),
        ("email", "a+tag@bücher.example", "a+tag@xn--bcher-kva.example"),
        ("sms", "+31 (0)6 12".replace("(0)", "") + "345678", "+31612345678"),
        ("sms", "0031612345678", "+31612345678"),
        ("email", "a@straße.de", "a@xn--strae-oqa.de"),
    ],
)
def test_an_address_becomes_what_we_write_to(channel: str, raw: str, expected: str) -> None:
    assert reachable(channel, raw) == expected
    assert address_key("s", channel, expected) == address_key("s", channel, reachable(channel, expected))


@pytest.mark.parametrize(
    ("channel", "raw"),
    [
        ("email", "ü@example.com"),
        ("email", '"a b"@example.com'),
        ("email", "a@localhost"),
        ("email", "a@example.com\r\nBcc: b@example.com"),
        ("email", "a" * 400 + "@example.com"),
        ("sms", "0612345678"),
        ("sms", "+31 6 CALL ME"),
    ],
)
def test_what_can_not_be_written_to_is_refused_without_repeating_it(channel: str, raw: str) -> None:
    with pytest.raises(Invalid) as refused:
        reachable(channel, raw)
    assert refused.value.code == "invalid_address"
    assert raw not in refused.value.message


@settings(max_examples=50)
@given(st.lists(st.integers(0, 40 * 3600), max_size=40))
def test_no_window_of_24_hours_has_more_than_the_limit(gaps: list[int]) -> None:
    recent: list[datetime] = []
    admitted, now = [], NOW
    for gap in gaps:
        now += timedelta(seconds=gap // 10)
        after = admit(recent, now)
        if after is not None:
            recent = after
            admitted.append(now)
    for first in admitted:
        assert sum(1 for at in admitted if first <= at < first + WINDOW) <= REQUESTS_PER_ADDRESS


def test_a_published_text_never_changes() -> None:
    stored = a_purpose(("2026-1", "en", "We may write to you about news."))
    with pytest.raises(Conflict, match="text_immutable"):
        amend(stored, a_purpose(("2026-1", "en", "We may write to you about anything.")))


def test_a_text_that_is_left_out_is_retired_and_can_return() -> None:
    stored = a_purpose(("2026-1", "en", "We may write to you about news."))
    amended = amend(stored, a_purpose(("2026-2", "en", "We may write about all our news.")))
    assert [(t.version, t.active) for t in amended.texts] == [("2026-2", True), ("2026-1", False)]
    again = amend(amended, stored)
    assert {t.version: t.active for t in again.texts} == {"2026-1": True, "2026-2": False}


def test_texts_have_a_total_size() -> None:
    with pytest.raises(Invalid, match="texts_too_large"):
        amend(None, a_purpose(*[(str(n), "en", "ü" * 4_000) for n in range(30)]))


def test_erased_evidence_can_not_be_guessed_from_its_digest() -> None:
    evidence = Evidence("ann@example.com", "203.0.113.9", "Firefox", "nl")
    assert Sealed("cns_1", evidence, "salt-1").digest() != Sealed("cns_1", evidence, "salt-2").digest()


def test_evidence_is_gone_from_its_expiry_on() -> None:
    sealed = Sealed("cns_1", Evidence("", "", "", ""), "s", NOW)
    assert sealed.gone(NOW)
    assert not sealed.gone(NOW - timedelta(seconds=1))


@pytest.mark.parametrize(("language", "button"), [("en", "Yes, I agree"), ("nl-NL", "Ja, ik ga akkoord")])
def test_a_page_is_accessible_and_escapes_what_it_shows(language: str, button: str) -> None:
    question = Question("<b>News</b> & $more", "<script>alert(1)</script>", language, "nonce")
    page = confirm_page(question, 't"><script>')
    assert f'<html lang="{language[:2]}">' in page
    for part in ("<title>", "<main>", "<h1>", button):
        assert page.count(part) == 1
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;b&gt;News&lt;/b&gt; &amp; $more" in page


def test_pages_exist_in_both_languages() -> None:
    assert "Afmelden" in unsubscribe_page(Question("News", "", "nl", "n"), "t", "")
    assert "Unsubscribe" in unsubscribe_page(Question("News", "", "fr", "n"), "t", "")
    assert "Dank u wel" in message_page("confirmed", "nl-NL,nl;q=0.9,en;q=0.8")
    assert "Thank you" in message_page("confirmed", "")
