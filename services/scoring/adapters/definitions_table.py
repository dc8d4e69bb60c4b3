"""Definitions in DynamoDB: one item a document, one for each of its revisions, one for what a journey needs to hear,
and a head whose version serialises all changes. Each change that people are judged otherwise by begins the pass over
all standings anew."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from services.scoring.adapters.pass_cursor import pass_item
from services.scoring.domain.definitions import KINDS, Definition, Definitions
from services.scoring.domain.definitions.hearing import Hearing, Request
from services.scoring.ports import Revision
from services.shared.aws.dynamo import Item, Op, Table, TransactionRefused, transact
from services.shared.aws.records import Change
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.journeys import Listening

HEAD = {"kind": "head", "name": "head"}
HEARING = "hearing"
"""The kind of items that say what a journey, their name, needs to hear."""


class DefinitionsTable:
    """The table `definitions`: key `kind` and `name`. The revisions of a document are kept under the kind
    `<kind>/<name>`, by number."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, at_least: int = 0) -> Definitions:
        while True:
            # The head first: documents newer than it only mean that profiles are judged once more. But who a new watch
            # finds is told apart by its version, so requests must not be newer.
            head = self._table.get(HEAD, consistent=True)
            items = list(self._of(HEARING))
            if all(item["definitions"] <= (head["version"] if head else 0) for item in items):
                return self._read(head, Hearing(tuple(map(_request, items))))

    def _of(self, kind: str) -> Iterator[Item]:
        return self._table.query("kind = :kind", values={":kind": kind}, consistent=True)

    def _read(self, head: Item | None, hearing: Hearing) -> Definitions:
        found = [
            kind.parse(item["name"], json.loads(item["document"]))
            for kind in KINDS.values()
            for item in self._of(kind.name)
        ]
        if not head:
            return Definitions.of(0, found, None, hearing)
        return Definitions.of(head["version"], found, json.loads(head.get("introduced", "{}")), hearing)

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

    def save(
        self, new: Definition, number: int, following: Definitions, at: datetime, pass_at: datetime
    ) -> bool:
        document = new.document()
        item = {
            "kind": new.kind,
            "name": new.name,
            "document": json.dumps(document, separators=(",", ":"), ensure_ascii=False),
            "revision": number,
            "saved_at": to_iso(at),
        }
        return self._change(following, pass_at, [self._table.put_op(item), self._kept(item)])

    def delete(
        self, kind: str, name: str, number: int, following: Definitions, at: datetime, pass_at: datetime
    ) -> bool:
        gone = {"kind": kind, "name": name, "document": "", "revision": number, "saved_at": to_iso(at)}
        remove = self._table.delete_op({"kind": kind, "name": name})
        return self._change(following, pass_at, [remove, self._kept(gone)])

    def hear(self, journey: str, following: Definitions, before: int, pass_at: datetime | None) -> bool:
        (request,) = (one for one in following.hearing.requests if one.listening.journey == journey)
        item = {
            "kind": HEARING,
            "name": journey,
            "definitions": following.version,
            "listening": request.listening.model_dump_json(exclude_defaults=True),
            "asked_at": json.dumps({name: to_iso(at) for name, at in request.asked_at.items()}),
        }
        head = self._head(following) if following.version > before else self._unmoved(before)
        begun = [self._table.put_op(pass_item(following.version, pass_at))] if pass_at else []
        return _written([head, self._table.put_op(item), *begun])

    def _kept(self, item: Item) -> Op:
        kept = {**item, "kind": f"{item['kind']}/{item['name']}", "name": _numbered(item["revision"])}
        return self._table.put_op(kept)

    def _change(self, following: Definitions, pass_at: datetime, ops: list[Op]) -> bool:
        begun = self._table.put_op(pass_item(following.version, pass_at))
        return _written([self._head(following), *ops, begun])

    def _head(self, following: Definitions) -> Op:
        introduced = json.dumps(following.introduced, separators=(",", ":"), sort_keys=True)
        item = {**HEAD, "version": following.version, "introduced": introduced}
        return self._table.put_op(item, **_stands(following.version - 1))

    def _unmoved(self, version: int) -> Op:
        return self._table.check_op(HEAD, **_stands(version))


def decides(change: Change) -> bool:
    """Is a change of the table one of definitions, or of what journeys hear?"""
    item = change.new or change.old or {}
    return item["kind"] in (HEAD["kind"], HEARING)


def _stands(version: int) -> dict[str, Any]:
    """The condition that the head has a version; 0: there is none."""
    if not version:
        return {"condition": "attribute_not_exists(kind)"}
    condition, names = "#version = :before", {"#version": "version"}
    return {"condition": condition, "names": names, "values": {":before": version}}


def _written(ops: list[Op]) -> bool:
    try:
        transact(ops)
    except TransactionRefused:
        return False
    return True


def _request(item: Item) -> Request:
    asked_at = {name: from_iso(at) for name, at in json.loads(item["asked_at"]).items()}
    return Request(Listening.model_validate_json(item["listening"]), asked_at)


def _numbered(number: int) -> str:
    return f"{number:08d}"


def _revision(item: Mapping[str, Any]) -> Revision:
    document = json.loads(item["document"]) if item["document"] else None
    return Revision(
        item.get("revision", 1), document, from_iso(item["saved_at"]) if "saved_at" in item else None
    )
