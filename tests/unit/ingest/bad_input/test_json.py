"""Texts that are no JSON, and JSON that parsers disagree about: refused by name, or the value survives."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from services.ingest.domain import json_text
from tests.unit.ingest.bad_input.door import post


def event(value: str) -> str:
    """A track call with `value`, as JSON text, in its properties."""
    return f'{{"event":"E","userId":"u","messageId":"m","properties":{{"v":{value}}}}}'


NOT_JSON: list[tuple[str, bytes | str]] = [
    ("nothing", ""),
    ("blank", " \t\r\n"),
    ("a brace", "{"),
    ("two objects", '{"userId":"u"}{"userId":"u"}'),
    ("trailing brace", '{"userId":"u"}}'),
    ("trailing comma", '{"userId":"u",}'),
    ("trailing comma in a list", '{"a":[1,]}'),
    ("leading comma", '{,"userId":"u"}'),
    ("missing colon", '{"userId" "u"}'),
    ("missing comma", '{"a":1 "b":2}'),
    ("single quotes", "{'userId':'u'}"),
    ("bare key", '{userId:"u"}'),
    ("comment", '{"userId":"u"/* who */}'),
    ("line comment", '{"userId":"u"}//'),
    ("cut off in a text", '{"userId":"u'),
    ("cut off in an escape", '{"userId":"\\u00'),
    ("bad escape", '{"userId":"\\x41"}'),
    ("raw line break in a text", '{"userId":"a\nb"}'),
    ("raw tab in a text", '{"userId":"a\tb"}'),
    ("raw NUL in a text", '{"userId":"a\x00b"}'),
    ("NUL after the body", '{"userId":"u"}\x00'),
    ("undefined", event("undefined")),
    ("None", event("None")),
    ("True", event("True")),
    ("hexadecimal", event("0x10")),
    ("octal", event("010")),
    ("leading plus", event("+1")),
    ("leading dot", event(".5")),
    ("trailing dot", event("5.")),
    ("empty exponent", event("1e")),
    ("underscores", event("1_000")),
    ("nan in small letters", event("nan")),
    ("two minus signs", event("--1")),
    ("XML", "<event/>"),
    ("form", "userId=u&event=E"),
    ("multipart", "--b\r\nContent-Disposition: form-data\r\n\r\n{}\r\n--b--"),
    ("UTF-16", '{"userId":"u","event":"E"}'.encode("utf-16")),
    ("UTF-32", '{"userId":"u","event":"E"}'.encode("utf-32")),
    ("Latin-1", '{"userId":"Zoë","event":"E"}'.encode("latin-1")),
    ("overlong UTF-8", b'{"userId":"\xc0\xaf","event":"E"}'),
    ("surrogate in UTF-8", b'{"userId":"\xed\xa0\x80","event":"E"}'),
    ("beyond Unicode", b'{"userId":"\xf4\x90\x80\x80","event":"E"}'),
    ("lone continuation", b'{"userId":"\x80","event":"E"}'),
    ("two byte order marks", b'\xef\xbb\xbf\xef\xbb\xbf{"userId":"u","event":"E"}'),
    ("a list", "[]"),
    ("a list of calls", '[{"userId":"u","event":"E"}]'),
    ("a text", '"track"'),
    ("a number", "7"),
    ("null", "null"),
    ("true", "true"),
    ("NaN", "NaN"),
]


@pytest.mark.parametrize("call", ["track", "batch"])
@pytest.mark.parametrize("body", [row[1] for row in NOT_JSON], ids=[row[0] for row in NOT_JSON])
def test_what_is_no_json_object_is_refused(call: str, body: bytes | str) -> None:
    said = post(call, body)
    assert (said.status, said.code) == (400, "invalid_json")


REFUSED: list[tuple[str, str, str]] = [
    ("NaN", "NaN", "not_finite"),
    ("Infinity", "Infinity", "not_finite"),
    ("-Infinity", "-Infinity", "not_finite"),
    ("1e400", "1e400", "not_finite"),
    ("-1e400", "-1e400", "not_finite"),
    ("1e999999999999", "1e999999999999", "not_finite"),
    ("NaN in a list", '[1,[{"a":NaN}]]', "not_finite"),
    ("2^64", str(2**64), "bad_number"),
    ("-2^63-1", str(-(2**63) - 1), "bad_number"),
    ("21 digits", "1" * 21, "bad_number"),
    ("5,000 digits", "9" * 5_000, "bad_number"),
    ("39-digit decimal", "1.23456789012345678901234567890123456789", "bad_number"),
    ("18 digits of money", "1234567890123456.78", "bad_number"),
    ("a decimal beyond a double's digits", "0.1234567890123456789", "bad_number"),
    ("1e-400", "1e-400", "bad_number"),
    ("digits lost near zero", "1.23456789e-320", "bad_number"),
    ("an exponent beyond all bounds", "1e-99999999999999999999", "bad_number"),
    ("30,000 decimals", "0." + "7" * 30_000, "bad_number"),
    ("repeated key", '{"a":1,"a":2}', "duplicate_key"),
    ("repeated key, same value", '{"a":1,"a":1}', "duplicate_key"),
    ("repeated key, escaped", '{"a":1,"\\u0061":2}', "duplicate_key"),
    ("repeated empty key", '{"":1,"":2}', "duplicate_key"),
    ("repeated key in a list", '[{"a":1,"a":2}]', "duplicate_key"),
    ("half a surrogate pair", '"\\ud800"', "bad_text"),
    ("the other half", '"\\udfff"', "bad_text"),
    ("halves in the wrong order", '"\\udc00\\ud800"', "bad_text"),
    ("half a surrogate pair as key", '{"\\ud83d":1}', "bad_text"),
    ("17 levels", '{"a":' * 15 + "1" + "}" * 15, "too_deep"),
    ("17 levels of lists", "[" * 15 + "]" * 15, "too_deep"),
    ("100 levels", "[" * 100 + "]" * 100, "too_deep"),
    ("100,000 levels", "[" * 100_000 + "]" * 100_000, "too_deep"),
    ("201 keys", "{" + ",".join(f'"{i}":1' for i in range(201)) + "}", "too_many_keys"),
    ("201 keys in a list", "[{" + ",".join(f'"{i}":1' for i in range(201)) + "}]", "too_many_keys"),
]


@pytest.mark.parametrize(("value", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_json_that_cannot_be_kept_is_refused_by_name(value: str, code: str) -> None:
    said = post("track", event(value))
    assert (said.status, said.code) == (400, code)


@pytest.mark.parametrize(("value", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_and_its_neighbours_in_a_batch_are_taken(value: str, code: str) -> None:
    good = '{"type":"track","event":"E","userId":"u","messageId":"good"}'
    bad = event(value).replace("{", '{"type":"track",', 1)
    said = post("batch", f'{{"batch":[{good},{bad}]}}')
    if value.count("[") > json_text.SAFE_DEPTH:  # such a text is not parsed at all
        assert (said.status, said.code) == (400, "too_deep")
    else:
        assert said.event["messageId"] == "good"


KEPT: list[tuple[str, str, Any]] = [
    ("zero", "0", 0),
    ("minus zero", "-0.0", -0.0),
    ("2^64-1", str(2**64 - 1), 2**64 - 1),
    ("-2^63", str(-(2**63)), -(2**63)),
    ("2^53+1", "9007199254740993", 9007199254740993),
    ("0.1", "0.1", 0.1),
    ("0.1 as C prints it", "0.10000000000000001", 0.1),
    ("0.1 to the last digit", "0.1000000000000000055511151231257827021181583404541015625", 0.1),
    ("trailing zeros", "12.50000000000000000000", 12.5),
    ("12.50", "12.50", 12.5),
    ("1e200", "1e200", 1e200),
    ("1E+2", "1E+2", 100.0),
    ("largest", "1.7976931348623157e308", 1.7976931348623157e308),
    ("smallest", "5e-324", 5e-324),
    ("smallest normal", "2.2250738585072014e-308", 2.2250738585072014e-308),
    ("100 zeros", "0." + "0" * 100 + "1", 1e-101),
    ("empty text", '""', ""),
    ("blank text", '"  "', "  "),
    ("NUL", '"\\u0000"', "\x00"),
    ("controls", '"\\u0001\\u001f\\u007f\\u0085"', "\x01\x1f\x7f\x85"),
    ("line separator", '"\\u2028"', "\u2028"),
    ("replacement character", '"\ufffd"', "\ufffd"),
    ("noncharacter", '"\\uffff"', "\uffff"),
    ("emoji", '"😀"', "😀"),
    ("escaped emoji", '"\\ud83d\\ude00"', "😀"),
    ("family of joiners", '"👨‍👩‍👧"', "👨‍👩‍👧"),
    ("combining marks", '"e\u0301"', "e\u0301"),
    ("right to left", '"\u202eabc"', "\u202eabc"),
    ("zero width", '"a\u200bb"', "a\u200bb"),
    ("byte order mark inside", '"\ufeff"', "\ufeff"),
    ("slash escapes", '"<\\/script>"', "</script>"),
    ("SQL", '"\'; DROP TABLE profiles; --"', "'; DROP TABLE profiles; --"),
    ("template", '"{{ 7 * 7 }}${7*7}<%= 7 %>"', "{{ 7 * 7 }}${7*7}<%= 7 %>"),
    ("formula", "\"=cmd|' /C calc'!A0\"", "=cmd|' /C calc'!A0"),
    ("header break", '"a\\r\\nBcc: b@example.com"', "a\r\nBcc: b@example.com"),
    ("null", "null", None),
    ("true", "true", True),
    ("empty object", "{}", {}),
    ("empty list", "[]", []),
    ("mixed list", '[1,"1",1.0,null,true,{}]', [1, "1", 1.0, None, True, {}]),
    ("16 levels", "[" * 14 + "]" * 14, [[[[[[[[[[[[[[]]]]]]]]]]]]]]),
    ("200 keys", "{" + ",".join(f'"{i}":1' for i in range(200)) + "}", {str(i): 1 for i in range(200)}),
    ("10,000 numbers", "[" + ",".join(["1"] * 10_000) + "]", [1] * 10_000),
]


@pytest.mark.parametrize(("value", "kept"), [row[1:] for row in KEPT], ids=[row[0] for row in KEPT])
def test_the_rest_survives_unchanged(value: str, kept: Any) -> None:
    (arrival,) = post("track", event(value)).arrivals
    found = arrival.read().properties["v"]
    assert found == kept
    assert type(found) is type(kept)
    assert json_text.parse(json.dumps(arrival.event)) == arrival.event
    if isinstance(kept, float):
        assert math.copysign(1, found) == math.copysign(1, kept)


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"userId":"u","event":"E"}',
        ' \r\n{"userId" : "u" ,\t"event":"E"}\n ',
        '{"userId":"u","event":"E","extra":{"anything":[1]}}',
    ],
    ids=["byte order mark", "white space", "unknown fields"],
)
def test_harmless_oddities_are_taken(body: bytes | str) -> None:
    assert post("track", body).event["event"] == "E"
