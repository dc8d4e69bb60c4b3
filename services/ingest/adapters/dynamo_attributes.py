"""The registry of attributes in DynamoDB: one item (`pk` = `registry`), whose stream tells the others; and beside it a
count of what was withheld by name (`withheld#<name>`), gone after a month of silence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from services.ingest.domain.attributes import AttributeDocument, AttributeRules
from services.ingest.ports import StaleAttributes, Withheld
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.clock import from_iso, to_iso

REGISTRY = "registry"
KEPT = timedelta(days=30)

_WITHHELD = "withheld#"


class DynamoAttributes:
    """Port `Attributes`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self) -> AttributeRules:
        item = self._table.get({"pk": REGISTRY}, consistent=True)
        return read_rules(item) if item else AttributeRules()

    def save(self, rules: AttributeRules, at: datetime) -> None:
        before = rules.version - 1
        documents = {
            name: document.model_dump(mode="json", exclude_defaults=True)
            for name, document in sorted(rules.registered.items())
        }
        try:
            self._table.put(
                {
                    "pk": REGISTRY,
                    "policy": rules.policy,
                    "registered": json.dumps(documents, ensure_ascii=False),
                    "version": rules.version,
                    "at": to_iso(at),
                },
                condition="version = :before" if before else "attribute_not_exists(pk)",
                values={":before": before} if before else None,
            )
        except ConditionFailed as refused:
            raise StaleAttributes from refused

    def count(self, names: Mapping[str, int], at: datetime) -> None:
        for name, events in sorted(names.items()):
            self._table.update(
                {"pk": f"{_WITHHELD}{name}"},
                "ADD events :events SET last_at = :at, expires_at = :expires",
                values={":events": events, ":at": to_iso(at), ":expires": int((at + KEPT).timestamp())},
            )

    def withheld(self) -> list[Withheld]:
        found = [
            Withheld(item["pk"].removeprefix(_WITHHELD), int(item["events"]), from_iso(item["last_at"]))
            for item in self._table.scan()
            if item["pk"].startswith(_WITHHELD)
        ]
        return sorted(found, key=lambda one: (-one.events, one.name))


def is_registry(item: Item) -> bool:
    """Is it the registry itself?"""
    return bool(item["pk"] == REGISTRY)


def read_rules(item: Item) -> AttributeRules:
    """The registry in its item."""
    documents = json.loads(item["registered"])
    return AttributeRules(
        policy=item["policy"],
        registered={name: AttributeDocument.model_validate(one) for name, one in documents.items()},
        version=item["version"],
    )
