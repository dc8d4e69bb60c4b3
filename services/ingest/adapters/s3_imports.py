"""Files to import, and reports about them, under one prefix of the lake's bucket that expires."""

from __future__ import annotations

from collections.abc import Iterator

from services.shared.aws.clients import client
from services.shared.errors import Invalid

PREFIX = "imports/"
URL_SECONDS = 3600
REPORTS = 50
"""Reports a job links to."""

_PIECE = 1 << 20
_ABSENT = ("404", "NoSuchKey", "403")
"""S3 says 403 of what is not there to those who may list but one prefix."""


class S3Imports:
    """Port `ImportFiles`."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def key_of(self, s3_uri: str) -> str:
        start = f"s3://{self._bucket}/{PREFIX}"
        if not s3_uri.startswith(start) or len(s3_uri) == len(start):
            raise Invalid("bad_s3_uri", f"s3_uri does not begin with {start}")
        return s3_uri.removeprefix(f"s3://{self._bucket}/")

    def upload_key(self, job_id: str) -> str:
        return f"{PREFIX}{job_id}/file"

    def upload_url(self, key: str) -> str:
        return self._url("put_object", key)

    def _url(self, method: str, key: str) -> str:
        return str(
            client("s3").generate_presigned_url(
                method, Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=URL_SECONDS
            )
        )

    def exists(self, key: str) -> bool:
        from botocore.exceptions import ClientError

        try:
            client("s3").head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return False
            raise
        return True

    def open(self, key: str) -> Iterator[bytes]:
        body = client("s3").get_object(Bucket=self._bucket, Key=key)["Body"]
        try:
            yield from body.iter_chunks(_PIECE)
        finally:
            body.close()

    def put_report(self, job_id: str, first_row: int, text: str) -> None:
        client("s3").put_object(
            Bucket=self._bucket,
            Key=f"{self._reports(job_id)}{first_row:010d}.csv",
            Body=text.encode(),
            ContentType="text/csv; charset=utf-8",
        )

    def report_urls(self, job_id: str) -> list[str]:
        listed = client("s3").list_objects_v2(
            Bucket=self._bucket, Prefix=self._reports(job_id), MaxKeys=REPORTS
        )
        return [self._url("get_object", one["Key"]) for one in listed.get("Contents", [])]

    def _reports(self, job_id: str) -> str:
        return f"{PREFIX}{job_id}/report/"
