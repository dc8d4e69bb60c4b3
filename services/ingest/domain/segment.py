"""What the bodies of Segment-shaped requests mean: calls, what a batch says once for all, and clocks that go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from services.ingest.domain.json_text import Repeated
from services.ingest.domain.validate import MAX_EVENT_BYTES, byte_size, read_instant
from services.shared.clock import to_iso
from services.shared.errors import Invalid, TooLarge

SKEW_BELIEVED = timedelta(minutes=1)
"""A client's clock may be this wrong before its times are corrected; below lies the time a request takes, and a
repetition of it must not move its events."""

SAME_CLOCK = timedelta(seconds=1)
"""Two times that one clock gave for one call differ by less."""

SHORT = {
    "a": "alias",
    "b": "batch",
    "g": "group",
    "i": "identify",
    "p": "page",
    "s": "screen",
    "t": "track",
}
"""The browser client's paths."""

MAX_BATCH_EVENTS = 5_000


def calls_in(call: str, payload: dict[str, Any]) -> list[Any]:
    """The events of a request to `call`: one of that type, or those of a batch (anything may stand in it), each with
    what the batch says for all of them.

    Raises:
        Invalid: `invalid_batch`, `duplicate_key`, `bad_object` or `empty_batch`.
        TooLarge: `too_many_events` or `too_large` (what is said for all).
    """
    if call != "batch":
        event = _without_key(payload)
        event["type"] = call
        return [event]
    if isinstance(payload, Repeated):
        raise Invalid("duplicate_key", "the batch names a key twice")
    events = payload.get("batch")
    if not isinstance(events, list):
        raise Invalid("invalid_batch", "batch is not a list of events")
    if not events:
        raise Invalid("empty_batch", "batch has no events")
    if len(events) > MAX_BATCH_EVENTS:
        raise TooLarge("too_many_events", f"batch has over {MAX_BATCH_EVENTS} events")
    common = {name: payload[name] for name in ("context", "integrations") if payload.get(name) is not None}
    if not all(isinstance(value, dict) for value in common.values()):
        raise Invalid("bad_object", "context or integrations of the batch is not an object")
    if common and byte_size(common) > MAX_EVENT_BYTES:
        raise TooLarge("too_large", f"context and integrations of the batch are over {MAX_EVENT_BYTES} bytes")
    return [_joined(event, common) for event in events]


def _joined(event: Any, common: Mapping[str, Any]) -> Any:
    if not isinstance(event, dict):
        return event
    joined = _without_key(event)
    for name, value in common.items():
        own = joined.get(name)
        if own is None or isinstance(own, dict):
            joined[name] = {**value, **(own or {})}
    return joined


def _without_key(event: dict[str, Any]) -> dict[str, Any]:
    """A copy without the credentials that some clients put in; one that repeats a name stays known for it."""
    copy = type(event)(event)
    copy.pop("writeKey", None)
    return copy


def with_right_time(event: Any, sent_at: Any, requested_at: datetime | None) -> Any:
    """`event` with its `timestamp` moved by as much as the sender's clock is wrong, which is the time between `sentAt`
    (its own, or that of its batch) and the request's arrival; what the client said stays in `originalTimestamp`.

    A time the caller chose (`timestamp` differs from the SDK's own `originalTimestamp`) is nobody's clock and stays.
    """
    if not isinstance(event, dict):
        return event
    original = event.get("originalTimestamp")
    if event.get("timestamp") is None and _instant(original):
        event = {**event, "timestamp": original}
    sent = _instant(event.get("sentAt") or sent_at) if requested_at else None
    skew = requested_at - sent if requested_at and sent else timedelta()
    if abs(skew) <= SKEW_BELIEVED:
        return event
    said, by_sdk = _instant(event.get("timestamp")), _instant(original)
    if said is None or (by_sdk and abs(said - by_sdk) > SAME_CLOCK):
        return event
    try:
        corrected = to_iso(said + skew)
    except OverflowError:
        return event  # validation refuses its time
    return {**event, "originalTimestamp": original or event["timestamp"], "timestamp": corrected}


def _instant(value: Any) -> datetime | None:
    try:
        return read_instant(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
