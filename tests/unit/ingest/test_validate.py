"""Which events count: every rule at its border, each refusal by its own code."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain import json_text
from services.ingest.domain.validate import MAX_EVENT_BYTES, Call, Trust, byte_size, validate
from services.shared.clock import to_iso
from services.shared.errors import HalteError, Invalid, TooLarge
from tests.unit.ingest.fakes import NOW, identify, track


def read(event: Any, **options: Any) -> Call:
    return validate(event, received_at=NOW, message_id="given", **options)


def nested(levels: int) -> dict[str, Any]:
    """An object of `levels` levels."""
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def without(event: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != field}


REFUSED: list[tuple[str, Any, str]] = [
    ("a list", [1], "invalid_json"),
    ("text", "track", "invalid_json"),
    ("nothing", None, "invalid_json"),
    ("no type", without(track(), "type"), "unknown_type"),
    ("unknown type", track(type="purchase"), "unknown_type"),
    ("type in capitals", track(type="Track"), "unknown_type"),
    ("type is a number", track(type=1), "unknown_type"),
    ("type is a list", track(type=["track"]), "unknown_type"),
    ("no identity", without(track(), "userId"), "no_identity"),
    ("empty userId", track(userId=""), "no_identity"),
    ("blank userId", track(userId="   "), "no_identity"),
    ("null userId", track(userId=None), "no_identity"),
    ("userId 0", track(userId=0), "no_identity"),
    ("userId zeros", track(userId="00000000-0000-0000-0000-000000000000"), "no_identity"),
    ("userId -1", track(userId=-1), "no_identity"),
    ("userId 'null'", track(userId="null"), "no_identity"),
    ("userId 'undefined'", track(userId="undefined"), "no_identity"),
    ("userId 'Anonymous'", track(userId="Anonymous"), "no_identity"),
    ("userId '[object Object]'", track(userId="[object Object]"), "no_identity"),
    ("identify by e-mail alone", identify(userId=None, traits={"email": "a@example.com"}), "no_identity"),
    ("alias without previousId", {"type": "alias", "userId": "u"}, "no_identity"),
    ("alias without userId", {"type": "alias", "previousId": "a", "anonymousId": "b"}, "no_identity"),
    ("alias of a placeholder", {"type": "alias", "userId": "u", "previousId": "null"}, "no_identity"),
    ("profileId of a client", {**without(track(), "userId"), "profileId": "prf_1"}, "no_identity"),
    ("userId true", track(userId=True), "bad_identifier"),
    ("userId fraction", track(userId=1.5), "bad_identifier"),
    ("userId object", track(userId={"id": 1}), "bad_identifier"),
    ("userId list", track(userId=["u"]), "bad_identifier"),
    ("userId too long", track(userId="u" * 257), "bad_identifier"),
    ("userId with a line break", track(userId="u\n1"), "bad_identifier"),
    ("userId with NUL", track(userId="u\x00"), "bad_identifier"),
    ("anonymousId with DEL", track(anonymousId="a\x7fb"), "bad_identifier"),
    ("anonymousId with a C1 control", track(anonymousId="a\x85b"), "bad_identifier"),
    ("anonymousId number with fraction", track(anonymousId=0.5), "bad_identifier"),
    ("previousId object", {"type": "alias", "userId": "u", "previousId": {}}, "bad_identifier"),
    ("groupId list", {"type": "group", "userId": "u", "groupId": []}, "bad_identifier"),
    ("group without groupId", {"type": "group", "userId": "u"}, "missing_group_id"),
    ("messageId too long", track("m" * 101), "bad_message_id"),
    ("messageId far too long", track("m" * 300), "bad_message_id"),
    ("messageId with a control", track("m\t1"), "bad_message_id"),
    ("messageId object", track(messageId={}), "bad_message_id"),
    ("track without event", without(track(), "event"), "missing_event_name"),
    ("track with empty event", track(event=""), "missing_event_name"),
    ("track with blank event", track(event="  "), "missing_event_name"),
    ("event number", track(event=7), "bad_name"),
    ("event too long", track(event="e" * 201), "bad_name"),
    ("page name object", {"type": "page", "userId": "u", "name": {}}, "bad_name"),
    ("properties list", track(properties=[]), "bad_object"),
    ("properties text", track(properties="x"), "bad_object"),
    ("traits list", identify(traits=[1]), "bad_object"),
    ("context text", track(context="x"), "bad_object"),
    ("context.traits list", identify(context={"traits": []}), "bad_object"),
    ("timestamp without zone", track(timestamp="2026-01-02T03:04:05"), "bad_timestamp"),
    ("timestamp prose", track(timestamp="the day before yesterday"), "bad_timestamp"),
    ("timestamp empty", track(timestamp=""), "bad_timestamp"),
    ("timestamp number", track(timestamp=1767323045678), "bad_timestamp"),
    ("timestamp object", track(timestamp={}), "bad_timestamp"),
    ("timestamp date", track(timestamp="2026-01-02"), "bad_timestamp"),
    ("timestamp 30 February", track(timestamp="2026-02-30T00:00:00Z"), "bad_timestamp"),
    ("timestamp before 1990", track(timestamp="1989-12-31T23:59:59.999Z"), "bad_timestamp"),
    ("timestamp year 1", track(timestamp="0001-01-01T00:00:00+14:00"), "bad_timestamp"),
    ("timestamp year 9999", track(timestamp="9999-12-31T23:59:59-14:00"), "bad_timestamp"),
    ("too far ahead", track(timestamp=to_iso(NOW + timedelta(hours=24, milliseconds=1))), "bad_timestamp"),
    ("17 levels", track(properties=nested(16)), "too_deep"),
    ("17 levels of lists", track(properties={"a": [[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}), "too_deep"),
    ("201 keys", track(properties={str(i): i for i in range(201)}), "too_many_keys"),
    ("201 keys inside", track(properties={"a": [{str(i): i for i in range(201)}]}), "too_many_keys"),
    ("NaN", track(properties={"a": float("nan")}), "not_finite"),
    ("infinity in a list", track(properties={"a": [1, float("inf")]}), "not_finite"),
    ("65 bits", track(properties={"a": 2**64}), "bad_number"),
    ("below 64 bits", track(properties={"a": -(2**63) - 1}), "bad_number"),
    ("half a surrogate pair", track(properties={"a": "\ud800"}), "bad_text"),
    ("half a surrogate pair as key", track(properties={"\udfff": 1}), "bad_text"),
    ("half a surrogate pair as id", track(userId="\ud83d"), "bad_text"),
]


@pytest.mark.parametrize(("event", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(event: Any, code: str) -> None:
    with pytest.raises(HalteError) as refusal:
        read(event)
    assert refusal.value.code == code
    assert refusal.value.message


TAKEN: list[tuple[str, Any]] = [
    ("track", track()),
    ("anonymous", {**without(track(), "userId"), "anonymousId": "a"}),
    ("16 levels", track(properties=nested(15))),
    ("200 keys", track(properties={str(i): i for i in range(200)})),
    ("64 bits", track(properties={"a": 2**64 - 1, "b": -(2**63)})),
    ("largest float", track(properties={"a": 1.7976931348623157e308, "b": 5e-324})),
    ("first moment", track(timestamp="1990-01-01T00:00:00Z")),
    ("24 hours ahead", track(timestamp=to_iso(NOW + timedelta(hours=24)))),
    ("messageId of 100", track("m" * 100)),
    ("userId of 256", track(userId="u" * 256)),
    ("userId with a space inside", track(userId="u 1")),
    ("emoji", track(properties={"a": "😀"})),
    ("null properties", track(properties=None)),
    ("page without name", {"type": "page", "userId": "u"}),
    ("screen", {"type": "screen", "userId": "u", "name": "Main"}),
    ("group", {"type": "group", "userId": "u", "groupId": 7}),
    ("alias", {"type": "alias", "userId": "u", "previousId": "a"}),
    ("placeholder beside a real id", track(anonymousId="null")),
]


@pytest.mark.parametrize("event", [row[1] for row in TAKEN], ids=[row[0] for row in TAKEN])
def test_taken(event: Any) -> None:
    assert read(event).at.tzinfo is UTC


def test_size_is_judged_at_the_byte() -> None:
    room = MAX_EVENT_BYTES - byte_size(track(properties={"a": ""}))
    read(track(properties={"a": "é" * (room // 2) + "x" * (room % 2)}))
    with pytest.raises(TooLarge, match="too_large"):
        read(track(properties={"a": "x" * (room + 1)}))


def test_fields_are_read_as_clients_mean_them() -> None:
    call = read(track(userId=42, anonymousId=" a-1 ", timestamp="2026-01-02T05:04:05.678901+02:00"))
    assert [i.key for i in call.identifiers] == ["userId#42", "anonymousId#a-1"]
    assert call.at == datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    assert (call.name, call.type, call.message_id) == ("Order Completed", "track", "m-1")


def test_missing_time_and_id_are_those_of_the_acceptance() -> None:
    call = read({"type": "page", "userId": "u"})
    assert (call.at, call.message_id, call.name) == (NOW, "given", "page")


def test_traits_of_the_context_count_on_identify_only() -> None:
    context = {"traits": {"email": "Ana@Example.com", "plan": "free"}}
    call = read(identify(context=context, traits={"plan": "pro"}))
    assert dict(call.traits) == {"email": "Ana@Example.com", "plan": "pro"}
    assert [i.key for i in call.identifiers] == ["userId#u-1", "email#ana@example.com"]
    assert [i.key for i in read(track(context=context)).identifiers] == ["userId#u-1"]


def test_unusable_address_is_a_trait_and_no_identifier() -> None:
    call = read(identify(traits={"email": "nobody", "phone": "0612345678"}))
    assert [i.kind for i in call.identifiers] == ["userId"]
    assert call.traits["email"] == "nobody"


def test_only_a_trusted_door_names_profiles() -> None:
    event = {**without(track(), "userId"), "profileId": "prf_1"}
    assert read(event, trust=Trust(names_profile=True)).profile_id == "prf_1"
    assert read({**event, "userId": "u"}).profile_id == ""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "invalid_json"),
        ("{", "invalid_json"),
        ("{'a':1}", "invalid_json"),
        ('{"a":1}}', "invalid_json"),
        ("[" * 100_000, "too_deep"),
        ('{"a":' * 65 + "1" + "}" * 65, "too_deep"),
        ("[" * 65 + "]" * 65, "too_deep"),
        ("[" * 5_000 + "]" * 5_000, "too_deep"),
    ],
)
def test_texts_that_are_not_parsed(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        json_text.parse(text)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("number", "code"),
    [("NaN", "not_finite"), ("-Infinity", "not_finite"), ("1e400", "not_finite"), ("9" * 5000, "bad_number")],
)
def test_numbers_that_are_none(number: str, code: str) -> None:
    event = json_text.parse(f'{{"type":"track","event":"E","userId":"u","properties":{{"a":{number}}}}}')
    with pytest.raises(Invalid) as refusal:
        read(event)
    assert refusal.value.code == code


def test_brackets_in_strings_are_no_levels() -> None:
    assert json_text.parse('{"a":"' + '[{\\"' * 100 + '"}') == {"a": '[{"' * 100}
    assert not json_text.exceeds_depth('{"a":"' + "\\\\[" * 100 + '"}', 5)


@given(
    st.recursive(
        st.text(alphabet='[]{}"\\\ud800é'),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet='[{"\\'), inner, max_size=3)
        ),
    ),
    st.integers(0, 6),
    st.booleans(),
)
def test_depth_is_that_of_the_value(value: Any, limit: int, is_ascii: bool) -> None:
    def depth(value: Any) -> int:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    assert json_text.exceeds_depth(json.dumps(value, ensure_ascii=is_ascii), limit) == (depth(value) > limit)


@pytest.mark.parametrize("closers", ["}", '}","b":"]', '\\\\","b":"]', '\\"}'])
@pytest.mark.parametrize("levels", [65, 5_000, 100_000])
def test_brackets_in_strings_hide_no_levels(levels: int, closers: str) -> None:
    with pytest.raises(Invalid, match="deeper"):
        json_text.parse(f'{{"a":"{closers}","c":' * levels + "1" + "}" * levels)


def test_a_member_is_cut_out_unparsed() -> None:
    deep = "[" * 50_000 + "]" * 50_000
    head, member = json_text.cut_member(f'{{"source":"detail","detail": {deep} , "id":"1"}}', "detail")
    assert json_text.parse(head) == {"source": "detail", "detail": None, "id": "1"}
    assert member == deep
    assert json_text.cut_member('{"a":{"detail":1}}', "detail") == ('{"a":{"detail":1}}', None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
fields = [
    "type",
    "event",
    "userId",
    "anonymousId",
    "messageId",
    "timestamp",
    "properties",
    "traits",
    "context",
]


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(fields), json_values), st.sampled_from([*"tipa", ""]))
def test_no_event_is_taken_or_refused_by_accident(event: dict[str, Any], kind: str) -> None:
    kinds = {"t": "track", "i": "identify", "p": "page", "a": "alias"}
    given_event = {**event, "type": kinds[kind]} if kind else event
    with contextlib.suppress(HalteError):
        assert read(given_event).identifiers
