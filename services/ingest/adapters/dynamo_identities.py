"""The identity graph in DynamoDB: one item per identifier, `pk` = `<kind>#<normal form>`."""

from __future__ import annotations

from collections.abc import Iterable

from services.ingest.domain.identifiers import Identifier
from services.shared.aws.dynamo import ConditionFailed, Table


class DynamoIdentities:
    """Port `Identities`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def owners(self, identifiers: Iterable[Identifier]) -> dict[Identifier, str]:
        keys = [{"pk": identifier.key} for identifier in sorted(set(identifiers))]
        items = self._table.get_many(keys, consistent=True)
        return {Identifier.from_key(item["pk"]): item["profile_id"] for item in items}

    def claim(self, identifier: Identifier, profile_id: str) -> bool:
        try:
            self._table.put(
                {"pk": identifier.key, "profile_id": profile_id}, condition="attribute_not_exists(pk)"
            )
        except ConditionFailed as refused:
            # A lost answer makes the SDK repeat the put, which then fails against itself.
            return bool(refused.item and refused.item["profile_id"] == profile_id)
        return True
