"""Template documents in DynamoDB: each version immutable, and a head with the active one."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.delivery.domain.templates.documents import Template, TemplateDocument
from services.delivery.ports.content import Versions
from services.shared.aws.dynamo import Item, Op, Table, TransactionRefused, transact
from services.shared.clock import to_iso
from services.shared.errors import Conflict, NotFound, TooLarge

HEAD = "HEAD"
PAGES = {"name": "#landing-pages", "part": "PAGES"}
ADDRESSES = {"name": "#test-addresses", "part": "ADDRESSES"}
"""No template can have these names."""

LARGEST = 180_000
"""Bytes a version has, compressed; head and version are written together, and an item holds 400 KB."""


class DynamoTemplates:
    """Templates by name; `HEAD` and `v#<number>` under each. And the landing pages that service messages avoid, and
    the addresses that tests may be sent to.

    `HEAD` is a copy of the active version, with `newest`, the highest number there is.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def active(self, name: str) -> Template | None:
        item = self._head(name)
        return _template(item) if item else None

    def version(self, name: str, number: int) -> Template | None:
        item = self._version(name, number)
        return _template(item) if item else None

    def versions(self, name: str) -> Versions | None:
        head = self._head(name)
        if head is None:
            return None
        items = self._table.query(
            "#name = :name AND begins_with(part, :v)",
            names={"#name": "name"},
            values={":name": name, ":v": "v#"},
            consistent=True,
        )
        return Versions(int(head["version"]), [(int(item["version"]), item["at"]) for item in items])

    def put(self, template: Template, at: datetime, *, activate: bool) -> int:
        name, digest = template.name, template.written.digest()
        head = self._head(name)
        seen = _newest(head)
        if head and seen == head["version"] and head["digest"] == digest:
            return int(head["version"])
        stored = {"name": name, "version": seen + 1, "digest": digest, "at": to_iso(at), **_packed(template)}
        active = stored if activate or head is None else head
        ops = [
            self._head_op({**active, "part": HEAD, "newest": seen + 1}, head),
            self._table.put_op(
                {**stored, "part": f"v#{seen + 1:06}"}, condition="attribute_not_exists(part)"
            ),
        ]
        _together(name, ops)
        return seen + 1

    def activate(self, name: str, number: int) -> None:
        head, wanted = self._head(name), self._version(name, number)
        if head is None or wanted is None:
            raise NotFound("not_found", f"template {name} has no version {number}")
        _together(name, [self._head_op({**wanted, "part": HEAD, "newest": _newest(head)}, head)])

    def all(self) -> list[Template]:
        return sorted(
            (_template(item) for item in self._table.scan() if item["part"] == HEAD), key=lambda t: t.name
        )

    def landing_pages(self) -> list[str]:
        item = self._table.get(PAGES, consistent=True)
        return list(item["pages"]) if item else []

    def put_landing_pages(self, pages: Sequence[str]) -> None:
        self._table.put({**PAGES, "pages": list(pages)})

    def test_addresses(self) -> list[str]:
        item = self._table.get(ADDRESSES, consistent=True)
        return list(item["addresses"]) if item else []

    def put_test_addresses(self, addresses: Sequence[str]) -> None:
        self._table.put({**ADDRESSES, "addresses": list(addresses)})

    def _head(self, name: str) -> Item | None:
        return self._table.get({"name": name, "part": HEAD}, consistent=True)

    def _version(self, name: str, number: int) -> Item | None:
        return self._table.get({"name": name, "part": f"v#{number:06}"}, consistent=True)

    def _head_op(self, item: Item, seen: Item | None) -> Op:
        """The new head, unless it is another by now than the one seen."""
        if seen is None:
            return self._table.put_op(item, condition="attribute_not_exists(part)")
        newest = "newest = :newest" if "newest" in seen else "attribute_not_exists(newest)"
        values = {":version": seen["version"]}
        values |= {":newest": seen["newest"]} if "newest" in seen else {}
        return self._table.put_op(
            item, condition=f"#version = :version AND {newest}", names={"#version": "version"}, values=values
        )


def _newest(head: Item | None) -> int:
    return int(head["newest"] if "newest" in head else head["version"]) if head else 0


def _together(name: str, ops: Sequence[Op]) -> None:
    try:
        transact(ops)
    except TransactionRefused as refused:
        raise Conflict("template_changed", f"template {name} was changed meanwhile") from refused


def _packed(template: Template) -> Item:
    """`packed` is the document to render, `source` the one that was written where it is another."""
    both = {"packed": template.document, "source": template.source}
    packed = {
        name: zlib.compress(document.model_dump_json(by_alias=True).encode())
        for name, document in both.items()
        if document
    }
    if sum(map(len, packed.values())) > LARGEST:
        raise TooLarge("template_too_large", f"a version has at most {LARGEST} bytes, compressed")
    return packed


def _template(item: Item) -> Template:
    document = _unpacked(item["packed"]) if "packed" in item else json.loads(item["document"])
    source = TemplateDocument.model_validate(_unpacked(item["source"])) if "source" in item else None
    return Template(item["name"], item["version"], TemplateDocument.model_validate(document), source)


def _unpacked(data: bytes) -> Any:
    return json.loads(zlib.decompress(data))
