"""Related records in DynamoDB: contributions in the table of a profile's parts, beside the chunk that told them.

`part` = `record#<tale>#<type>#<record id>#<time>#<digest>`. Each is written once and never changed, so a repetition
overwrites it with itself, and whoever tells a history anew tells its records anew.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator

from services.ingest.domain.history import Chunk, Strip
from services.shared.aws.dynamo import Item, Table
from services.shared.clock import from_iso, to_iso
from services.shared.records import Contribution, Record, contributions, records


class DynamoRecords:
    """Port `RecordStore`."""

    def __init__(self, parts: Table) -> None:
        self._parts = parts

    def of(self, strips: Iterable[Strip], type_: str = "") -> list[Record]:
        return records(_contribution(item) for strip in strips for item in self._items(strip, type_))

    def _items(self, strip: Strip, type_: str) -> Iterator[Item]:
        return self._parts.query(
            "profile_id = :id AND begins_with(part, :part)",
            values={":id": strip.profile_id, ":part": _prefix(strip.tale, type_)},
            consistent=True,
        )


def record_items(chunks: Iterable[Chunk]) -> list[Item]:
    """What the events of chunks say about records, as it is kept beside them."""
    return [
        _item(chunk, one)
        for chunk in chunks
        for e in chunk.events
        for one in contributions(e.told(), e.source)
    ]


def forget_records(parts: Table, profile_id: str, tale: str) -> None:
    """Remove what one telling of a history said about records."""
    said = parts.query(
        "profile_id = :id AND begins_with(part, :part)",
        values={":id": profile_id, ":part": _prefix(tale)},
        consistent=True,
    )
    parts.delete_many({"profile_id": profile_id, "part": item["part"]} for item in said)


def _prefix(tale: str, type_: str = "") -> str:
    return f"record#{tale}#{type_}#" if type_ else f"record#{tale}#"


def _item(chunk: Chunk, one: Contribution) -> Item:
    digest = hashlib.sha256(one.message_id.encode()).hexdigest()[:16]
    said = {
        "id": one.id,
        "message_id": one.message_id,
        "fields": one.fields,
        "status": one.status,
        "lines_mode": one.lines_mode,
        "lines": one.lines,
        "source": one.source,
    }
    return {
        "profile_id": chunk.profile_id,
        "part": f"{_prefix(chunk.tale, one.type)}{one.id}#{to_iso(one.at)}#{digest}",
        "type": one.type,
        "at": to_iso(one.at),
        "said": zlib.compress(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()),
    }


def _contribution(item: Item) -> Contribution:
    said = json.loads(zlib.decompress(bytes(item["said"])))
    return Contribution(
        type=item["type"],
        id=said["id"],
        at=from_iso(item["at"]),
        message_id=said["message_id"],
        fields=said["fields"],
        status=said["status"],
        lines_mode=said["lines_mode"],
        lines=tuple(said["lines"]),
        source=said.get("source", ""),
    )
