"""Events as bytes: compact JSON, deflated with a dictionary of what events usually say. The first byte names the
dictionary, so that a later one can stand beside it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic_core import to_json

from services.ingest.domain.history import EPOCH, Signed
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.validate import Call

_DICTIONARIES = {
    1: (
        b'"Product Added","Checkout Started","Email Delivered","Email Opened","Email Link Clicked","Signed Up",'
        b'"Registered","Order Refunded","Order Cancelled","screen","alias","group","halte.delivery","feedback",'
        b'{"send_id":"snd_","journey":"","campaign":"","channel":"email","template":"","message_id":""},'
        b'{"path":"/","referrer":"https://www.","search":"","title":"","url":"https://www.","name":"","category":""},'
        b'{"email":"","phone":"+","firstName":"","lastName":"","locale":"en","plan":"","createdAt":"","city":""},'
        b'["anonymousId#"],["email#","@example.com"],"observed","imported","derived","shop","web","identify","page",'
        b'"Home","Product Viewed",{"product_id":"","sku":"","name":"","price":"","brand":"","variant":""},'
        b'"track","Order Completed",{"order_id":"","revenue":,"total":,"quantity":1,"currency":"EUR","currency":"USD",'
        b'"products":[{"sku":"","price":,"quantity":1}]},{},["userId#"],"declared","rcp_",1,"",""]]'
    )
}
_CURRENT = 1
_MS = timedelta(milliseconds=1)


def encode_events(events: Sequence[Signed]) -> bytes:
    """`events` as bytes."""
    text = to_json([_row(one) for one in events])
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY, _DICTIONARIES[_CURRENT])
    return bytes([_CURRENT]) + deflate.compress(text) + deflate.flush()


def decode_events(blob: bytes) -> tuple[Signed, ...]:
    """The events that `encode_events` wrote."""
    inflate = zlib.decompressobj(-15, _DICTIONARIES[blob[0]])
    return tuple(_signed(row) for row in json.loads(inflate.decompress(blob[1:])))


def _row(one: Signed) -> list[Any]:
    call = one.call
    received = _ms(one.received_at)
    return [
        call.message_id,
        call.type,
        call.name,
        call.properties,
        call.traits,
        [identifier.key for identifier in call.identifiers],
        one.kind,
        one.receipt,
        one.source,
        int(one.public),
        _ms(call.at) - received,
        received,
        call.previous_id,
        call.profile_id,
    ]


def _signed(row: list[Any]) -> Signed:
    message, type_, name, properties, traits, keys, kind, receipt, source, public, age, received, *ids = row
    call = Call(
        message_id=message,
        type=type_,
        name=name,
        at=EPOCH + (age + received) * _MS,
        properties=properties,
        traits=traits,
        identifiers=tuple(Identifier.from_key(key) for key in keys),
        previous_id=ids[0],
        profile_id=ids[1],
    )
    return Signed(receipt, call, bool(public), source, EPOCH + received * _MS, kind)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
