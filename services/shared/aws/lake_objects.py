"""JSON objects in the lake's bucket that several may change: a write can be made to depend on what was read."""

from __future__ import annotations

from services.shared.aws.clients import client

_MOVED = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409", "404")


class Moved(Exception):
    """An object is another by now."""


class LakeObjects:
    """Objects by their keys."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def get(self, key: str) -> tuple[bytes, str] | None:
        """An object and its state, for `put`. Listed first: of an object that is not there, S3 tells those who may list
        only some that it is forbidden."""
        if not client("s3").list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1).get("KeyCount"):
            return None
        found = client("s3").get_object(Bucket=self._bucket, Key=key)
        return found["Body"].read(), str(found["ETag"])

    def put(self, key: str, body: bytes, state: str | None = None) -> str:
        """Write an object, if it still is in `state` (`""`: not there; `None`: whatever it is); its new state.

        Raises:
            Moved: it is in another.
        """
        from botocore.exceptions import ClientError

        condition = {} if state is None else {"IfMatch": state} if state else {"IfNoneMatch": "*"}
        try:
            done = client("s3").put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType="application/json", **condition
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _MOVED:
                raise Moved(key) from error
            raise
        return str(done["ETag"])
