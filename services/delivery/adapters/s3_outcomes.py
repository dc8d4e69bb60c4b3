"""Lines of reports in the lake's bucket: raw objects as the outbox writes them, and one part of each finished day."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from services.delivery.domain.reports.lines import PARQUET, RAW, day_of, raw_key
from services.delivery.ports.reports import DayMoved
from services.shared.aws.clients import client
from services.shared.aws.parallel import done, each

_LEVEL = 3
_DELETE_LIMIT = 1000
_GONE = ("NoSuchKey", "404")


class S3Outcomes:
    """Ports `OutcomeLines` and `OutcomeStore`; `s3` is a client of somewhere else than where this runs."""

    def __init__(self, bucket: str, s3: Any = None) -> None:
        self._bucket = bucket
        self._given = s3

    @property
    def _s3(self) -> Any:
        return self._given or client("s3")

    def put(self, days: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        for day, lines in days.items():
            text = "".join(
                f"{json.dumps(line, separators=(',', ':'), ensure_ascii=False)}\n" for line in lines
            )
            self._s3.put_object(
                Bucket=self._bucket,
                Key=raw_key(day, lines),
                Body=gzip.compress(text.encode(), compresslevel=_LEVEL, mtime=0),
                ContentType="application/x-ndjson",
            )

    def raw(self) -> dict[date, list[str]]:
        return self._keys(RAW)

    def parts(self) -> dict[date, list[str]]:
        return self._keys(PARQUET)

    def fetch(self, keys: Iterable[str], folder: Path) -> list[Path]:
        return done(each(lambda key: self._fetch(key, folder), keys))

    def store(self, key: str, source: Path) -> None:
        self._s3.upload_file(str(source), self._bucket, key)

    def remove(self, keys: Iterable[str]) -> None:
        pending = sorted(keys)
        while pending:
            chunk, pending = pending[:_DELETE_LIMIT], pending[_DELETE_LIMIT:]
            wanted = {"Objects": [{"Key": key} for key in chunk], "Quiet": True}
            answer = self._s3.delete_objects(Bucket=self._bucket, Delete=wanted)
            if answer.get("Errors"):  # a 200 may hold failures; what is left is removed by the next run
                raise OSError(f"{len(answer['Errors'])} objects could not be removed")

    def _keys(self, prefix: str) -> dict[date, list[str]]:
        found: dict[date, list[str]] = defaultdict(list)
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            for one in page.get("Contents", []):
                if day := day_of(one["Key"]):
                    found[day].append(one["Key"])
        return dict(sorted(found.items()))

    def _fetch(self, key: str, folder: Path) -> Path:
        from botocore.exceptions import ClientError

        target = folder / key.replace("/", "_")
        try:
            self._s3.download_file(self._bucket, key, str(target))
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                raise DayMoved(key) from error
            raise
        return target
