"""Template documents in DynamoDB: each version immutable, and a head with the newest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from services.delivery.domain.templates.documents import Template, TemplateDocument
from services.shared.aws.dynamo import Item, Table, TransactionRefused, transact
from services.shared.clock import to_iso
from services.shared.errors import Conflict

HEAD = "HEAD"
PAGES = {"name": "#landing-pages", "part": "PAGES"}
"""No template can have this name."""


class DynamoTemplates:
    """Templates by name; `HEAD` and `v#<number>` under each. And the landing pages that service messages avoid."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def latest(self, name: str) -> Template | None:
        item = self._table.get({"name": name, "part": HEAD}, consistent=True)
        return _template(item) if item else None

    def put(self, name: str, document: TemplateDocument, at: datetime) -> int:
        head = self._table.get({"name": name, "part": HEAD}, consistent=True)
        if head and head["digest"] == document.digest():
            return int(head["version"])
        seen = int(head["version"]) if head else 0
        stored = {
            "name": name,
            "version": seen + 1,
            "digest": document.digest(),
            "document": document.model_dump_json(by_alias=True),
            "at": to_iso(at),
        }
        newest = "#version = :seen" if head else "attribute_not_exists(#version)"
        ops = [
            self._table.put_op(
                {**stored, "part": HEAD},
                condition=newest,
                names={"#version": "version"},
                values={":seen": seen} if head else None,
            ),
            self._table.put_op(
                {**stored, "part": f"v#{seen + 1:06}"}, condition="attribute_not_exists(part)"
            ),
        ]
        try:
            transact(ops)
        except TransactionRefused as refused:
            raise Conflict("template_changed", f"template {name} was changed meanwhile") from refused
        return seen + 1

    def all(self) -> list[Template]:
        return sorted(
            (_template(item) for item in self._table.scan() if item["part"] == HEAD), key=lambda t: t.name
        )

    def landing_pages(self) -> list[str]:
        item = self._table.get(PAGES, consistent=True)
        return list(item["pages"]) if item else []

    def put_landing_pages(self, pages: Sequence[str]) -> None:
        self._table.put({**PAGES, "pages": list(pages)})


def _template(item: Item) -> Template:
    return Template(
        item["name"], item["version"], TemplateDocument.model_validate(json.loads(item["document"]))
    )
