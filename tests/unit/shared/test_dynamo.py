"""Many writes at once: what the table leaves undone is asked again."""

from __future__ import annotations

from typing import Any

import pytest

from services.shared.aws import dynamo
from services.shared.aws.dynamo import WRITE_BATCH, Table


class Reluctant:
    """A DynamoDB that leaves the last request of each call undone, as long as there are several."""

    def __init__(self) -> None:
        self.done: list[dict[str, Any]] = []
        self.sizes: list[int] = []

    def batch_write_item(self, *, RequestItems: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
        ((table, requests),) = RequestItems.items()
        self.sizes.append(len(requests))
        left = requests[1:][-1:]
        self.done += requests[: len(requests) - len(left)]
        return {"UnprocessedItems": {table: left} if left else {}}


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Reluctant:
    made = Reluctant()
    monkeypatch.setattr(dynamo, "client", lambda _: made)
    return made


def test_every_key_is_removed_once_though_the_table_refuses_some(dynamodb: Reluctant) -> None:
    """F13: a 200 that did only part of it."""
    keys = [{"pk": f"k{n}"} for n in range(60)]

    assert Table("Parts").delete_many(iter(keys)) == 60

    removed = [request["DeleteRequest"]["Key"]["pk"]["S"] for request in dynamodb.done]
    assert sorted(removed) == sorted(key["pk"] for key in keys)
    assert max(dynamodb.sizes) == WRITE_BATCH


def test_every_item_is_written_once_though_the_table_refuses_some(dynamodb: Reluctant) -> None:
    Table("Parts").put_many([{"pk": f"k{n}", "n": n} for n in range(30)])
    assert sorted(int(r["PutRequest"]["Item"]["n"]["N"]) for r in dynamodb.done) == list(range(30))


def test_nothing_is_asked_where_there_is_nothing_to_do(dynamodb: Reluctant) -> None:
    assert Table("Parts").delete_many([]) == 0
    assert dynamodb.sizes == []
