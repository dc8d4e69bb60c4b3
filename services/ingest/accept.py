"""The HTTP front door: who sends, what is acceptable, and a 200 only for what is durably queued."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.ingest.domain import json_text
from services.ingest.domain.intake import pack_http
from services.ingest.domain.validate import CALL_TYPES, validate
from services.ingest.ports import IntakeQueue, Sources
from services.shared.clock import Clock
from services.shared.errors import HalteError, Invalid, TooLarge, Unauthorized

MAX_BATCH_BYTES = 500 * 1024
KEY_SECONDS = 60
"""How long a process trusts a key it has looked up; a revoked one works that long."""

BATCH = "batch"
CALLS = (*sorted(CALL_TYPES), BATCH)
"""The last part of the paths that the door answers: `/v1/<call>`."""

_GZIP = b"\x1f\x8b"


def hash_key(write_key: str) -> str:
    """What is stored of a write key; it is random, so a plain digest can't be searched."""
    return hashlib.sha256(write_key.encode("utf-8", "surrogatepass")).hexdigest()


class KnownKeys:
    """Write keys to source ids, remembered for `KEY_SECONDS`; unknown keys are never remembered."""

    def __init__(self, sources: Sources, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._sources = sources
        self._elapsed = elapsed
        self._kept: dict[str, tuple[float, str]] = {}

    def source_of(self, write_key: str) -> str:
        """The source's id.

        Raises:
            Unauthorized: there is no key, or nobody has it.
        """
        if not write_key:
            raise Unauthorized("no_write_key", "Authorization must be Basic with the write key as user name")
        key_hash = hash_key(write_key)
        kept = self._kept.get(key_hash)
        if kept and self._elapsed() - kept[0] < KEY_SECONDS:
            return kept[1]
        source_id = self._sources.of_key(key_hash)
        if source_id is None:
            raise Unauthorized("bad_write_key", "the write key is not known")
        self._kept[key_hash] = (self._elapsed(), source_id)
        return source_id


@dataclass
class Sorted:
    """A request's events: the JSON texts to take, and what was refused."""

    taken: list[str] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    first_refusal: HalteError | None = None


class FrontDoor:
    """The use case behind `POST /v1/{call}`."""

    def __init__(
        self, *, keys: KnownKeys, queue: IntakeQueue, clock: Clock, new_id: Callable[[str], str]
    ) -> None:
        self._keys = keys
        self._queue = queue
        self._clock = clock
        self._new_id = new_id

    def accept(self, call: str, body: bytes, authorization: str) -> dict[str, Any]:
        """Queue the events of a request to `/v1/<call>` and say which of a batch were refused.

        Raises:
            Unauthorized: the write key is missing or wrong.
            TooLarge: body or event is over its limit.
            Invalid: the body is unusable, or none of its events is acceptable.
        """
        payload = _parse(body)
        source = self._keys.source_of(_basic_user(authorization) or _body_key(payload))
        now = self._clock.now()
        if call == BATCH:
            sorted_ = self._sort(_batch(payload), now)
            if not sorted_.taken:
                raise sorted_.first_refusal or Invalid("empty_batch", "batch has no events")
        else:
            sorted_ = Sorted(taken=[self._text({**payload, "type": call}, now)])
        for message in pack_http(source, self._new_id("rcp"), now, sorted_.taken):
            self._queue.send(message)
        return {"success": True, **({"rejected": sorted_.rejected} if sorted_.rejected else {})}

    def _sort(self, events: list[Any], now: datetime) -> Sorted:
        result = Sorted()
        for index, event in enumerate(events):
            try:
                text = self._text(event, now)
            except HalteError as refusal:
                result.first_refusal = result.first_refusal or Invalid(
                    refusal.code, f"batch[{index}]: {refusal.message}"
                )
                result.rejected.append(_refused(index, event, refusal))
            else:
                result.taken.append(text)
        return result

    def _text(self, event: Any, now: datetime) -> str:
        """The event as it is queued, with a message id."""
        call = validate(event, received_at=now, message_id=self._new_id("msg"))
        queued = {name: value for name, value in event.items() if name != "writeKey"}
        return json.dumps({**queued, "messageId": call.message_id}, separators=(",", ":"))


def inflate(body: bytes, limit: int = MAX_BATCH_BYTES) -> bytes:
    """`body`, decompressed if its first bytes say gzip: clients mislabel it. Never more than `limit` bytes.

    Raises:
        TooLarge: it is, or would become, larger.
        Invalid: it begins like gzip and is not.
    """
    if body[:2] == _GZIP:
        stream = zlib.decompressobj(wbits=31)
        try:
            body = stream.decompress(body, limit + 1)
        except zlib.error as error:
            raise Invalid("invalid_gzip", "body is not gzip") from error
        if len(body) <= limit and not stream.eof:
            raise Invalid("invalid_gzip", "body is cut off")
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


def _batch(payload: dict[str, Any]) -> list[Any]:
    events = payload.get("batch")
    if not isinstance(events, list):
        raise Invalid("invalid_batch", "batch is not a list of events")
    return events


def _basic_user(authorization: str) -> str:
    scheme, _, encoded = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _body_key(payload: dict[str, Any]) -> str:
    key = payload.get("writeKey")
    return key if isinstance(key, str) else ""


def _refused(index: int, event: Any, refusal: HalteError) -> dict[str, Any]:
    message_id = event.get("messageId") if isinstance(event, dict) else None
    return {
        "index": index,
        "messageId": message_id if isinstance(message_id, str) else None,
        "code": refusal.code,
        "message": refusal.message,
    }
