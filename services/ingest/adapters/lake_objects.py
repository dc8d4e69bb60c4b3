"""The event lake's NDJSON objects, for whoever has to read or rewrite what is in them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.shared.aws.clients import client

PREFIX = "events/"
_LAST = "\uffff"


class S3LakeObjects:
    """Port `LakeObjects`."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def keys(self, since: str, *, until: str = "", after: str = "") -> Iterator[str]:
        """S3 lists keys in order, and the day stands first in them."""
        start = max(after, f"{PREFIX}date={since}")
        pages = client("s3").get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=PREFIX, StartAfter=start):
            for entry in page.get("Contents", []):
                if until and entry["Key"] > f"{PREFIX}date={until}/{_LAST}":
                    return
                yield entry["Key"]

    def lines(self, key: str) -> list[dict[str, Any]]:
        s3 = client("s3")
        try:
            body = s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except s3.exceptions.NoSuchKey:
            return []
        return [json.loads(line) for line in gzip.decompress(body).splitlines() if line]

    def replace(self, key: str, lines: Sequence[Mapping[str, Any]]) -> None:
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
