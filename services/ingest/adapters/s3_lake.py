"""The event lake: gzip NDJSON objects under the day they were processed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.shared.aws.clients import client
from services.shared.ids import stable_id


class S3Lake:
    """Port `Lake`. A repetition of a batch overwrites its object; one that was cut differently repeats lines in
    another, so readers count a receipt once."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def put(self, day: datetime, receipts: Sequence[str], lines: Sequence[Mapping[str, Any]]) -> str:
        key = f"events/date={day:%Y-%m-%d}/{stable_id('evt', *sorted(receipts))}.ndjson.gz"
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
        client("s3").put_object(
            Bucket=self._bucket,
            Key=key,
            Body=gzip.compress(text.encode(), compresslevel=6, mtime=0),
            ContentType="application/x-ndjson",
            ContentEncoding="gzip",
        )
        return key
