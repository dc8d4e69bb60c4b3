"""Templates: what is refused, what is escaped, what can't run away; and the e-mail made of them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.delivery.domain.mime import NotAnEmail, build_mime
from services.delivery.domain.templates.documents import TemplateDocument
from services.delivery.domain.templates.limits import Limited
from services.delivery.domain.templates.rendered import NotRenderable, Rendered
from services.delivery.domain.templates.rendering import check, render
from services.shared.errors import Invalid

SEEDS = Path(__file__).parents[3] / "local" / "seeds" / "templates"
SCRIPT = "<script>alert('1')</script>"


def document(html: str = "", text: str = "text", subject: str = "subject", **fields: Any) -> TemplateDocument:
    email = {"subject": subject, "html": html, "text": text}
    return TemplateDocument.model_validate({"class": "service", "channels": {"email": email}, **fields})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"class": "commercial", "channels": {"sms": {"text": "x"}}}, "purpose is required"),
        ({"class": "service", "purpose": "p", "channels": {"sms": {"text": "x"}}}, "purpose is not allowed"),
        ({"class": "service", "channels": {}}, "channels needs at least one"),
        ({"class": "ideal", "channels": {"sms": {"text": "x"}}}, "purpose is required: a"),
        ({"class": "promotion", "channels": {"sms": {"text": "x"}}}, "service"),
        ({"class": "service", "channels": {"fax": {"text": "x"}}}, "Extra inputs"),
        ({"class": "service", "channels": {"sms": {"text": ""}}}, "at least 1"),
        ({"class": "service", "channels": {"sms": {"text": "x"}}, "frequency_cap": 1}, "Extra inputs"),
        (
            {
                "class": "commercial",
                "purpose": "p",
                "channels": {"email": {"subject": "s", "text": "no way out"}},
            },
            "must show unsubscribe_url",
        ),
    ],
)
def test_documents_that_break_a_rule(body: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        TemplateDocument.model_validate(body)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{% if %}", "template_syntax"),
        ("{{ x | nofilter }}", "template_syntax"),
        ("{% if x %}{{ x | safe }}{% endif %}", "template_syntax"),
        ("{% include 'x' %}", "template_syntax"),
        ("{% render 'x' %}", "template_syntax"),
        ("{% for i in x %}", "template_syntax"),
        ("{{ (1..100000000) | join: 'x' }}", "template_syntax"),
        ("{% for i in (1..n) %}x{% endfor %}", "template_syntax"),
        ("{% liquid\n for i in (1..9)\n echo i\n endfor %}", "template_syntax"),
        ("{{ 1 | divided_by: 0 }}", "template_error"),
        (
            "{% assign s = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' %}"
            + "{% assign s = s | append: s %}" * 20,
            "template_error",
        ),
        ("{% assign n = 99999999 %}" + "{% assign n = n | times: n %}" * 12 + "{{ n }}", "template_error"),
    ],
)
def test_bad_liquid_is_refused_by_name(source: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check(document(html=source))

    assert refused.value.code == code
    assert refused.value.message.startswith("channels.email.html: ")


def test_two_dots_in_words_are_no_range() -> None:
    check(document(text="Wait.. {{ name | default: 'you..' }}"))


def test_a_template_can_not_outgrow_its_limits_with_data() -> None:
    long = document(text="{% for a in l %}{% for b in l %}{{ b }}{% endfor %}{% endfor %}")

    with pytest.raises(NotRenderable) as refused:
        render(long, "email", {"l": ["x" * 100] * 40})
    assert refused.value.reason == "render_error"


def test_no_filter_leads_around_the_escaping() -> None:
    environment = Limited(autoescape=True)
    values = {
        "x": SCRIPT,
        "l": [SCRIPT],
        "u": "%3Cscript%3E",
        "b": base64.b64encode(SCRIPT.encode()).decode(),
    }
    tried = 0
    for name in environment.filters:
        for source in (
            "x | %s",
            "x | %s: 'a'",
            "x | %s: 'a', x",
            "x | %s: 5",
            "l | %s: x",
            "u | %s",
            "b | %s",
            "'a' | %s: x",
        ):
            try:
                shown = environment.from_string("{{ " + source % name + " }}").render(**values)
            except Exception:  # the filter does not take these arguments
                continue
            tried += 1
            assert "<script" not in shown, (name, source)
    assert tried > 150


@given(st.text(max_size=60))
@settings(max_examples=50)
def test_a_name_is_text_in_html_and_one_line_in_the_subject(name: str) -> None:
    made = render(document(html="<p>{{ n }}</p>", subject="Hi {{ n }}!"), "email", {"n": name})

    assert "<" not in made.html.removeprefix("<p>").removesuffix("</p>")
    assert not set(made.subject) & set("\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")


def test_a_script_url_is_dropped_in_html_only() -> None:
    made = render(
        document(html="<a href='{{ u }}'>x</a>", text="{{ u }}"), "email", {"u": " JavaScript:alert(1)"}
    )

    assert made.html == "<a href=''>x</a>"
    assert "alert" in made.text


def test_an_unknown_name_gives_a_neutral_salutation_and_a_required_one_blocks() -> None:
    text = "Hello {{ first_name | default: 'there' }}"

    assert render(document(text=text), "email", {"first_name": "Ann"}).text == "Hello Ann"
    assert render(document(text=text), "email", {}).text == "Hello there"
    with pytest.raises(NotRenderable) as missing:
        render(document(text=text, required=["first_name"]), "email", {"first_name": ""})
    assert missing.value.reason == "missing_attribute"


@pytest.mark.parametrize("file", sorted(SEEDS.glob("*.json")), ids=lambda f: f.stem)
def test_the_seeds_are_good_templates(file: Path) -> None:
    seed = TemplateDocument.model_validate(json.loads(file.read_text()))
    check(seed)
    for channel in seed.supported():
        links = {"confirm_url": "https://x.example/c", "unsubscribe_url": "https://x.example/u"}
        made = render(seed, channel, dict.fromkeys(seed.required, "https://x.example/r") | links)
        assert seed.message_class == "service" or "https://x.example/u" in made.text


def mime(**fields: Any) -> bytes:
    base: dict[str, Any] = {
        "sender": "Halte <hello@example.com>",
        "to": "ann@example.com",
        "content": Rendered(text="é text\n", subject="Hé", html="<p>é</p>"),
        "at": datetime(2026, 3, 1, tzinfo=UTC),
    }
    return build_mime(**{**base, **fields})


def test_a_commercial_mail_has_both_parts_and_one_click_headers() -> None:
    link = "https://x.example/consents/unsubscribe?token=" + "A" * 600
    raw = mime(unsubscribe_url=link)
    mail = message_from_bytes(raw, policy=policy.default)

    assert f"List-Unsubscribe: <{link}>\r\n".encode() in raw
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (mail["From"], mail["To"], mail["Subject"]) == (
        "Halte <hello@example.com>",
        "ann@example.com",
        "Hé",
    )
    assert [p.get_content_type() for p in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert max(raw) < 128
    assert "List-Unsubscribe" not in message_from_bytes(mime())


@pytest.mark.parametrize("word", ["=?utf-8?q?=0D=0ABcc:_eve@example.com?=", "=?utf-8?b?DQpCY2M6IGU=?="])
def test_an_encoded_word_in_a_name_is_no_header(word: str) -> None:
    mail = message_from_bytes(mime(content=Rendered(text="x", subject=f"Hi {word}")), policy=policy.default)

    assert mail["Bcc"] is None
    assert mail["Date"]
    assert mail["Subject"].startswith("Hi = ?utf-8")


@pytest.mark.parametrize(
    "fields",
    [
        {"to": "ann@example.com\r\nBcc: eve@example.com"},
        {"to": "ann@example.com, eve@example.com"},
        {"to": "änn@example.com"},
        {"to": "no-address"},
        {"content": Rendered(text="x", subject="a\r\nBcc: eve@example.com")},
        {"sender": "hello@example.com\nBcc: eve@example.com"},
        {"unsubscribe_url": "https://x.example/\r\nBcc: eve@example.com"},
    ],
)
def test_nothing_smuggles_a_header(fields: dict[str, Any]) -> None:
    with pytest.raises(NotAnEmail):
        mime(**fields)
