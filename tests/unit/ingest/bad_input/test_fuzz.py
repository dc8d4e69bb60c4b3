"""Whatever comes: a named refusal, or an event that every part behind the door can take. Never another exception."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.intake import Unreadable, unpack
from services.ingest.domain.sources import Schema, check
from services.ingest.domain.validate import Call, Trust, validate
from services.ingest.mappings import shipped
from services.shared.contracts.ingest import CustomerEvent
from services.shared.errors import HalteError, Invalid
from tests.unit.ingest.bad_input.door import Said, post
from tests.unit.ingest.fakes import NOW
from tests.unit.ingest.test_intake import rules

texts = st.text(st.characters(), max_size=12)  # surrogates too
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.sampled_from(
        ["", "u-1", "null", "ann@example.com", "+32475123456", "2026-01-02T03:04:05Z", 2**64, 1e400]
    )
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
FIELDS = ["type", "event", "name", "userId", "anonymousId", "previousId", "groupId", "messageId", "timestamp"]
FIELDS += [
    "sentAt",
    "originalTimestamp",
    "properties",
    "traits",
    "context",
    "integrations",
    "writeKey",
    "batch",
]
contexts = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("traits", "device", "externalIds", "locale", "page"), values)
)
events = st.builds(
    lambda loose, meant: {**loose, **meant},
    st.dictionaries(st.sampled_from(FIELDS), values, max_size=8),
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["track", "identify", "page", "screen", "group", "alias"]),
            "event": st.just("E"),
            "userId": st.just("u-1") | st.integers(),
            "traits": st.dictionaries(st.sampled_from(["email", "phone", "country"]), values, max_size=3),
            "properties": st.dictionaries(texts, values, max_size=3),
            "context": contexts,
        },
    ),
)
calls = st.sampled_from(["track", "identify", "page", "screen", "group", "alias", "batch", "t", "i", "b"])


def storable(call: Call) -> None:
    """What it says can be written as text, read again unchanged, and told to others."""
    for part in (call.properties, call.traits):
        text = json.dumps(dict(part), allow_nan=False)
        text.encode()
        assert json.loads(text) == part
    told = CustomerEvent(
        message_id=call.message_id,
        type=call.type,
        name=call.name,
        at=call.at,
        properties=dict(call.properties),
    )
    assert CustomerEvent.model_validate_json(told.model_dump_json()) == told
    for identifier in call.identifiers:
        identifier.key.encode()
        assert identifier.value
    assert 0 < len(call.message_id) <= 100
    assert call.name


def sound(said: Said) -> None:
    assert said.status in (200, 400, 401, 413)
    assert bool(said.code) == (said.status != 200)
    for arrival in said.arrivals:
        storable(arrival.read())


@settings(max_examples=100)
@given(events, st.booleans())
def test_validate(event: Any, trusted: bool) -> None:
    try:
        call = validate(event, received_at=NOW, message_id="given", trust=Trust(trusted, trusted, "BE"))
    except HalteError as refusal:
        assert refusal.code.isidentifier()  # noqa: PT017
        return
    storable(call)


@settings(max_examples=100)
@given(calls, events | values)
def test_the_door_with_json(call: str, body: Any) -> None:
    sound(post(call, json.dumps(body).encode("utf-8", "surrogatepass")))


@settings(max_examples=60)
@given(st.lists(events | values, max_size=4), events)
def test_the_door_with_batches(batch: list[Any], frame: dict[str, Any]) -> None:
    sound(post("batch", json.dumps({**frame, "batch": batch}).encode("utf-8", "surrogatepass")))


@settings(max_examples=100)
@given(calls, st.binary(max_size=60), st.sampled_from([bytes, gzip.compress]), st.integers(0, 80))
def test_the_door_with_bytes(call: str, body: bytes, wrap: Any, cut: int) -> None:
    sound(post(call, wrap(body)[:cut]))


@settings(max_examples=60)
@given(st.binary(max_size=40), texts, st.booleans())
def test_the_door_with_headers(raw: bytes, text: str, encode: bool) -> None:
    value = base64.b64encode(raw).decode() if encode else text
    body = json.dumps({"userId": "u", "event": "E"})
    said = post("track", body, {"authorization": f"Basic {value}", "x-write-key": text})
    assert said.status == 401 or text.strip().endswith("KEY") or b"KEY" in raw


@settings(max_examples=60)
@given(st.integers(0, 400), st.integers(0, 10), st.binary(max_size=4))
def test_the_door_with_a_good_request_damaged(at: int, gone: int, put: bytes) -> None:
    event = {"type": "track", "event": "E", "userId": "u", "properties": {"a": [1, {"b": "é"}]}}
    good = json.dumps({"batch": [event] * 3, "context": {"locale": "nl-BE"}}, ensure_ascii=False).encode()
    sound(post("batch", good[:at] + put + good[at + gone :]))


@settings(max_examples=80)
@given(
    st.dictionaries(
        st.sampled_from(
            ["door", "source", "id", "detail-type", "events", "receipt", "received_at", "trusted"]
        ),
        values
        | st.sampled_from(
            ["http", "acme.crm", "halte.delivery", "OutcomesObserved.v1", "2026-01-10T12:00:00Z"]
        ),
    ),
    events | values,
    st.sampled_from([None, "crm-contact", "erp-order", "device-reading"]),
)
def test_the_queue(head: dict[str, Any], detail: Any, mapping: str | None) -> None:
    """A message is unreadable, or each event in it is taken or refused by name (F20, F21)."""
    known = rules(shipped(mapping) if mapping else None)
    try:
        arrivals = list(unpack(json.dumps({**head, "detail": detail}), NOW, known.get))
    except Unreadable:
        return
    for arrival in arrivals:
        try:
            call = arrival.read()
        except HalteError:
            json.dumps(arrival.raw())
        else:
            storable(call)


@settings(max_examples=60)
@given(
    events,
    # Names that are no text are refused when the schema is put.
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1),
        st.sampled_from(["string", "number", "object", "array"]),
        max_size=3,
    ),
)
def test_schemas(event: Any, types: dict[str, str]) -> None:
    properties = {name: {"type": type_, "required": True} for name, type_ in types.items()}
    schema = Schema.model_validate({"shapes": {"E": {"properties": properties, "additional": False}}})
    try:
        check(schema, validate(event, received_at=NOW, message_id="given"))
    except Invalid as refusal:
        assert refusal.code.isidentifier()  # noqa: PT017
    except HalteError:
        pass
