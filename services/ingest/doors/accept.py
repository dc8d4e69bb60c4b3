"""The HTTP front door: who sends, what is acceptable, and a 200 only for what is durably queued."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.ingest.domain import json_text
from services.ingest.domain.arrival import Origin
from services.ingest.domain.attributes import AttributeRules
from services.ingest.domain.intake import held, pack_http
from services.ingest.domain.recovery import recovery_of
from services.ingest.domain.segment import SHORT, calls_in, with_right_time
from services.ingest.domain.sources import Source, check
from services.ingest.domain.validate import CALL_TYPES, Call, Trust, validate
from services.ingest.doors.known import KnownKeys
from services.ingest.ports import IntakeQueue, Meter
from services.shared.clock import Clock
from services.shared.contracts.ingest import Recovery
from services.shared.errors import HalteError, Invalid, TooLarge, TooMany, Unauthorized

MAX_BATCH_BYTES = 4 * 1024 * 1024 + 64 * 1024
"""Of a body, compressed or not: what rudder-sdk-python sends at most, with its frame. As base64 it fits the 6 MB that
Lambda takes."""

MAX_QUEUED_BYTES = 2 * MAX_BATCH_BYTES
"""Of a batch with the context that it gives to each of its events."""

BATCH = "batch"
CALLS = (*sorted(CALL_TYPES), BATCH)
PATHS = (
    *(f"/v1/{call}" for call in (*CALLS, *sorted(SHORT))),
    *(f"/api/s/{call}" for call in ("identify", "track", "page", "group")),
)
"""Segment's, its browser client's, and Jitsu's."""

MAX_SHOWN = 100

Recover = Callable[[list[Recovery]], None]
"""Tells of requests for account recovery; the same ones again are the same requests."""

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Request:
    """What the HTTP layer knows: the call that the path names, the body, the headers by their lower-case names, and
    when the request arrived by a real clock (for telling how wrong the client's is)."""

    call: str
    body: bytes
    headers: Mapping[str, str]
    at: datetime | None = None


@dataclass(frozen=True)
class Hours:
    """When a request's events count as received, when it arrived by a real clock, and when the client says it sent
    them."""

    received_at: datetime
    requested_at: datetime | None
    sent_at: Any


@dataclass
class Sorted:
    """A request's events: the JSON texts to queue, the requests for recovery among them, and what was refused."""

    taken: list[str] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[HalteError] = field(default_factory=list)


class FrontDoor:
    """The use case behind `PATHS`."""

    def __init__(
        self,
        *,
        keys: KnownKeys,
        meter: Meter,
        queue: IntakeQueue,
        clock: Clock,
        new_id: Callable[[str], str],
        recover: Recover = lambda _: None,
        attributes: Callable[[], AttributeRules] = AttributeRules,
    ) -> None:
        self._keys = keys
        self._meter = meter
        self._attributes = attributes
        self._queue = queue
        self._clock = clock
        self._new_id = new_id
        self._recover = recover

    def accept(self, request: Request) -> dict[str, Any]:
        """Queue the events of a request and say which of a batch were refused. Requests for account recovery are
        told besides, if a secret key vouches for the link in them: a web page's key must not make us send mail.

        Raises:
            Unauthorized: the key is missing, wrong, expired or not for browsers.
            TooMany: the source is over its rate.
            TooLarge: body, batch or event is over its limit.
            Invalid: the body is unusable, or none of its events is acceptable.
        """
        payload = _parse(request.body)
        source, key = self._keys.admit(_header_key(request.headers) or _body_key(payload))
        if key.role == "secret" and "origin" in request.headers:
            raise Unauthorized(
                "secret_key_in_browser", "a web page shows its keys to everybody: use the write key"
            )
        call = SHORT.get(request.call, request.call)
        events = calls_in(call, payload)
        now = self._clock.now()
        self._count(source, len(events), now)
        origin = Origin(
            source.source_id, "http", key.role == "secret", source.document.kind, source.document.region
        )
        hours = Hours(now, request.at, payload.get("sentAt"))
        sorted_ = self._sort(source, origin, events, hours)
        if not sorted_.taken:
            raise sorted_.refusals[0] if call != BATCH else _of_batch(sorted_)
        for message in pack_http(origin, self._new_id("rcp"), now, sorted_.taken):
            self._queue.send(message)
        if sorted_.recoveries:
            self._recover(sorted_.recoveries)
        return {"success": True, **({"rejected": sorted_.rejected} if sorted_.rejected else {})}

    def _count(self, source: Source, events: int, now: datetime) -> None:
        rate = source.document.rate
        minute, second = divmod(int(now.timestamp()), 60)
        if rate is not None and not self._meter.take(source.source_id, events, rate, minute):
            raise TooMany("rate_exceeded", f"the source may send {rate} events a minute", 60 - second)

    def _sort(self, source: Source, origin: Origin, events: list[Any], hours: Hours) -> Sorted:
        result = Sorted()
        size = 0
        for index, event in enumerate(events):
            try:
                text, call = self._text(source, origin, event, hours)
            except HalteError as refusal:
                result.refusals.append(refusal)
                result.rejected.append(_refused(index, event, refusal))
                continue
            result.taken.append(text)
            recovery = recovery_of(source.source_id, call) if call and origin.trusted else None
            result.recoveries += [recovery] if recovery else []
            size += len(text)
            if size > MAX_QUEUED_BYTES:
                raise TooLarge("too_large", f"the batch with its context is over {MAX_QUEUED_BYTES} bytes")
        return result

    def _text(self, source: Source, origin: Origin, event: Any, hours: Hours) -> tuple[str, Call | None]:
        """The event as it is queued, with a message id and at the right time, and the call in it; held back from
        profiles, and no call to anybody, where its source's schema says so."""
        timed = with_right_time(event, hours.sent_at, hours.requested_at)
        trust = Trust(trusted=origin.trusted, region=origin.region)
        call = validate(timed, received_at=hours.received_at, message_id=self._new_id("msg"), trust=trust)
        self._attributes().withheld(
            call.traits, origin.trait_kind
        )  # what is rejected, is refused here already
        text = json.dumps({**timed, "messageId": call.message_id}, separators=(",", ":"))
        try:
            check(source.document.event_schema, call)
        except Invalid as violation:
            if source.document.event_schema.on_violation == "reject":
                raise
            return held(text, violation), None
        return text, call


def inflate(body: bytes, limit: int = MAX_BATCH_BYTES) -> bytes:
    """`body`, decompressed if its first bytes say gzip: clients mislabel it. Never more than `limit` bytes.

    Raises:
        TooLarge: it is, or would become, larger.
        Invalid: it begins like gzip and is not, or more follows it.
    """
    if body[:2] == _GZIP:
        stream = zlib.decompressobj(wbits=31)
        try:
            body = stream.decompress(body, limit + 1)
        except zlib.error as error:
            raise Invalid("invalid_gzip", "body is not gzip") from error
        if len(body) <= limit and not stream.eof:
            raise Invalid("invalid_gzip", "body is cut off")
        if stream.unused_data:
            raise Invalid("invalid_gzip", "body goes on after its gzip member")
    if len(body) > limit:
        raise TooLarge("too_large", f"body is over {limit} bytes")
    return body


def _parse(body: bytes) -> dict[str, Any]:
    try:
        text = inflate(body).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("invalid_json", "body is not UTF-8") from error
    payload = json_text.parse(text)
    if not isinstance(payload, dict):
        raise Invalid("invalid_json", "body is not a JSON object")
    return payload


def _header_key(headers: Mapping[str, str]) -> str:
    """The key in `X-Write-Key` (Jitsu: `<id>:<key>`, or the key alone) or in Basic authorization."""
    jitsu = headers.get("x-write-key", "").strip()
    if jitsu:
        return jitsu.rpartition(":")[2]
    scheme, _, encoded = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""


def _body_key(payload: dict[str, Any]) -> str:
    key = payload.get("writeKey")
    return key if isinstance(key, str) else ""


def _of_batch(result: Sorted) -> HalteError:
    """Why nothing of a batch was taken: the first refusal, by its place."""
    first = result.rejected[0]
    return Invalid(first["code"], f"batch[{first['index']}]: {first['message']}")


def _refused(index: int, event: Any, refusal: HalteError) -> dict[str, Any]:
    message_id = event.get("messageId") if isinstance(event, dict) else None
    shown = isinstance(message_id, str) and len(message_id) <= MAX_SHOWN
    return {
        "index": index,
        "messageId": message_id if shown else None,
        "code": refusal.code,
        "message": refusal.message,
    }
