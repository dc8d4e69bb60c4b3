"""Identifiers by how they begin: a sparse index on the identity graph, written once, when an identifier is claimed.

Index `by-beginning`: `beginning` = the first 3 characters and a shard, `folded` = the whole in lower case and the kind.
Shards keep an import of ids that all begin alike from writing into one partition of the index.
"""

from __future__ import annotations

import hashlib
import heapq
from itertools import islice

from services.ingest.domain.identifiers import Identifier
from services.shared.aws.dynamo import Item, Table

INDEX = "by-beginning"
SHARDS = 4
LEAST = 3
_LAST = "\uffff"


class DynamoFinder:
    """Port `Finder`."""

    def __init__(self, identities: Table) -> None:
        self._identities = identities

    def beginning(self, prefix: str, after: str, limit: int) -> list[tuple[Identifier, str]]:
        pages = [self._shard(shard, prefix, after, limit) for shard in range(SHARDS)]
        merged = heapq.merge(*pages, key=lambda item: str(item["folded"]))
        return [(Identifier.from_key(item["pk"]), item["folded"]) for item in islice(merged, limit)]

    def _shard(self, shard: int, prefix: str, after: str, limit: int) -> list[Item]:
        low = max(prefix, f"{after}\x00") if after else prefix
        return list(
            self._identities.query(
                "beginning = :shard AND folded BETWEEN :low AND :high",
                values={":shard": f"{prefix[:LEAST]}#{shard}", ":low": low, ":high": prefix + _LAST},
                index=INDEX,
                limit=limit,
            )
        )


def index_attributes(identifier: Identifier) -> Item:
    """What an identifier's item carries to be found by its beginning; nothing where it is too short to have one."""
    folded = identifier.value.lower()
    if len(folded) < LEAST:
        return {}
    shard = hashlib.sha256(identifier.key.encode()).digest()[0] % SHARDS
    return {"beginning": f"{folded[:LEAST]}#{shard}", "folded": f"{folded}#{identifier.kind}"}
