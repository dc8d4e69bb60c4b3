"""Order files in S3, one a day: the first that is written stands."""

from __future__ import annotations

from services.shared.aws.clients import client

PREFIX = "print-orders/"
REPORTS = "print-status/"
"""Before a day, a slash, and any name: what the printer says of that day's order."""

LINK_SECONDS = 3_600
_THERE = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")


class S3Orders:
    """`ports.Orders` under one prefix of a bucket."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def days(self) -> list[str]:
        return sorted(key.removeprefix(PREFIX).removesuffix(".csv") for key in self._keys(PREFIX))

    def read(self, day: str) -> bytes:
        body: bytes = client("s3").get_object(Bucket=self._bucket, Key=_key(day))["Body"].read()
        return body

    def put(self, day: str, content: bytes) -> bool:
        from botocore.exceptions import ClientError

        try:
            client("s3").put_object(
                Bucket=self._bucket,
                Key=_key(day),
                Body=content,
                ContentType="text/csv; charset=utf-8",
                ChecksumAlgorithm="SHA256",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _THERE:
                raise
            return False
        return True

    def link(self, day: str) -> str:
        key = {"Bucket": self._bucket, "Key": _key(day)}
        return str(client("s3").generate_presigned_url("get_object", Params=key, ExpiresIn=LINK_SECONDS))

    def reports(self) -> list[tuple[str, str]]:
        keys = sorted(key for key in self._keys(REPORTS) if not key.endswith("/"))
        return [(key.removeprefix(REPORTS).partition("/")[0], key) for key in keys]

    def report(self, name: str) -> bytes:
        body: bytes = client("s3").get_object(Bucket=self._bucket, Key=name)["Body"].read()
        return body

    def forget_report(self, name: str) -> None:
        client("s3").delete_object(Bucket=self._bucket, Key=name)

    def _keys(self, prefix: str) -> list[str]:
        pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def _key(day: str) -> str:
    return f"{PREFIX}{day}.csv"
