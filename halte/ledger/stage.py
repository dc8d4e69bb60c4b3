"""The ledger of a stage: entries and key by the marketers' API, anchors out of the bucket that locks them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from halte.ledger.findings import Found, Key, Shard
from halte.marketers import Marketers
from halte.stores import UnknownStage
from services.consent.adapters.anchor_store import PREFIX, key_of
from services.consent.domain.anchors import Anchor, read
from services.consent.domain.ledger import SHARDS, Entry, Head, Malformed, read_entry
from services.shared.aws.clients import client

READERS = 16
PAGE = 1_000


class StageSource:
    """`Source` of a stage; without a `bucket` its anchors come by the API as well. `s3` is a client of somewhere else
    than the environment says."""

    def __init__(self, api: Marketers, bucket: str = "", s3: Any = None) -> None:
        self._api = api
        self._bucket = bucket
        self._given = s3
        self._problems: list[Found] = []

    def key(self) -> Key:
        told = self._api.call("GET", "/ledger/key")
        return Key(str(told["key_id"]), str(told["public_key"]))

    def anchors(self) -> list[Anchor]:
        texts = self._locked() if self._bucket else self._told()
        found = []
        for number, text in enumerate(texts, 1):
            try:
                found.append(read(text))
            except Malformed as error:
                self._problems.append(Found("anchors", "malformed", number, str(error)))
        return found

    def shards(self) -> Iterator[Shard]:
        for shard in range(SHARDS):
            page = self._page(shard, 0)
            head = Head(**page["head"])
            yield Shard(head, self._entries(shard, head, page))

    def problems(self) -> list[Found]:
        return self._problems

    def _entries(self, shard: int, head: Head, page: dict[str, Any]) -> Iterator[Entry]:
        """Up to the head that was read first: what is appended meanwhile is for the next check."""
        while True:
            for told in page["entries"]:
                try:
                    entry = read_entry(told)
                except Malformed as error:
                    self._problems.append(Found(f"shard {shard}", "malformed", 0, str(error)))
                    continue
                if entry.seq > head.seq:
                    self._beyond(entry)
                    return
                yield entry
            if page["next"] is None:
                return
            page = self._page(shard, page["next"])

    def _beyond(self, entry: Entry) -> None:
        if self._page(entry.shard, entry.seq)["head"]["seq"] < entry.seq:
            self._problems.append(Found(f"shard {entry.shard}", "forked", entry.seq, "it is beyond the head"))

    def _page(self, shard: int, after: int) -> dict[str, Any]:
        return self._api.call("GET", f"/ledger/shards/{shard}/entries?after={after}&limit={PAGE}")

    def _told(self) -> Iterator[bytes]:
        after: int | None = 0
        while after is not None:
            page = self._api.call("GET", f"/ledger/anchors?after={after}")
            for told in page["anchors"]:
                yield json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
            after = page["next"]

    def _locked(self) -> list[bytes]:
        """Of each anchor the version that was there first: a lock keeps it, whatever was put over it later."""
        first: dict[str, str] = {}
        again: set[str] = set()
        pages = self._s3.get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=self._bucket, Prefix=PREFIX):
            for version in page.get("Versions", []):  # the newest version of a key comes first
                again |= {version["Key"]} & first.keys()
                first[version["Key"]] = version["VersionId"]
            again |= {marker["Key"] for marker in page.get("DeleteMarkers", [])}
        self._problems += [
            Found("anchors", "replaced", number, "it was put again or deleted")
            for number in range(1, len(first) + 1)
            if key_of(number) in again
        ]
        with ThreadPoolExecutor(READERS) as pool:
            return list(pool.map(self._version, *zip(*sorted(first.items()), strict=True))) if first else []

    @property
    def _s3(self) -> Any:
        return self._given or client("s3")

    def _version(self, key: str, version: str) -> bytes:
        body = self._s3.get_object(Bucket=self._bucket, Key=key, VersionId=version)["Body"]
        return bytes(body.read())


def anchor_bucket(stage: str) -> str:
    """Where a stage keeps its anchors.

    Raises:
        UnknownStage: there is no such stage in this account and region.
    """
    from botocore.exceptions import ClientError

    try:
        found = client("ssm").get_parameter(Name=f"/halte/{stage}/anchor-bucket")
    except ClientError as error:
        raise UnknownStage(f"/halte/{stage}: {error.response['Error']['Message']}") from error
    return str(found["Parameter"]["Value"])
