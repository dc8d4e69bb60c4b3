"""Published versions in DynamoDB: one immutable item each (`pk` journey, `sk` `V#00001`). Beside them stand a
journey's `STATE` (running.py) and its `DRAFT` (drafts.py)."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from services.journeys.domain.document import Document
from services.journeys.ports.definitions import Definition
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.clock import from_iso, to_iso
from services.shared.errors import NotFound

FRESH_SECONDS = 5.0
"""How long a process believes its list of all versions: real time, because it bounds reads, not journeys."""


class DynamoDefinitions:
    """`ports.definitions.Definitions` on the definitions table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._known: dict[tuple[str, int], Definition] = {}
        self._all: list[Definition] = []
        self._all_until = 0.0

    def all(self) -> Sequence[Definition]:
        if time.monotonic() >= self._all_until:
            self._all = [self._read(item) for item in self._table.scan() if "document" in item]
            self._all_until = time.monotonic() + FRESH_SECONDS
        return self._all

    def versions(self, journey: str) -> list[Definition]:
        items = self._table.query(
            "pk = :journey AND begins_with(sk, :version)",
            values={":journey": journey, ":version": "V#"},
            consistent=True,
        )
        return [self._read(item) for item in items]

    def get(self, journey: str, version: int) -> Definition:
        known = self._known.get((journey, version))
        if known:
            return known
        item = self._table.get({"pk": journey, "sk": _sort_key(version)}, consistent=True)
        if item is None:
            raise NotFound("unknown_journey", f"version {version} of journey {journey!r} was never published")
        return self._read(item)

    def add(self, definition: Definition) -> bool:
        item = {
            "pk": definition.journey,
            "sk": _sort_key(definition.version),
            "version": definition.version,
            "document": json.dumps(definition.raw, ensure_ascii=False),
            "digest": definition.digest,
            "state_machine_arn": definition.state_machine_arn,
            "published_at": to_iso(definition.published_at),
        }
        try:
            self._table.put(item, condition="attribute_not_exists(pk)")
        except ConditionFailed as refused:
            return refused.item == item
        self._all_until = 0.0
        return True

    def _read(self, item: Item) -> Definition:
        key = (item["pk"], item["version"])
        if key not in self._known:
            raw = json.loads(item["document"])
            self._known[key] = Definition(
                version=item["version"],
                document=Document.model_validate(raw),
                digest=item["digest"],
                state_machine_arn=item["state_machine_arn"],
                published_at=from_iso(item["published_at"]),
                raw=raw,
            )
        return self._known[key]


def _sort_key(version: int) -> str:
    return f"V#{version:05d}"
