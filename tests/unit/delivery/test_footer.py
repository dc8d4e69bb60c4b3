"""Every commercial e-mail leads to the preference centre, whatever its template says."""

from __future__ import annotations

import pytest

from services.delivery.domain.footer import with_preferences
from services.delivery.domain.templates.rendered import Rendered
from tests.support.accessible import Page

URL = "https://api.example.com/preferences?token=a.b-c"


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("", "Change your preferences"),
        ("en-GB", "Change your"),
        ("nl_NL", "Uw voorkeuren"),
        ("NL", "Uw voorkeuren"),
    ],
)
def test_it_stands_at_the_end_in_the_person_s_language(locale: str, words: str) -> None:
    html = "<html><body><p>Hi</p></BODY ></html>"
    shown = with_preferences(Rendered("Hi\n\n", "S", html), URL, locale)
    assert shown.text.startswith(f"Hi\n\n{words}")
    assert shown.text.endswith(f"{URL}\n")
    page = Page(shown.html)
    assert page.unbalanced == []
    (link,) = page.all("a")
    assert link.attributes["href"] == URL
    assert link.inside == ("html", "body", "p", "small")
    assert shown.subject == "S"


def test_a_template_that_shows_it_is_left_as_it_is() -> None:
    shown = Rendered(f"Hi {URL} there", "S", f'<p><a href="{URL}">here</a></p>')
    assert with_preferences(shown, URL, "en") == shown


def test_without_a_body_or_html() -> None:
    assert with_preferences(Rendered("Hi", "S", "<p>Hi</p>"), URL, "en").html.startswith("<p>Hi</p><p>")
    assert with_preferences(Rendered("Hi", "S"), URL, "en").html == ""
