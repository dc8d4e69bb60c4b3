"""Ids: what programs write when they know nobody, what no id is, and ids that only look different."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.ingest.domain.identifiers import MAX_EXTERNAL, MAX_LENGTH
from tests.unit.ingest.bad_input.door import Said, post


def track(**fields: Any) -> Said:
    return post("track", json.dumps({"event": "E", **fields}))


def keys(said: Said) -> list[str]:
    (arrival,) = said.arrivals
    return [identifier.key for identifier in arrival.read().identifiers]


NOBODY: list[Any] = [
    None,
    "",
    " ",
    "\u200b",
    "\ufeff\u00ad",
    0,
    "0",
    "000",
    "-",
    "--",
    "0-0",
    "00000000-0000-0000-0000-000000000000",
    "00:00:00:00:00:00",
    "02:00:00:00:00:00",
    -1,
    "-1",
    "null",
    "NULL",
    "(null)",
    "<null>",
    "nil",
    "none",
    "None",
    "(none)",
    "undefined",
    "nan",
    "NaN",
    "n/a",
    "N/A",
    "na",
    "unknown",
    "anonymous",
    "Anonymous",
    "anon",
    "guest",
    "empty",
    "true",
    "false",
    "not set",
    "(not set)",
    "[object Object]",
    "{{user_id}}",
    "{{ user.id }}",
    "${userId}",
    "*|EMAIL|*",
    "%%user_id%%",
    "<%= user.id %>",
    "9774d56d682e549c",
    "nu\u200bll",
    "\u202eguest",
]


@pytest.mark.parametrize("value", NOBODY, ids=[ascii(value) for value in NOBODY])
@pytest.mark.parametrize("field", ["userId", "anonymousId"])
def test_a_placeholder_names_nobody(field: str, value: Any) -> None:
    assert track(**{field: value}).code == "no_identity"


@pytest.mark.parametrize("value", NOBODY, ids=[ascii(value) for value in NOBODY])
def test_a_placeholder_beside_a_name_is_ignored(value: Any) -> None:
    context = {"device": {"id": value}, "externalIds": [{"type": "crm", "id": value}]}
    assert keys(track(userId="u-1", anonymousId=value, context=context)) == ["userId#u-1"]


NO_ID: list[Any] = [
    True,
    False,
    1.5,
    1e300,
    [],
    ["u"],
    {},
    {"id": "u"},
    "u\n1",
    "u\r1",
    "u\t1",
    "u\x001",
    "\x1bu",
    "u\x7f",
    "u\x851",
    "u\u20281",
    "u\u20291",
    "u" * (MAX_LENGTH + 1),
]


@pytest.mark.parametrize("value", NO_ID, ids=[ascii(value)[:20] for value in NO_ID])
@pytest.mark.parametrize(
    "event",
    [
        lambda value: {"userId": value},
        lambda value: {"anonymousId": value},
        lambda value: {"userId": "u", "context": {"device": {"id": value}}},
        lambda value: {"userId": "u", "context": {"externalIds": [{"type": "crm", "id": value}]}},
    ],
    ids=["userId", "anonymousId", "device", "externalId"],
)
def test_what_no_id_is_refuses_the_event(event: Any, value: Any) -> None:
    said = track(**event(value))
    assert (said.status, said.code) == (400, "bad_identifier")


KEPT: list[tuple[Any, str]] = [
    (42, "42"),
    ("42", "42"),
    (-7, "-7"),
    (2**63, str(2**63)),
    (" u ", "u"),
    ("a b", "a b"),
    ("u\u200b1", "u1"),
    ("\u202au-1\u202c", "u-1"),
    ("u\u00ad1", "u1"),
    ("ann@example.com", "ann@example.com"),
    ("Ann", "Ann"),
    ("a#b", "a#b"),
    ("#", "#"),
    ("a/b?c=d", "a/b?c=d"),
    ("%41", "%41"),
    ("Ω", "Ω"),
    ("\u2126", "\u2126"),
    ("ﬁ", "ﬁ"),
    ("é", "é"),
    ("e\u0301", "e\u0301"),
    ("名前", "名前"),
    ("😀", "😀"),
    ("__proto__", "__proto__"),
    ("' OR 1=1 --", "' OR 1=1 --"),
    ("null-1", "null-1"),
    ("0001", "0001"),
    ("u" * MAX_LENGTH, "u" * MAX_LENGTH),
]


@pytest.mark.parametrize(("value", "text"), KEPT, ids=[ascii(row[0])[:20] for row in KEPT])
def test_any_other_text_names_somebody(value: Any, text: str) -> None:
    assert keys(track(userId=value)) == [f"userId#{text}"]
    context = {"externalIds": [{"type": "CRM", "id": value}], "device": {"id": value}}
    assert keys(track(anonymousId=value, context=context)) == [
        f"externalId:crm#{text}",
        f"deviceId#{text}",
        f"anonymousId#{text}",
    ]


@pytest.mark.parametrize(
    ("external_ids", "code"),
    [
        ("crm:7", "bad_object"),
        ({"crm": 7}, "bad_object"),
        (7, "bad_object"),
        (["crm"], "bad_object"),
        ([None], "bad_object"),
        ([[]], "bad_object"),
        ([{"id": "7"}], "bad_identifier"),
        ([{"type": "", "id": "7"}], "bad_identifier"),
        ([{"type": 7, "id": "7"}], "bad_identifier"),
        ([{"type": "a#b", "id": "7"}], "bad_identifier"),
        ([{"type": "a:b", "id": "7"}], "bad_identifier"),
        ([{"type": "a b", "id": "7"}], "bad_identifier"),
        ([{"type": "名", "id": "7"}], "bad_identifier"),
        ([{"type": "t" * 41, "id": "7"}], "bad_identifier"),
        ([{"type": "crm", "id": str(i)} for i in range(MAX_EXTERNAL + 1)], "bad_identifier"),
    ],
)
def test_malformed_external_ids(external_ids: Any, code: str) -> None:
    said = track(userId="u", context={"externalIds": external_ids})
    assert (said.status, said.code) == (400, code)


@pytest.mark.parametrize(
    ("external_ids", "expected"),
    [
        (None, []),
        ([], []),
        ([{"type": "crm"}], []),
        ([{"type": "crm", "id": "7", "collection": "users", "encoding": "none"}], ["externalId:crm#7"]),
        ([{"type": "crm", "id": "7", "collection": "accounts"}], []),
        ([{"type": "crm", "id": "7"}, {"type": "CRM ", "id": 7}], ["externalId:crm#7"]),
        ([{"type": "ga_client-id.v4", "id": "x"}], ["externalId:ga_client-id.v4#x"]),
        ([{"type": "email", "id": "Ann@Example.com"}], ["email#ann@example.com"]),
        ([{"type": "email", "id": "nobody"}], []),
        ([{"type": "phone", "id": "+32 475 12 34 56"}], ["phone#+32475123456"]),
        ([{"type": "t" * 40, "id": "7"}], [f"externalId:{'t' * 40}#7"]),
        (
            [{"type": "crm", "id": f"c{i}"} for i in range(MAX_EXTERNAL)],
            [f"externalId:crm#c{i}" for i in range(MAX_EXTERNAL)],
        ),
    ],
)
def test_external_ids(external_ids: Any, expected: list[str]) -> None:
    assert keys(track(userId="u", context={"externalIds": external_ids})) == ["userId#u", *expected]


@pytest.mark.parametrize("device", [None, "iPhone", 7, [], {}, {"model": "x"}, {"id": None}])
def test_a_device_without_an_id_names_nobody(device: Any) -> None:
    assert keys(track(userId="u", context={"device": device})) == ["userId#u"]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({}, "no_identity"),
        ({"userId": "u"}, "no_identity"),
        ({"previousId": "a"}, "no_identity"),
        ({"userId": "u", "previousId": "null"}, "no_identity"),
        ({"userId": "null", "previousId": "a"}, "no_identity"),
        ({"anonymousId": "b", "previousId": "a"}, "no_identity"),
        ({"userId": "u", "previousId": {}}, "bad_identifier"),
        ({"userId": "u", "previousId": "a\n"}, ""),
        ({"userId": "u", "previousId": "a\nb"}, "bad_identifier"),
        ({"userId": "u", "previousId": "u"}, ""),
    ],
)
def test_alias(event: Any, code: str) -> None:
    assert post("alias", json.dumps(event)).code == code


@pytest.mark.parametrize(
    ("group", "code"),
    [
        (None, "missing_group_id"),
        ("", "missing_group_id"),
        ([], "bad_identifier"),
        ("g\x00", "bad_identifier"),
        ("g" * 257, "bad_identifier"),
        (7, ""),
        ("0", ""),
    ],
)
def test_group(group: Any, code: str) -> None:
    assert post("group", json.dumps({"userId": "u", "groupId": group})).code == code


@pytest.mark.parametrize(
    ("message_id", "code"),
    [
        ("m" * 100, ""),
        ("m" * 101, "bad_message_id"),
        ("m" * 300, "bad_message_id"),
        ("m\n1", "bad_message_id"),
        (True, "bad_message_id"),
        (1.5, "bad_message_id"),
        ({}, "bad_message_id"),
        (7, ""),
        ("", ""),
        (None, ""),
        ("null", ""),
    ],
)
def test_message_ids(message_id: Any, code: str) -> None:
    assert track(userId="u", messageId=message_id).code == code
