"""The event lake's NDJSON objects, for whoever has to read or rewrite what is in them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.ingest.domain.forget import Subject, without
from services.shared.aws.clients import client

_DAYS = "events/date="


class S3LakeObjects:
    """Port `LakeDays`."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def days(self, since: str) -> list[str]:
        pages = client("s3").get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self._bucket, Prefix=_DAYS, Delimiter="/")
        folders = [entry["Prefix"] for page in found for entry in page.get("CommonPrefixes", [])]
        return sorted(day for folder in folders if (day := folder.removeprefix(_DAYS).rstrip("/")) >= since)

    def lines(self, day: str) -> Iterator[Mapping[str, Any]]:
        for key in self._keys(day):
            yield from self._read(key)

    def forget(self, day: str, subject: Subject) -> int:
        changed = 0
        for key in self._keys(day):
            kept, gone = without(self._read(key), subject)
            if gone:
                self._replace(key, kept)
            changed += gone
        return changed

    def _keys(self, day: str) -> list[str]:
        pages = client("s3").get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self._bucket, Prefix=f"{_DAYS}{day}/")
        return [entry["Key"] for page in found for entry in page.get("Contents", [])]

    def _read(self, key: str) -> list[dict[str, Any]]:
        s3 = client("s3")
        try:
            body = s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except s3.exceptions.NoSuchKey:
            return []
        return [json.loads(line) for line in gzip.decompress(body).splitlines() if line]

    def _replace(self, key: str, lines: Sequence[Mapping[str, Any]]) -> None:
        """Without lines the object goes."""
        if not lines:
            client("s3").delete_object(Bucket=self._bucket, Key=key)
            return
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
        client("s3").put_object(
            Bucket=self._bucket,
            Key=key,
            Body=gzip.compress(text.encode(), compresslevel=6, mtime=0),
            ContentType="application/x-ndjson",
            ContentEncoding="gzip",
        )
