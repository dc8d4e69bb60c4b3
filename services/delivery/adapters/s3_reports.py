"""Files of providers' reports, as Firehose puts them into a bucket of their own."""

from __future__ import annotations

import gzip

from services.shared.aws.clients import client


class S3Reports:
    """`use_cases.note_files.ReportFiles` in `bucket`."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def read(self, key: str) -> str | None:
        from botocore.exceptions import ClientError

        try:
            body: bytes = client("s3").get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return None
        return gzip.decompress(body).decode()

    def forget(self, key: str) -> None:
        client("s3").delete_object(Bucket=self._bucket, Key=key)
