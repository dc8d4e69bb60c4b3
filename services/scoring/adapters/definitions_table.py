"""Definitions in DynamoDB: one item a document, and a head whose version serialises all changes. Each change begins
the pass over all standings anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.scoring.adapters.pass_cursor import pass_item
from services.scoring.domain import definitions as rules
from services.scoring.domain.definitions import Definitions, Segment
from services.scoring.domain.models import ScoreModel
from services.shared.aws.dynamo import Table, TransactionRefused, transact

SEGMENT = "segment"
MODEL = "score-model"
HEAD = {"kind": "head", "name": "head"}


class DefinitionsTable:
    """The table `definitions`: key `kind` and `name`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, at_least: int = 0) -> Definitions:
        # The head first: documents newer than it only mean that profiles are judged once more.
        head = self._table.get(HEAD, consistent=True)
        models = [rules.score_model(name, document) for name, document in self._documents(MODEL)]
        segments = [rules.segment(name, document) for name, document in self._documents(SEGMENT)]
        return Definitions.of(head["version"] if head else 0, models, segments)

    def save(self, document: Segment | ScoreModel, version: int, pass_at: datetime) -> bool:
        segment = isinstance(document, Segment)
        body = (
            document.document() if isinstance(document, Segment) else document.model_dump(exclude_none=True)
        )
        item = {
            "kind": SEGMENT if segment else MODEL,
            "name": document.name,
            "document": json.dumps(body, separators=(",", ":"), ensure_ascii=False),
            "version": version,
        }
        first = version == 1
        head = self._table.put_op(
            {**HEAD, "version": version},
            condition="attribute_not_exists(kind)" if first else "#version = :before",
            names=None if first else {"#version": "version"},
            values=None if first else {":before": version - 1},
        )
        try:
            transact([head, self._table.put_op(item), self._table.put_op(pass_item(version, pass_at))])
        except TransactionRefused:
            return False
        return True

    def _documents(self, kind: str) -> list[tuple[str, Mapping[str, Any]]]:
        items = self._table.query("kind = :kind", values={":kind": kind}, consistent=True)
        return [(item["name"], json.loads(item["document"])) for item in items]
