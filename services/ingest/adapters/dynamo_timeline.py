"""Histories in DynamoDB: chunks in the table of a profile's parts, `part` = `event#<tale>#<newest event>#<version>`.

The parts table holds all of a profile but its hot item; its keys are `profile_id` and `part`.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from operator import itemgetter

from services.ingest.adapters.dynamo_records import forget_records, record_items
from services.ingest.adapters.event_codec import decode_events, encode_events
from services.ingest.domain.history import Chunk, Cursor, Page, Signed, Strip, month_after
from services.ingest.domain.profile import Profile
from services.ingest.ports import Behind
from services.shared.aws.dynamo import Item, Table
from services.shared.clock import to_iso

_LAST = "\uffff"


class DynamoTimeline:
    """Port `Timeline`. With each chunk it keeps what its events say about records. Records come first: whoever sees a
    chunk sees its records."""

    def __init__(self, parts: Table) -> None:
        self._parts = parts

    def append(self, chunks: Sequence[Chunk]) -> None:
        self._parts.put_many(record_items(chunks))
        newest = {(chunk.profile_id, chunk.tale): chunk for chunk in sorted(chunks, key=_age)}
        last = list(newest.values())
        self._parts.put_many([_item(chunk) for chunk in chunks if chunk not in last])
        self._parts.put_many([_item(chunk) for chunk in last])

    def read(self, strips: Sequence[Strip], *, before: Cursor | None = None, limit: int = 100) -> Page:
        newest = heapq.merge(*(self._backwards(strip, before) for strip in strips), key=_place, reverse=True)
        found: list[Signed] = []
        for one in newest:
            if before is None or _place(one) < (before.at, before.message_id):
                found.append(one)
            if len(found) == limit:
                last = found[-1].call
                return Page(tuple(found), Cursor(last.at, last.message_id))
        return Page(tuple(found))

    def all(self, strips: Sequence[Strip]) -> list[Chunk]:
        return [chunk for strip in strips for chunk in sorted(self._tale(strip), key=_age)]

    def told(self, strips: Sequence[Strip]) -> Iterator[tuple[int, list[Signed]]]:
        """Chunks wait as the small bytes they are stored in; events are there one write at a time."""
        kept = [
            (strip.base + item["version"], item["part"], bytes(item["events"]))
            for strip in strips
            for item in self._query(strip.profile_id, _prefix(strip.tale), _prefix(strip.tale) + _LAST)
        ]
        for version, chunks in groupby(sorted(kept), key=itemgetter(0)):
            yield version, [one for _, _, events in chunks for one in decode_events(events)]

    def find(self, profile: Profile, wanted: Sequence[Signed]) -> dict[str, str]:
        self.check_complete(profile.strips())
        ids = {one.call.message_id for one in wanted}
        found: dict[str, str] = {}
        for strip in profile.strips():
            for low, high in _windows(wanted, profile.span):
                for chunk in self._between(strip, low, high):
                    found |= {e.call.message_id: e.receipt for e in chunk.events if e.call.message_id in ids}
        return found

    def check_complete(self, strips: Sequence[Strip]) -> None:
        keys = {(s.profile_id, s.newest) for s in strips if s.newest}
        found = self._parts.get_many(
            [{"profile_id": p, "part": part} for p, part in sorted(keys)], consistent=True
        )
        if len(found) < len(keys):
            raise Behind(f"{len(keys) - len(found)} newest chunks are not stored yet")

    def prune(self, profile_id: str, tale: str) -> None:
        forget_records(self._parts, profile_id, tale)
        prefix = _prefix(tale)
        told = self._query(profile_id, prefix, prefix + _LAST)
        self._parts.delete_many({"profile_id": profile_id, "part": item["part"]} for item in told)

    def _backwards(self, strip: Strip, before: Cursor | None) -> Iterator[Signed]:
        """Newest first. An event waits until no older chunk can hold a newer one."""
        prefix = _prefix(strip.tale)
        high = f"{prefix}{to_iso(month_after(before.at))}" if before else prefix + _LAST
        waiting: list[Signed] = []
        for item in self._query(strip.profile_id, prefix, high, descending=True):
            chunk = _chunk(item)
            end = chunk.events[-1].call.at
            yield from (one for one in waiting if one.call.at > end)
            waiting = [one for one in waiting if one.call.at <= end]
            waiting = sorted([*waiting, *chunk.events], key=_place, reverse=True)
        yield from waiting

    def _between(self, strip: Strip, low: str, high: str) -> Iterator[Chunk]:
        prefix = _prefix(strip.tale)
        return (_chunk(i) for i in self._query(strip.profile_id, prefix + low, prefix + high))

    def _tale(self, strip: Strip) -> Iterator[Chunk]:
        return self._between(strip, "", _LAST)

    def _query(self, profile_id: str, low: str, high: str, *, descending: bool = False) -> Iterator[Item]:
        return self._parts.query(
            "profile_id = :p AND #part BETWEEN :low AND :high",
            names={"#part": "part"},
            values={":p": profile_id, ":low": low, ":high": high},
            consistent=True,
            descending=descending,
        )


def _windows(wanted: Iterable[Signed], span: int) -> list[tuple[str, str]]:
    """Where chunks that hold an event of `wanted` may end, as few stretches as possible."""
    windows: list[tuple[str, str]] = []
    for one in sorted(wanted, key=lambda s: s.call.at):
        end = min(one.call.at + timedelta(seconds=span), month_after(one.call.at))
        low, high = to_iso(one.call.at), to_iso(end) + _LAST
        if windows and low <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(high, windows[-1][1]))
        else:
            windows.append((low, high))
    return windows


def _prefix(tale: str) -> str:
    return f"event#{tale}#"


def _place(one: Signed) -> tuple[object, str]:
    return one.call.at, one.call.message_id


def _age(chunk: Chunk) -> tuple[int, str]:
    return chunk.version, chunk.place


def _item(chunk: Chunk) -> Item:
    return {
        "profile_id": chunk.profile_id,
        "part": chunk.place,
        "version": chunk.version,
        "events": encode_events(chunk.events),
    }


def _chunk(item: Item) -> Chunk:
    tale = item["part"].split("#")[1]
    return Chunk(item["profile_id"], tale, item["version"], decode_events(bytes(item["events"])))
