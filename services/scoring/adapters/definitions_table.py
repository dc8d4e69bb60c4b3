"""Definitions in DynamoDB: one item a document, one for each of its revisions, and a head whose version serialises all
changes. Each change begins the pass over all standings anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.scoring.adapters.pass_cursor import pass_item
from services.scoring.domain.definitions import KINDS, Definition, Definitions
from services.scoring.ports import Revision
from services.shared.aws.dynamo import Item, Op, Table, TransactionRefused, transact
from services.shared.clock import from_iso, to_iso

HEAD = {"kind": "head", "name": "head"}


class DefinitionsTable:
    """The table `definitions`: key `kind` and `name`. The revisions of a document are kept under the kind
    `<kind>/<name>`, by number."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, at_least: int = 0) -> Definitions:
        # The head first: documents newer than it only mean that profiles are judged once more.
        head = self._table.get(HEAD, consistent=True)
        found = [
            kind.parse(item["name"], json.loads(item["document"]))
            for kind in KINDS.values()
            for item in self._table.query("kind = :kind", values={":kind": kind.name}, consistent=True)
        ]
        return Definitions.of(head["version"] if head else 0, found)

    def revision(self, kind: str, name: str) -> Revision | None:
        item = self._table.get({"kind": kind, "name": name}, consistent=True)
        return _revision(item) if item else None

    def revisions(self, kind: str, name: str, before: int, limit: int) -> list[Revision]:
        items = self._table.query(
            "kind = :kind AND #name < :before",
            names={"#name": "name"},
            values={":kind": f"{kind}/{name}", ":before": _numbered(before)},
            descending=True,
            limit=limit,
        )
        return [_revision(item) for item in items]

    def save(self, new: Definition, number: int, version: int, at: datetime, pass_at: datetime) -> bool:
        document = new.document()
        item = {
            "kind": new.kind,
            "name": new.name,
            "document": json.dumps(document, separators=(",", ":"), ensure_ascii=False),
            "revision": number,
            "saved_at": to_iso(at),
        }
        return self._change(version, pass_at, [self._table.put_op(item), self._kept(item)])

    def delete(
        self, kind: str, name: str, number: int, version: int, at: datetime, pass_at: datetime
    ) -> bool:
        gone = {"kind": kind, "name": name, "document": "", "revision": number, "saved_at": to_iso(at)}
        remove = self._table.delete_op({"kind": kind, "name": name})
        return self._change(version, pass_at, [remove, self._kept(gone)])

    def _kept(self, item: Item) -> Op:
        kept = {**item, "kind": f"{item['kind']}/{item['name']}", "name": _numbered(item["revision"])}
        return self._table.put_op(kept)

    def _change(self, version: int, pass_at: datetime, ops: list[Op]) -> bool:
        first = version == 1
        head = self._table.put_op(
            {**HEAD, "version": version},
            condition="attribute_not_exists(kind)" if first else "#version = :before",
            names=None if first else {"#version": "version"},
            values=None if first else {":before": version - 1},
        )
        try:
            transact([head, *ops, self._table.put_op(pass_item(version, pass_at))])
        except TransactionRefused:
            return False
        return True


def _numbered(number: int) -> str:
    return f"{number:08d}"


def _revision(item: Mapping[str, Any]) -> Revision:
    document = json.loads(item["document"]) if item["document"] else None
    return Revision(
        item.get("revision", 1), document, from_iso(item["saved_at"]) if "saved_at" in item else None
    )
