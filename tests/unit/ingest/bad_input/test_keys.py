"""Names that other languages, databases and parsers stumble over: kept as they are, wherever they stand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.ingest.bad_input.door import post

NAMES = [
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "hasOwnProperty",
    "__class__",
    "__init__",
    "",
    " ",
    ".",
    "..",
    "a.b",
    "a..b",
    ".a",
    "a.",
    "$",
    "$set",
    "$where",
    "#name",
    ":value",
    "size",
    "status",
    "name",
    "timestamp",
    "null",
    "true",
    "0",
    "-1",
    "1e3",
    "a b",
    "a\tb",
    "a\nb",
    "a\x00b",
    "\x7f",
    "\u200b",
    "\u202e",
    "\ufeff",
    "é",
    "e\u0301",
    "名前",
    "😀",
    "[0]",
    "a[0]",
    "a/b",
    "a\\b",
    '"',
    "'",
    "`",
    "<script>",
    "{{x}}",
    "${x}",
    "%s",
    "../../etc/passwd",
    "profile_id",
    "version",
    "held",
    "n" * 10_000,
]


@pytest.mark.parametrize("name", NAMES, ids=[ascii(name[:20]) for name in NAMES])
def test_a_name_is_kept_in_properties_and_below(name: str) -> None:
    properties = {name: {name: [{name: 1}]}}
    body = json.dumps({"event": "E", "userId": "u", "properties": properties})
    (arrival,) = post("track", body).arrivals
    assert dict(arrival.read().properties) == properties


@pytest.mark.parametrize("name", NAMES, ids=[ascii(name[:20]) for name in NAMES])
def test_a_name_is_kept_in_traits(name: str) -> None:
    body = json.dumps({"userId": "u", "traits": {name: {"nested": 1}}})
    (arrival,) = post("identify", body).arrivals
    assert dict(arrival.read().traits) == {name: {"nested": 1}}


@pytest.mark.parametrize(
    ("properties", "code", "status"),
    [
        ({"k" * 70_000: 1}, "too_large", 413),
        ({"a": {"k" * 40_000: 1}}, "too_large", 413),
        ({str(i): 1 for i in range(201)}, "too_many_keys", 400),
    ],
)
def test_a_name_too_long_or_too_many(properties: Any, code: str, status: int) -> None:
    said = post("track", json.dumps({"event": "E", "userId": "u", "properties": properties}))
    assert (said.status, said.code) == (status, code)


@pytest.mark.parametrize(
    "name", ["USERID", "user_id", "UserId", "userid", " userId", "userId ", "\u200buserId"]
)
def test_a_name_that_only_looks_like_an_identifier_s_is_none(name: str) -> None:
    assert post("track", json.dumps({"event": "E", name: "u"})).code == "no_identity"
