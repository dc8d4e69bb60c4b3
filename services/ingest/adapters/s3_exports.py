"""Large exports in the lake's bucket, under a prefix that S3 empties after a day."""

from __future__ import annotations

from services.shared.aws.clients import client

PREFIX = "exports/"
LINK_SECONDS = 900


class S3Exports:
    """Port `ExportFiles`, and what an erasure removes of it."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def put(self, profile_id: str, name: str, body: bytes) -> str:
        key = f"{PREFIX}{profile_id}/{name}.json"
        client("s3").put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")
        return str(
            client("s3").generate_presigned_url(
                "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=LINK_SECONDS
            )
        )

    def forget(self, profile_ids: tuple[str, ...]) -> int:
        """Remove the exports of these profiles; how many there were."""
        gone = 0
        for profile_id in profile_ids:
            pages = client("s3").get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=f"{PREFIX}{profile_id}/"):
                for entry in page.get("Contents", []):
                    client("s3").delete_object(Bucket=self._bucket, Key=entry["Key"])
                    gone += 1
        return gone
