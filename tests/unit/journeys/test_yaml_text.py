"""YAML says what JSON can say, and nothing else."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.journeys.domain.yaml_text import MAX_TEXT, read_yaml
from services.shared.errors import Invalid, TooLarge


def test_words_that_yaml_makes_something_else_of_stay_text() -> None:
    said = read_yaml("on: [yes, off, 2026-12-24, 09:00, 012e, 1_000, 0x10, .inf, =, <<]\nnorway: no")
    assert said == {
        "on": ["yes", "off", "2026-12-24", "09:00", "012e", "1_000", "0x10", ".inf", "=", "<<"],
        "norway": "no",
    }


def test_numbers_truth_and_nothing_are_those_of_json() -> None:
    said = read_yaml("a: [1, -2, 1.5, 1e3, 012, true, false, null, ~, '1', \"true\"]")
    assert said == {"a": [1, -2, 1.5, 1000.0, 12, True, False, None, None, "1", "true"]}
    assert [type(one) for one in said["a"][:5]] == [int, int, float, float, int]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a: &x [1]\nb: *x", "line 2, column 4: aliases are not allowed"),
        ("a: 1\nb:\n  c: 1\n  c: 2", "line 4, column 3: the key 'c' stands twice"),
        ("1: 2", "the key '1' is no text"),
        ("true: 2", "is no text"),
        ("? [a]\n: b", "is no text"),
        ("- a", "not a YAML object"),
        ("", "not a YAML object"),
        ("a: !!python/object/apply:os.system [x]", "could not determine a constructor"),
        ("a: !!timestamp 2026-01-01", "could not determine a constructor"),
        ("a: !!binary aGk=", "could not determine a constructor"),
        ("a: !!int x", "not YAML"),
        ("a: " + "9" * 400, "is no number that JSON has"),
        ("a: " + "[" * 100 + "]" * 100, "nested deeper than 60"),
        ("a: " + "{b: " * 100 + "}" * 100, "nested deeper than 60"),
        ("a: 1\n---\nb: 2", "another document"),
        ("a: b: c", "line 1, column 5"),
        ("a: \x00", "not YAML"),
        (b"\xff\xfe\x00", "not YAML"),
        (b"a: \xff", "not YAML"),
        ('a: "\\ud83d"', "is no text"),
        ("a: 1e999", "is no number that JSON has"),
    ],
)
def test_what_json_cannot_say_is_refused_with_its_place(text: str | bytes, rule: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_yaml(text)
    assert refused.value.code == "invalid_yaml"
    assert rule in refused.value.message


def test_a_bomb_of_aliases_does_not_go_off() -> None:
    layers = "\n".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]" for i in range(9)
    )
    begun = time.monotonic()
    with pytest.raises(Invalid, match="aliases"):
        read_yaml(f"a: &a [x]\n{layers}")
    assert time.monotonic() - begun < 1


def test_what_is_too_large_is_not_read() -> None:
    with pytest.raises(TooLarge):
        read_yaml("# " + "x" * MAX_TEXT + "\na: 1")


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**15), 10**15), st.floats(-1e6, 1e6), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=10,
)


@given(said=st.dictionaries(TEXTS, VALUES, max_size=5))
@settings(max_examples=100)
def test_json_means_the_same_as_yaml(said: dict[str, Any]) -> None:
    """YAML holds JSON within it: a document may be pasted from one to the other."""
    assert read_yaml(json.dumps(said)) == said


@given(said=st.dictionaries(st.sampled_from(["on", "no", "a b", "x"]), VALUES, max_size=4))
@settings(max_examples=100)
def test_what_another_writer_writes_means_the_same(said: dict[str, Any]) -> None:
    """Of YAML 1.2, whose `0E0` is a number: PyYAML writes 1.1, where it is a text without quotes."""

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def quoted_like_1_2(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        style = '"' if re.fullmatch(r"[-+]?[0-9.]+[eE][-+]?[0-9]+", text) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Plain.add_representer(str, quoted_like_1_2)
    assert read_yaml(yaml.dump(said, Dumper=Plain, allow_unicode=True)) == said
