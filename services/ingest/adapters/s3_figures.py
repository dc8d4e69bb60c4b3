"""Figures in the lake's bucket, under a prefix that S3 empties after a week: `figures/<key of the question>.json`."""

from __future__ import annotations

from typing import Any

from services.ingest.domain.figures.figure import FIGURES, Figure
from services.shared.aws.clients import client

_MOVED = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409", "404")


class S3Figures:
    """Port `FigureFiles`."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def get(self, key: str) -> tuple[Figure, str] | None:
        """Listed first: of an object that is not there, S3 tells those who may list only some that it is forbidden."""
        name = _name(key)
        if not client("s3").list_objects_v2(Bucket=self._bucket, Prefix=name, MaxKeys=1).get("KeyCount"):
            return None
        found = client("s3").get_object(Bucket=self._bucket, Key=name)
        return Figure.from_json(found["Body"].read()), str(found["ETag"])

    def mark(self, figure: Figure, state: str) -> None:
        from botocore.exceptions import ClientError

        try:
            self._put(figure, **({"IfMatch": state} if state else {"IfNoneMatch": "*"}))
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MOVED:
                raise

    def put(self, figure: Figure) -> None:
        self._put(figure)

    def _put(self, figure: Figure, **condition: str) -> Any:
        name, body = _name(figure.question.key), figure.to_json().encode()
        return client("s3").put_object(
            Bucket=self._bucket, Key=name, Body=body, ContentType="application/json", **condition
        )


def _name(key: str) -> str:
    return f"{FIGURES}{key}.json"
