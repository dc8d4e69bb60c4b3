"""Large exports in the lake's bucket, under a prefix that S3 empties after a day: `exports/<profile>/job.json`, and
the parts of a job under `exports/<profile>/<export>/`."""

from __future__ import annotations

from typing import Any

from services.ingest.domain.export import ExportJob
from services.ingest.people.ports import LINK_SECONDS, StaleExport
from services.shared.aws.clients import client

PREFIX = "exports/"
_MOVED = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409", "404")


class S3Exports:
    """Port `ExportFiles`."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def job(self, profile_id: str) -> tuple[ExportJob, str] | None:
        """Listed first: of an object that is not there, S3 tells those who may list only some that it is forbidden."""
        key = _job_key(profile_id)
        if not client("s3").list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1).get("KeyCount"):
            return None
        found = client("s3").get_object(Bucket=self._bucket, Key=key)
        return ExportJob.from_json(found["Body"].read()), str(found["ETag"])

    def keep(self, job: ExportJob, version: str) -> str:
        from botocore.exceptions import ClientError

        condition = {"IfMatch": version} if version else {"IfNoneMatch": "*"}
        try:
            done = self._put(_job_key(job.profile_id), job.to_json().encode(), **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MOVED:
                raise StaleExport from error
            raise
        return str(done["ETag"])

    def put(self, job: ExportJob, name: str, body: bytes) -> None:
        self._put(_part_key(job, name), body)

    def link(self, job: ExportJob, name: str) -> str:
        key = {"Bucket": self._bucket, "Key": _part_key(job, name)}
        return str(client("s3").generate_presigned_url("get_object", Params=key, ExpiresIn=LINK_SECONDS))

    def forget(self, profile_ids: tuple[str, ...]) -> int:
        gone = 0
        for profile_id in profile_ids:
            pages = client("s3").get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=f"{PREFIX}{profile_id}/"):
                for entry in page.get("Contents", []):
                    client("s3").delete_object(Bucket=self._bucket, Key=entry["Key"])
                    gone += 1
        return gone

    def _put(self, key: str, body: bytes, **condition: str) -> Any:
        return client("s3").put_object(
            Bucket=self._bucket, Key=key, Body=body, ContentType="application/json", **condition
        )


def _job_key(profile_id: str) -> str:
    return f"{PREFIX}{profile_id}/job.json"


def _part_key(job: ExportJob, name: str) -> str:
    return f"{PREFIX}{job.profile_id}/{job.export_id}/{name}"
