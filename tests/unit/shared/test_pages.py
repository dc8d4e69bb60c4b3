"""The shell of public pages: readable by everybody, and nothing of a title becomes HTML."""

from __future__ import annotations

import pytest

from services.shared.pages import page
from tests.support.accessible import colours, contrast, faults

SHELL = page("nl", "Titel & <meer>", "<p>Tekst</p>")


def test_the_checks_find_what_is_wrong() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") < 4.5
    broken = SHELL.replace('lang="nl"', "").replace(
        "<p>Tekst</p>",
        '<p><form><input name="x"><a href="#gone">x</a><script src="https://cdn.example.com/x.js"></script></form>',
    )
    found = " ".join(faults(broken))
    for fault in (
        "no language",
        "no label for x",
        "leads nowhere",
        "script",
        "leads elsewhere",
        "unbalanced",
        "button",
    ):
        assert fault in found


def test_a_page_is_accessible_and_says_its_language() -> None:
    assert faults(SHELL) == []
    assert '<html lang="nl">' in SHELL
    assert "<h1>Titel &amp; &lt;meer&gt;</h1>" in SHELL


def test_every_colour_of_text_has_contrast() -> None:
    found = colours(SHELL)
    assert len(found) >= 5
    for text, background in found:
        assert contrast(text, background) >= 4.5, text
