"""The event lake in S3: raw objects, Parquet parts, and the manifest that says which of them a day consists of."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from services.ingest.domain.lake import (
    PARQUET,
    RAW,
    Manifest,
    day_of,
    manifest_key,
    parquet_prefix,
    raw_key,
    raw_prefix,
)
from services.ingest.lake.ports import ManifestMoved
from services.shared.aws.clients import client

READERS = 16
READ_AHEAD = 64
"""Objects held in memory at a time."""
_LEVEL = 3
"""Of gzip: raw objects live until the day is compacted, and CPU costs more than the eighth that more effort saves."""
_DELETE_LIMIT = 1000
_GONE = ("NoSuchKey", "404")
_MOVED = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409")


class S3Lake:
    """Ports `Lake` and `LakeStore`. A repetition of a batch overwrites its object; one that was cut differently
    repeats lines in another, so readers count a receipt once."""

    def __init__(self, bucket: str, s3: Any = None) -> None:
        """`s3` is a client of somewhere else than where the function runs."""
        self._bucket = bucket
        self._given = s3

    @property
    def _s3(self) -> Any:
        return self._given or client("s3")

    def put(self, day: datetime, receipts: Sequence[str], lines: Sequence[Mapping[str, Any]]) -> str:
        key = raw_key(day.date(), receipts)
        self.put_raw(key, lines)
        return key

    def put_raw(self, key: str, lines: Iterable[Mapping[str, Any]]) -> None:
        text = b"".join(_text(line) + b"\n" for line in lines)
        self._s3.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=gzip.compress(text, compresslevel=_LEVEL, mtime=0),
            ContentType="application/x-ndjson",
            ContentEncoding="gzip",
        )

    def raw_days(self) -> set[date]:
        return self._days(RAW)

    def days(self) -> set[date]:
        return self._days(RAW) | self._days(PARQUET)

    def _days(self, prefix: str) -> set[date]:
        pages = self._s3.get_paginator("list_objects_v2")
        found = (
            day_of(one["Prefix"])
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix, Delimiter="/")
            for one in page.get("CommonPrefixes", [])
        )
        return {day for day in found if day is not None}

    def raw_sizes(self, day: date) -> dict[str, int]:
        return self._sizes(raw_prefix(day))

    def part_keys(self, day: date) -> set[str]:
        return {key for key in self._sizes(parquet_prefix(day)) if key.endswith(".parquet")}

    def _sizes(self, prefix: str) -> dict[str, int]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return {one["Key"]: int(one["Size"]) for page in pages for one in page.get("Contents", [])}

    def raw_lines(self, keys: Iterable[str]) -> Iterator[list[dict[str, Any]]]:
        pending = list(keys)
        with ThreadPoolExecutor(READERS) as pool:
            for start in range(0, len(pending), READ_AHEAD):
                yield from pool.map(self._read, pending[start : start + READ_AHEAD])

    def _read(self, key: str) -> list[dict[str, Any]]:
        body = self._get(key)
        if body is None:
            raise ManifestMoved(key)
        # S3 clients that undo the content encoding by themselves hand over plain text.
        text = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        return [json.loads(line) for line in text.split(b"\n") if line]

    def _get(self, key: str) -> bytes | None:
        from botocore.exceptions import ClientError

        try:
            found: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return None
            raise
        return found

    def manifest(self, day: date) -> tuple[Manifest, str]:
        from botocore.exceptions import ClientError

        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=manifest_key(day))
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return Manifest(), ""
            raise
        return Manifest.from_json(found["Body"].read().decode()), found["ETag"]

    def switch(self, day: date, manifest: Manifest, was: str) -> str:
        from botocore.exceptions import ClientError

        condition = {"IfMatch": was} if was else {"IfNoneMatch": "*"}
        try:
            done = self._s3.put_object(
                Bucket=self._bucket,
                Key=manifest_key(day),
                Body=manifest.to_json().encode(),
                ContentType="application/json",
                **condition,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _MOVED:
                raise ManifestMoved(manifest_key(day)) from error
            raise
        return str(done["ETag"])

    def fetch(self, key: str, target: Path) -> None:
        from botocore.exceptions import ClientError

        try:
            self._s3.download_file(self._bucket, key, str(target))
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                raise ManifestMoved(key) from error
            raise

    def store(self, key: str, source: Path) -> None:
        self._s3.upload_file(str(source), self._bucket, key)

    def remove(self, keys: Iterable[str]) -> None:
        pending = sorted(keys)
        while pending:
            chunk, pending = pending[:_DELETE_LIMIT], pending[_DELETE_LIMIT:]
            answer = self._s3.delete_objects(
                Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in chunk], "Quiet": True}
            )
            if answer.get("Errors"):  # a 200 may hold failures; what is left is removed by the next run
                raise OSError(f"{len(answer['Errors'])} objects could not be removed")


def _text(line: Mapping[str, Any]) -> bytes:
    try:
        return to_json(line)
    except PydanticSerializationError:  # half a surrogate pair, in the text of a refused event
        return json.dumps(line).encode()
