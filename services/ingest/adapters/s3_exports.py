"""Large exports in the lake's bucket, under a prefix that S3 empties after a day: `exports/<profile>/job.json`, and
the parts of a job under `exports/<profile>/<export>/`."""

from __future__ import annotations

from services.ingest.domain.export import ExportJob
from services.ingest.people.ports import LINK_SECONDS, StaleExport
from services.shared.aws.clients import client
from services.shared.aws.lake_objects import LakeObjects, Moved

PREFIX = "exports/"


class S3Exports:
    """Port `ExportFiles`."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._objects = LakeObjects(bucket)

    def job(self, profile_id: str) -> tuple[ExportJob, str] | None:
        found = self._objects.get(_job_key(profile_id))
        return (ExportJob.from_json(found[0]), found[1]) if found else None

    def keep(self, job: ExportJob, version: str) -> str:
        try:
            return self._objects.put(_job_key(job.profile_id), job.to_json().encode(), version)
        except Moved as error:
            raise StaleExport from error

    def put(self, job: ExportJob, name: str, body: bytes) -> None:
        self._objects.put(_part_key(job, name), body)

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


def _job_key(profile_id: str) -> str:
    return f"{PREFIX}{profile_id}/job.json"


def _part_key(job: ExportJob, name: str) -> str:
    return f"{PREFIX}{job.profile_id}/{job.export_id}/{name}"
