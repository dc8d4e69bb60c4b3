"""How a firm may dress the public pages: nothing that somebody could not read, nothing that is not a picture."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.consent.domain.brand import ERROR, HINT, Brand, Colours, contrast
from tests.support import accessible

PNG = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 40).decode()
colours = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#ff0000", 1),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)


@settings(max_examples=100)
@given(colours, colours)
def test_contrast_agrees_with_another_reading_of_the_rule(one: str, other: str) -> None:
    assert contrast(one, other) == pytest.approx(accessible.contrast(one, other))


light, dark = (
    st.tuples(*[st.integers(low, low + 75)] * 3).map(lambda c: "#{:02x}{:02x}{:02x}".format(*c))
    for low in (180, 30)
)


@settings(max_examples=100)
@given(dark, light, dark, light)
def test_colours_are_taken_just_where_all_can_be_read(
    text: str, background: str, accent: str, on_accent: str
) -> None:
    pairs = [(text, background), (accent, background), (on_accent, accent)]
    pairs += [(other, background) for other in (HINT, ERROR)]
    readable = all(accessible.contrast(*pair) >= 4.5 for pair in pairs)
    try:
        Colours(text=text, background=background, accent=accent, on_accent=on_accent)
    except ValidationError:
        assert not readable
    else:
        assert readable


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"colours": {"text": "#999999"}}, "text on background has a contrast of 2.85 to 1"),
        ({"colours": {"accent": "#ffcc00"}}, "accent on background"),
        ({"colours": {"on_accent": "#0b5394"}}, "on_accent on accent"),
        (
            {"colours": {"text": "#ffffff", "background": "#000000", "accent": "#99ccff"}},
            "on_accent on accent",
        ),
        ({"colours": {"background": "#c0c0c0", "accent": "#000000"}}, "hints"),
        ({"colours": {"accent": "red;}body{display:none"}}, "should match pattern"),
        ({"colours": {"accent": "#0B5394"}}, "should match pattern"),
        ({"name": ""}, "at least 1 character"),
        ({"name": "a\nb"}, "should match pattern"),
        ({"logo": "https://example.com/logo.png"}, "must be data:image/png"),
        ({"logo": "data:image/svg+xml;base64,PHN2Zz4="}, "must be data:image/png"),
        ({"logo": "data:text/html;base64,PHN2Zz4="}, "must be data:image/png"),
        ({"logo": PNG.replace("png", "gif", 1)}, "is no gif picture"),
        ({"logo": "data:image/png;base64,PHNjcmlwdD4="}, "is no png picture"),
        ({"logo": "data:image/png;base64,iVB"}, "is not base64"),
        ({"logo": PNG + "A" * 60_000}, "at most 60000"),
        ({"texts": {"fr": {"intro": "x"}}}, "'en' or 'nl'"),
        ({"texts": {"nl": {"title": "x"}}}, "Extra inputs"),
        ({"texts": {"nl": {"intro": "x" * 601}}}, "at most 600"),
        ({"texts": {"nl": {"footer": "a\u0000b"}}}, "should match pattern"),
    ],
)
def test_what_can_not_be_shown_is_refused_with_its_reason(document: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match="validation error") as refused:
        Brand.model_validate({"name": "Fietsen & Zn", **document})
    assert said in str(refused.value)


def test_a_whole_brand_is_taken() -> None:
    made = Brand.model_validate(
        {
            "name": "Fietsen & Zn",
            "logo": PNG,
            "texts": {"nl": {"intro": "Dag\n\nU bent welkom", "footer": "KvK 1"}},
        }
    )
    assert made.colours == Colours()
