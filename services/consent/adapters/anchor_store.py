"""Anchors in S3, where Object Lock keeps them, with an index in DynamoDB that only makes them quick to find.

    pk anchor      sk <number, 12 digits>   the anchor's text
    pk shard#<nn>  sk <seq, 12 digits>      the number of the anchor that covers entries up to there

The bucket is the truth: a lost index comes back as the anchors are written again and found there.
"""

from __future__ import annotations

from services.consent.domain.anchors import Anchor, read
from services.shared.aws.clients import client
from services.shared.aws.dynamo import Item, Table, transact

PREFIX = "anchors/"
_THERE = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")


class AnchorBucket:
    """`AnchorStore`; `bucket` is empty where anchors are only read."""

    def __init__(self, table: Table, bucket: str = "") -> None:
        self._table = table
        self._bucket = bucket

    def newest(self) -> Anchor | None:
        found = self._table.query(
            "pk = :pk", values={":pk": "anchor"}, consistent=True, limit=1, descending=True
        )
        return next((read(item["text"]) for item in found), None)

    def keep(self, anchor: Anchor) -> Anchor:
        kept = self._put(anchor)
        items: list[Item] = [{"pk": "anchor", "sk": _digits(kept.number), "text": kept.text().decode()}]
        items += [
            {"pk": _shard(row.shard), "sk": _digits(row.seq), "number": kept.number}
            for row in kept.rows
            if row.grew
        ]
        transact([self._table.put_op(item) for item in items])
        return kept

    def list(self, after: int, limit: int) -> list[Anchor]:
        found = self._table.query(
            "pk = :pk AND sk > :after", values={":pk": "anchor", ":after": _digits(after)}, limit=limit
        )
        return [read(item["text"]) for item in found]

    def covering(self, shard: int, seq: int) -> Anchor | None:
        behind = self._table.query(
            "pk = :pk AND sk >= :seq", values={":pk": _shard(shard), ":seq": _digits(seq)}, limit=1
        )
        place = next(behind, None)
        item = self._table.get({"pk": "anchor", "sk": _digits(place["number"])}) if place else None
        return read(item["text"]) if item else None

    def _put(self, anchor: Anchor) -> Anchor:
        """Whoever comes second, and who repeats what a crash cut off, takes what is there."""
        from botocore.exceptions import ClientError

        key = key_of(anchor.number)
        try:
            client("s3").put_object(
                Bucket=self._bucket,
                Key=key,
                Body=anchor.text(),
                ContentType="application/json",
                ChecksumAlgorithm="SHA256",  # Object Lock asks for a checksum
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _THERE:
                raise
            return read(client("s3").get_object(Bucket=self._bucket, Key=key)["Body"].read())
        return anchor


def key_of(number: int) -> str:
    """Where an anchor is kept in the bucket."""
    return f"{PREFIX}{_digits(number)}.json"


def _digits(number: int) -> str:
    return f"{number:012d}"


def _shard(shard: int) -> str:
    return f"shard#{shard:02d}"
