"""Templates say what the Liquid engine as it comes says, by whatever way they are rendered."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from liquid import Environment, FalsyStrictUndefined, Undefined
from liquid.exceptions import LiquidError, OutputStreamLimitError

from services.delivery.domain.templates.engine import Quick

_NAMES = ("a", "b", "first", "size", "last", "forloop", "no")
_TEXTS = st.sampled_from(["", "plain", "<b>&amp; 'it' \"is\"", "é€", "𝄞\u2028", "0"])
_VALUES = st.recursive(
    _TEXTS | st.integers(-5, 5) | st.booleans() | st.none() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4),
    max_leaves=8,
)
_VARIABLES = st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=5)


class _Bounded(Quick):
    output_stream_limit = 60


@st.composite
def _paths(draw: st.DrawFn) -> str:
    steps = draw(
        st.lists(
            st.sampled_from([f".{name}" for name in _NAMES])
            | st.sampled_from(["[0]", "[a]", "['b']", "[-1]"]),
            max_size=3,
        )
    )
    return draw(st.sampled_from(_NAMES)) + "".join(steps)


_FILTERS = st.sampled_from(["", " | upcase", " | default: 'none'", " | escape", " | join: ','", " | size"])
_SHOWN = st.builds("{{{{ {}{} }}}}".format, _paths(), _FILTERS)
_PIECES = st.recursive(
    _TEXTS | _SHOWN,
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("{{% for a in {} %}}{}{{% else %}}-{{% endfor %}}".format, _paths(), inner),
        st.builds("{{% if {} %}}{}{{% endif %}}".format, _paths(), inner),
        st.builds("{{% capture b %}}{}{{% endcapture %}}{{{{ b }}}}".format, inner),
        st.builds("{{% assign a = {} %}}{}".format, _paths(), inner),
        st.builds("{{% tablerow b in {} %}}{}{{% endtablerow %}}".format, _paths(), inner),
        st.builds("{{% echo {} %}}{{% increment a %}}{}".format, _paths(), inner),
        st.builds("{{% ifchanged %}}{}{{% endifchanged %}}{{% cycle {}, 'x' %}}".format, inner, _paths()),
    ),
    max_leaves=8,
)


def _said(engine: type[Environment], source: str, variables: dict[str, Any], **how: Any) -> tuple[str, str]:
    try:
        return "said", engine(**how).from_string(source).render(**variables)
    except LiquidError as error:
        return type(error).__name__, str(error)


@given(source=_PIECES, variables=_VARIABLES, html=st.booleans(), strict=st.booleans())
def test_it_says_what_the_engine_says(
    source: str, variables: dict[str, Any], html: bool, strict: bool
) -> None:
    """Texts, variables by any path, filters, loops and captures come out the same, and so do mistakes."""
    how = {"autoescape": html, "undefined": FalsyStrictUndefined if strict else Undefined}
    assert _said(Quick, source, variables, **how) == _said(Environment, source, variables, **how)


@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize(
    "path",
    [
        "a",
        "a.b",
        "a.b.first",
        "a.b.first.last",
        "a.b.no",
        "a.no.b",
        "no.a",
        "a.first.b",
        "a.b.size",
        "a.last[0]",
    ],
)
def test_a_variable_is_found_however_deep(path: str, html: bool) -> None:
    """Beside names that lead to a text: to none, to something else, or through what is no mapping."""
    variables = {
        "a": {"b": {"first": {"last": "<deep>"}, "size": 3}, "first": "text", "last": ["<in a list>"]}
    }
    source = f"[{{{{ {path} }}}}]"
    assert _said(Quick, source, variables, autoescape=html) == _said(
        Environment, source, variables, autoescape=html
    )


@given(source=_PIECES, variables=_VARIABLES)
def test_it_stops_where_the_engine_stops(source: str, variables: dict[str, Any]) -> None:
    """The limit is one of bytes, and what is captured counts before it is shown."""

    class Plain(Environment):
        output_stream_limit = _Bounded.output_stream_limit

    assert _said(_Bounded, source, variables) == _said(Plain, source, variables)


@pytest.mark.parametrize("text", ["x" * 61, "€" * 21, "𝄞" * 16])
def test_a_byte_more_is_too_much(text: str) -> None:
    """One character less has room."""
    shown = _Bounded().from_string("{{ text }}")
    assert shown.render(text=text[:-1]) == text[:-1]
    with pytest.raises(OutputStreamLimitError):
        shown.render(text=text)
