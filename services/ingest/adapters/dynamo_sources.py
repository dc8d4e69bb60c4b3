"""Sources in DynamoDB: `source#<id>` describes one with the hashes of its keys; `key#<hash>` leads from a key to it,
and `bus#<source>` from an EventBridge source. What a source has sent in a minute is counted in a table of its own."""

from __future__ import annotations

import json

from services.ingest.domain.sources import Key, Source, SourceDocument
from services.ingest.ports import Registration, StaleSource
from services.shared.aws.dynamo import ConditionFailed, Item, Op, Table, TransactionRefused, transact
from services.shared.clock import from_iso, to_iso

_ABSENT = "attribute_not_exists(pk)"


class DynamoSources:
    """Port `Sources`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def admit(self, key_hash: str) -> tuple[Source, Key] | None:
        pointer = self._table.get({"pk": f"key#{key_hash}"})
        registration = self.get(pointer["source_id"]) if pointer else None
        if registration is None:
            return None
        key = next((key for key in registration.keys if key.key_hash == key_hash), None)
        return (registration.source, key) if key else None

    def of_bus(self, bus_source: str) -> Source | None:
        pointer = self._table.get({"pk": f"bus#{bus_source}"})
        registration = self.get(pointer["source_id"]) if pointer else None
        return registration.source if registration else None

    def get(self, source_id: str) -> Registration | None:
        item = self._table.get({"pk": f"source#{source_id}"}, consistent=True)
        return _registration(item) if item else None

    def all(self) -> list[Source]:
        found = [
            _registration(item).source for item in self._table.scan() if item["pk"].startswith("source#")
        ]
        return sorted(found, key=lambda source: source.source_id)

    def save(self, registration: Registration, before: Registration | None) -> None:
        described = self._table.put_op(
            _item(registration),
            condition=_ABSENT if before is None else "version = :before",
            values=None if before is None else {":before": before.version},
        )
        self._commit([described, *self._pointers(registration, before)])

    def remove(self, registration: Registration) -> None:
        described = self._table.delete_op(
            {"pk": f"source#{registration.source.source_id}"},
            condition="version = :before",
            values={":before": registration.version},
        )
        pointers = [self._table.delete_op({"pk": pk}) for pk in _pointers_of(registration)]
        self._commit([described, *pointers])

    def _pointers(self, registration: Registration, before: Registration | None) -> list[Op]:
        source_id = registration.source.source_id
        old = set(_pointers_of(before)) if before else set()
        new = set(_pointers_of(registration))
        added = [
            self._table.put_op({"pk": pk, "source_id": source_id}, condition=_ABSENT)
            for pk in sorted(new - old)
        ]
        return added + [self._table.delete_op({"pk": pk}) for pk in sorted(old - new)]

    def _commit(self, ops: list[Op]) -> None:
        try:
            transact(ops)
        except TransactionRefused as refused:
            raise StaleSource from refused


class DynamoMeter:
    """Port `Meter`: one write a request. An answer that was lost makes the SDK count twice, so a source may be told
    to wait a little early; never late."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def take(self, source_id: str, events: int, limit: int, minute: int) -> bool:
        key = {"source_id": source_id}
        names = {"#minute": "minute", "#events": "events"}
        try:
            self._table.update(
                key,
                "SET #events = #events + :n",
                condition="#minute = :minute AND #events <= :room",
                names=names,
                values={":n": events, ":minute": minute, ":room": limit - events},
            )
        except ConditionFailed as refused:
            if refused.item and refused.item["minute"] >= minute:
                return False
            return self._begin(source_id, events, limit, minute)
        return True

    def _begin(self, source_id: str, events: int, limit: int, minute: int) -> bool:
        try:
            self._table.put(
                {"source_id": source_id, "minute": minute, "events": events},
                condition="attribute_not_exists(source_id) OR #minute < :minute",
                names={"#minute": "minute"},
                values={":minute": minute},
            )
        except ConditionFailed:  # another process began the minute
            return self.take(source_id, events, limit, minute)
        return True


def _pointers_of(registration: Registration) -> list[str]:
    keys = [f"key#{key.key_hash}" for key in registration.keys]
    return keys + [f"bus#{name}" for name in registration.source.document.bus_sources]


def _item(registration: Registration) -> Item:
    source = registration.source
    return {
        "pk": f"source#{source.source_id}",
        "source_id": source.source_id,
        "name": source.document.name,
        "document": source.document.model_dump_json(by_alias=True, exclude_defaults=True),
        "created_at": to_iso(source.created_at),
        "keys": [_key_item(key) for key in registration.keys],
        "version": registration.version,
    }


def _key_item(key: Key) -> dict[str, str]:
    ends = {"expires_at": to_iso(key.expires_at)} if key.expires_at else {}
    return {"hash": key.key_hash, "role": key.role, "created_at": to_iso(key.created_at), **ends}


def _registration(item: Item) -> Registration:
    source = Source(
        item["source_id"],
        SourceDocument.model_validate(json.loads(item["document"])),
        from_iso(item["created_at"]),
    )
    keys = tuple(
        Key(
            key["hash"],
            key["role"],
            from_iso(key["created_at"]),
            from_iso(key["expires_at"]) if "expires_at" in key else None,
        )
        for key in item["keys"]
    )
    return Registration(source, keys, item["version"])
