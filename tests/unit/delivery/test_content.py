"""What one person is told: languages, fallbacks, salutation, guards, advice, versions of documents."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.delivery.adapters.mjml import compile_mjml
from services.delivery.domain.contact import contact_of
from services.delivery.domain.templates.documents import TemplateDocument
from services.delivery.domain.templates.guards import LEVELS, Guard, guarded, opened
from services.delivery.domain.templates.linting import CLIPPED, advice
from services.delivery.domain.templates.publishing import ready
from services.delivery.domain.templates.rendered import NotRenderable
from services.delivery.domain.templates.rendering import render
from services.delivery.domain.templates.salutation import salutation
from services.shared.errors import Invalid

MJML = """<mjml lang="nl"><mj-body><mj-section><mj-column>
<mj-text>Dag {{ first_name | default: 'daar' }}{% if points < 10 and points > 1 %} bijna!{% endif %}</mj-text>
<mj-button href="{{ url }}">Kijk</mj-button></mj-column></mj-section></mj-body></mjml>"""


def document(text: str = "t", html: str = "", **fields: Any) -> TemplateDocument:
    email = {"subject": "s", "text": text, "html": html}
    return TemplateDocument.model_validate({"class": "service", "channels": {"email": email}, **fields})


def said(text: str, variables: dict[str, Any], **fields: Any) -> str:
    return render(document(text, **fields).spoken(""), "email", variables).text


def speaking(**texts: str) -> TemplateDocument:
    translations = {
        name.replace("_", "-"): {"email": {"subject": "s", "text": text}} for name, text in texts.items()
    }
    return document("color", translations=translations, fallbacks={"n": {"en": "you", "nl": "jij"}})


@pytest.mark.capability("000-32")
@pytest.mark.parametrize(
    ("locale", "text", "language"),
    [
        ("nl-BE", "gij", "nl"),
        ("nl_be", "gij", "nl"),
        ("nl-NL", "jij", "nl"),
        ("nl", "jij", "nl"),
        ("NL-Latn-NL", "jij", "nl"),
        ("en-GB", "colour", "en"),
        ("en-US", "color", "en"),
        ("fr-FR", "color", "en"),
        ("", "color", "en"),
        ("x", "color", "en"),
    ],
)
def test_a_region_speaks_its_own_words_else_its_language_else_the_templates(
    locale: str, text: str, language: str
) -> None:
    spoken = speaking(nl="jij", nl_BE="gij", en_GB="colour").spoken(locale)

    assert (render(spoken, "email", {}).text, spoken.language) == (text, language)
    assert spoken.fallbacks == {"n": "jij" if language == "nl" else "you"}


@pytest.mark.capability("000-32")
def test_a_missing_value_falls_back_or_blocks_as_the_template_says() -> None:
    shown = "Hi {{ name }}{% if extra %} and {{ extra }}{% endif %} {{ other | default: 'x' }}"

    assert said(shown, {}, fallbacks={"name": "you"}) == "Hi you x"
    assert said(shown, {"name": ""}, fallbacks={"name": "you"}, required=["name"]) == "Hi you x"
    assert said(shown, {"name": "Ann"}, fallbacks={"name": "you"}, missing="block") == "Hi Ann x"
    assert said("{{ traits.city }}", {"traits": {"a": 1}}, fallbacks={"traits.city": "town"}) == "town"
    for fields in ({"missing": "block"}, {"required": ["name"]}):
        for empty in ({}, {"name": ""}, {"name": None}):
            with pytest.raises(NotRenderable) as stopped:
                said(shown, empty, **fields)
            assert stopped.value.reason == "missing_attribute"


@pytest.mark.parametrize(
    "fields",
    [
        {"fallbacks": {"n": {"nl": "jij"}}},
        {"fallbacks": {"n": ""}},
        {"fallbacks": {"a b": "x"}},
        {"translations": {"NL": {"email": {"subject": "s", "text": "t"}}}},
        {"blocks": {"a": {"pick": "interest"}}},
        {"offer": "spring"},
        {"guards": {"a": {"protects": []}}},
        {"channels": {"email": {"subject": "s", "text": "t", "html": "<p>", "mjml": "<mjml/>"}}},
    ],
)
def test_documents_that_break_a_rule_of_content(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        document(**fields)


def test_the_example_of_the_manual_is_a_good_template() -> None:
    manual = (Path(__file__).parents[3] / "docs" / "templates.md").read_text()
    (example,) = re.findall(r"```json\n(.*?)```", manual, re.DOTALL)
    made = ready(TemplateDocument.model_validate_json(example), compile_mjml)

    assert advice(made) == []
    variables = {"traits": {"city": "Gent"}, "unsubscribe_url": "https://a.example/u"}
    assert render(made.spoken("nl-BE"), "email", variables).subject == "Voor uw rit"
    assert render(made.spoken("nl"), "email", variables).subject == "Hello, for your ride"


def test_what_an_older_document_does_not_say_is_no_part_of_its_version() -> None:
    older = document(html="<p>a</p>")
    assert older.digest() == document(html="<p>a</p>", language="en", missing="empty", fallbacks={}).digest()
    assert older.digest() != document(html="<p>a</p>", fallbacks={"n": "you"}).digest()
    channels = {"email": {"subject": "s", "html": "<p>a</p>", "text": "t"}, "sms": None}
    said = {"class": "service", "purpose": "", "channels": channels, "required": []}
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
    assert older.digest() == hashlib.sha256(canonical.encode()).hexdigest()


ANN = {"firstName": "Ann", "lastName": "de Vries"}


@pytest.mark.capability("001-21")
@pytest.mark.parametrize(
    ("language", "traits", "words"),
    [
        ("en", {**ANN, "title": "Mrs."}, "Dear Ms de Vries"),
        ("en", {**ANN, "gender": "female"}, "Dear Ms de Vries"),
        ("nl", {**ANN, "title": "mevr."}, "Geachte mevrouw de Vries"),
        ("nl", {**ANN, "gender": "m"}, "Geachte heer de Vries"),
        ("de", {"lastName": "Weiß", "title": "Herr"}, "Sehr geehrter Herr Weiß"),
        ("fr", {"lastName": "Noël", "gender": "f"}, "Bonjour Madame Noël"),
        ("es", {"lastName": "Muñoz", "gender": "m"}, "Estimado señor Muñoz"),
        ("en", ANN, "Dear Ann de Vries"),
        ("en", {**ANN, "gender": "x"}, "Dear Ann de Vries"),
        ("en", {**ANN, "gender": "unknown"}, "Dear Ann de Vries"),
        ("en", {**ANN, "title": "Mr", "gender": "female"}, "Dear Ann de Vries"),
        ("en", {**ANN, "gender": "female", "genderReliability": 0.89}, "Dear Ann de Vries"),
        ("en", {**ANN, "gender": "female", "genderReliability": 0.9}, "Dear Ms de Vries"),
        ("en", {**ANN, "title": "Mr", "gender": "female", "genderReliability": 0.1}, "Dear Mr de Vries"),
        ("en", {**ANN, "title": "Dr"}, "Dear Ann de Vries"),
        ("en", {"lastName": "de Vries", "title": "Dr"}, "Hello"),
        ("en", {"firstName": "Ann", "title": "Ms"}, "Dear Ann"),
        ("en", {}, "Hello"),
        ("nl", {"firstName": "test"}, "Goedendag"),
        ("nl", {"firstName": "https://e.example"}, "Goedendag"),
        ("nl", {"firstName": "A1", "lastName": "B2", "gender": "m"}, "Goedendag"),
        ("nl", {"lastName": "JANSEN", "gender": "m"}, "Geachte heer Jansen"),
        ("ja", {**ANN, "title": "Mrs"}, "Ann de Vries"),
        ("ja", {}, ""),
    ],
)
def test_a_title_is_used_only_where_it_is_sure(language: str, traits: dict[str, Any], words: str) -> None:
    assert salutation(language, traits) == words


@given(
    st.dictionaries(st.sampled_from(["title", "gender", "genderReliability"]), st.text() | st.floats()),
    st.sampled_from(["en", "nl", "de", "fr", "es"]),
)
@settings(max_examples=50)
def test_whoever_has_no_known_gender_is_never_addressed_by_one(traits: dict[str, Any], language: str) -> None:
    known = {"m", "f", "v", "w", "h"}
    traits = {k: v for k, v in traits.items() if not (isinstance(v, str) and v.strip().casefold() in known)}

    assert salutation(language, {**ANN, **traits}).endswith("Ann de Vries")


RATE = Guard(level="customer", needs={"traits.risk": ["low", "medium"]}, protects=["rate", "traits.rate"])
SEEN = "{% if guards.rate %}Your rate: {{ rate }}{% else %}Ask us for a rate.{% endif %} {{ rate }}{{ traits.rate }}"


@pytest.mark.capability("004-6")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("risk", ["low", "high", None])
def test_a_personal_rate_is_for_known_customers_by_risk(level: Any, risk: str | None) -> None:
    variables = {"rate": "3.1 %", "traits": {"rate": "3.1 %", "risk": risk}}

    shown, verdicts = guarded({"rate": RATE}, level, variables)
    text = said(SEEN, shown)

    may = level == "customer" and risk == "low"
    assert verdicts == {"rate": may}
    assert ("3.1" in text) is may
    assert text.startswith("Your rate" if may else "Ask us")
    assert variables["traits"] == {"rate": "3.1 %", "risk": risk}


def test_guards_open_by_any_value_where_none_are_listed() -> None:
    guard = Guard(needs={"traits.vip": []}, protects=["x"])

    assert opened(guard, "contact", {"traits": {"vip": True}})
    assert not opened(guard, "contact", {"traits": {"vip": ""}})
    assert not opened(guard, "anonymous", {"traits": {"vip": True}})
    assert opened(Guard(needs={"vip": ["true"]}, protects=["x"]), "contact", {"vip": True})


def test_a_contact_keeps_short_attributes_as_far_as_there_is_room() -> None:
    traits: dict[str, Any] = {f"t{i:02}": "x" * 190 for i in range(20)}
    kept = contact_of(
        "p", 1, {**traits, "lastName": "V", "email": "a@b.example", "list": [1], "n": float("inf")}
    )

    assert kept.attributes["lastName"] == "V"
    assert 1 < len(kept.attributes) < 9
    assert not {"email", "list", "n"} & kept.attributes.keys()


def test_mjml_becomes_html_once_and_liquid_in_it_stays() -> None:
    written = document()
    email = written.channels.email
    assert email
    channels = written.channels.model_copy(update={"email": email.model_copy(update={"mjml": MJML})})
    made = ready(written.model_copy(update={"channels": channels}), compile_mjml)

    shown = render(made, "email", {"points": 5, "url": "https://x.example/?a=1&b=2"}).html
    assert "Dag daar bijna!" in shown
    assert 'href="https://x.example/?a=1&amp;b=2"' in shown
    assert "mj-" not in shown.replace("mj-column", "").replace("mj-outlook", "")
    assert "javascript" not in render(made, "email", {"url": "javascript:alert(1)"}).html
    assert {one.code for one in advice(made)} == set()


@pytest.mark.parametrize(
    "source",
    [
        "<mjml><mj-body><mj-include path='file:///etc/passwd'/></mj-body></mjml>",
        "<mjml><mj-body>" + "<mj-wrapper>" * 3_000 + "</mj-wrapper>" * 3_000 + "</mj-body></mjml>",
        "<mjml><mj-body><mj-text>a",
        "<p>a</p>",
        "",
        "<!DOCTYPE mjml [<!ENTITY a 'b'>]><mjml><mj-body></mj-body></mjml>",
        "<mjml><mj-body>LIQUID0HELD</mj-body></mjml>",
    ],
)
def test_mjml_that_is_none_or_would_break_the_compiler_is_refused(source: str) -> None:
    with pytest.raises(Invalid) as refused:
        compile_mjml("channels.email.mjml", source)
    assert refused.value.code == "mjml_syntax"


GOOD = (
    "<html lang='en'><body><table role='presentation'><tr><td><img alt='' src='https://a.example'>a</td></tr>"
)


@pytest.mark.parametrize(
    ("html", "codes"),
    [
        (GOOD, set()),
        ("<html><body>a</body></html>", {"no_language"}),
        ("<img src='https://a.example'>", {"no_alt"}),
        ("<table><tr><td>a</td></tr></table>", {"table_role"}),
        ("<a href='http://a.example'>a</a>", {"insecure_link"}),
        ("<p style='color:#777777'>a</p>", {"contrast"}),
        ("<p style='color:#767676'>a</p>", set()),
        ("<div style='background:#000'><p style='color: #fff'>a</p></div>", set()),
        ("<td bgcolor='#ffffff'><span style='color:white'>a</span></td>", {"contrast"}),
        ("<p style='color:{% if a %}red{% endif %}'>a</p>", {"contrast"}),
        ("<form action='https://a.example'></form>", {"form"}),
        ("a" * (CLIPPED + 1), {"clipped"}),
    ],
)
def test_what_there_is_to_mend(html: str, codes: set[str]) -> None:
    assert {one.code for one in advice(document(html=html))} == codes


def test_subjects_that_inboxes_cut_or_suspect() -> None:
    def codes(subject: str) -> set[str]:
        email = {"subject": subject, "text": "see http://a.example"}
        body = {"class": "service", "channels": {"email": email}}
        return {one.code for one in advice(TemplateDocument.model_validate(body))}

    assert codes("a" * 79) == {"long_subject", "insecure_link"}
    assert codes("{{ a | default: '" + "b" * 90 + "' }}") == {"insecure_link"}
    assert codes("BUY NOW OR NEVER") == {"shouting_subject", "insecure_link"}
