"""F36: every limit at limit - 1, at the limit, and one above."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from services.ingest.domain.identifiers import MAX_LENGTH
from services.ingest.domain.json_text import SAFE_DEPTH
from services.ingest.domain.segment import MAX_BATCH_EVENTS
from services.ingest.domain.structure import MAX_DEPTH, MAX_KEYS
from services.ingest.domain.validate import (
    MAX_EVENT_BYTES,
    MAX_MESSAGE_ID,
    MAX_NAME,
    byte_size,
)
from services.ingest.doors.accept import MAX_BATCH_BYTES
from tests.unit.ingest.bad_input.door import post

STEPS = [-1, 0, 1]


def event(**fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": "E", "userId": "u", "messageId": "m", **fields}


def sized(size: int, letter: str = "x") -> dict[str, Any]:
    """An event of `size` bytes."""
    room = size - byte_size(event(properties={"v": ""}))
    width = len(letter.encode())
    return event(properties={"v": letter * (room // width) + "x" * (room % width)})


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("letter", ["x", "é", "€", "😀"])
@pytest.mark.parametrize("step", STEPS)
def test_bytes_of_an_event(step: int, letter: str) -> None:
    body = json.dumps(sized(MAX_EVENT_BYTES + step, letter))
    said = post("track", body)
    assert (said.status, said.code) == ((413, "too_large") if step > 0 else (200, ""))


@pytest.mark.parametrize("step", STEPS)
def test_an_event_s_size_is_not_that_of_its_spelling(step: int) -> None:
    """Escapes and blanks do not count: the same event is taken or not, however it was written."""
    spelt = json.dumps(sized(MAX_EVENT_BYTES + step, "é"), ensure_ascii=True, indent=8)
    assert len(spelt) > MAX_EVENT_BYTES * 2
    assert (post("track", spelt).status == 200) == (step <= 0)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_bytes_of_a_body(step: int, compressed: bool) -> None:
    text = json.dumps({"batch": [event()]}).encode()
    body = text + b" " * (MAX_BATCH_BYTES + step - len(text))
    said = post("batch", gzip.compress(body, compresslevel=1) if compressed else body)
    assert (said.status, said.code) == ((413, "too_large") if step > 0 else (200, ""))


@pytest.mark.parametrize("size", [10**7, 10**8])
def test_a_gzip_bomb_is_not_blown_up(size: int) -> None:
    bomb = gzip.compress(b" " * size)
    assert len(bomb) < 200_000
    assert post("batch", bomb).code == "too_large"


def test_a_batch_as_large_as_the_largest_client_sends() -> None:
    """4 MB in events of 32 KB, as rudder-sdk-python fills them up."""
    events = [{**sized(MAX_EVENT_BYTES - 10), "messageId": f"m-{i:04}"} for i in range(127)]
    body = json.dumps({"batch": events, "sentAt": "2026-01-10T12:00:00Z"}).encode()
    assert 4_100_000 < len(body) <= MAX_BATCH_BYTES
    said = post("batch", gzip.compress(body))
    assert [arrival.read().message_id for arrival in said.arrivals] == [e["messageId"] for e in events]


def test_what_the_door_adds_does_not_make_an_event_too_large_for_the_consumer() -> None:
    full = sized(MAX_EVENT_BYTES)
    del full["messageId"]
    full["properties"]["v"] += "x" * len(',"messageId":"m"')
    assert byte_size(full) == MAX_EVENT_BYTES
    (arrival,) = post("track", json.dumps(full)).arrivals
    assert byte_size(arrival.event) > MAX_EVENT_BYTES
    assert arrival.read().message_id == "msg_1"


@pytest.mark.parametrize("step", STEPS)
def test_events_of_a_batch(step: int) -> None:
    said = post("batch", json.dumps({"batch": [event()] * (MAX_BATCH_EVENTS + step)}))
    assert (said.status, said.code) == ((413, "too_many_events") if step > 0 else (200, ""))
    assert len(said.arrivals) == (0 if step > 0 else MAX_BATCH_EVENTS + step)


@pytest.mark.parametrize("step", STEPS)
def test_depth_of_an_event(step: int) -> None:
    said = post("track", json.dumps(event(properties={"v": nested(MAX_DEPTH - 2 + step)})))
    assert said.code == ("too_deep" if step > 0 else "")


@pytest.mark.parametrize("step", STEPS)
def test_depth_of_a_body(step: int) -> None:
    good = json.dumps(event())
    deep = f'{{"v":{"[" * (SAFE_DEPTH - 3 + step)}{"]" * (SAFE_DEPTH - 3 + step)}}}'
    said = post("batch", f'{{"batch":[{good},{deep}]}}')
    assert said.code == ("too_deep" if step > 0 else "")
    assert len(said.arrivals) == (0 if step > 0 else 1)


@pytest.mark.parametrize("step", STEPS)
def test_keys_of_an_object(step: int) -> None:
    properties = {str(i): i for i in range(MAX_KEYS + step)}
    assert post("track", json.dumps(event(properties=properties))).code == (
        "too_many_keys" if step > 0 else ""
    )


@pytest.mark.parametrize(
    ("field", "limit", "code"),
    [
        ("userId", MAX_LENGTH, "bad_identifier"),
        ("anonymousId", MAX_LENGTH, "bad_identifier"),
        ("messageId", MAX_MESSAGE_ID, "bad_message_id"),
        ("event", MAX_NAME, "bad_name"),
    ],
)
@pytest.mark.parametrize("step", STEPS)
def test_length_of_a_text(field: str, limit: int, code: str, step: int) -> None:
    assert post("track", json.dumps(event(**{field: "x" * (limit + step)}))).code == (
        code if step > 0 else ""
    )
    assert post("track", json.dumps(event(**{field: "😀" * (limit + step)}))).code == (
        code if step > 0 else ""
    )
