"""Everything that a stage's stores hold, as text that can be searched: for tests that look for traces of a person."""

from __future__ import annotations

import gzip
import json
import tempfile
import zlib
from collections.abc import Iterator
from typing import Any

import boto3


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a value; bytes are decompressed if they can be."""
    if isinstance(value, bytes):
        yield from _inflated(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from texts_of(inner)
    elif isinstance(value, list | tuple | set):
        for inner in value:
            yield from texts_of(inner)
    else:
        yield str(value)


def table_texts(region: str) -> dict[str, list[str]]:
    """Per table its items, each as one text."""
    client = boto3.client("dynamodb", region_name=region)
    found: dict[str, list[str]] = {}
    for page in client.get_paginator("list_tables").paginate():
        for name in page["TableNames"]:
            pages = client.get_paginator("scan").paginate(TableName=name)
            found[name] = [" ".join(texts_of(item)) for one in pages for item in one["Items"]]
    return found


def bucket_texts(region: str) -> dict[str, str]:
    """Per object of every bucket its text."""
    client = boto3.client("s3", region_name=region)
    found: dict[str, str] = {}
    for bucket in client.list_buckets()["Buckets"]:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
            for entry in page.get("Contents", []):
                body = client.get_object(Bucket=bucket["Name"], Key=entry["Key"])["Body"].read()
                found[f"{bucket['Name']}/{entry['Key']}"] = " ".join(_inflated(body))
    return found


def _inflated(blob: bytes) -> Iterator[str]:
    """The bytes as text, and what they hold deflated in one of the ways our adapters do."""
    yield blob.decode("utf-8", "replace")
    if blob[:4] == b"PAR1":
        yield from _rows(blob)
        return
    if blob[:2] == b"\x1f\x8b":
        yield gzip.decompress(blob).decode("utf-8", "replace")
        return
    try:
        yield zlib.decompress(blob).decode("utf-8", "replace")
    except zlib.error:
        yield from _events(blob)


def _rows(blob: bytes) -> Iterator[str]:
    """Every cell of a Parquet file, as any of its readers sees it."""
    import duckdb

    with tempfile.NamedTemporaryFile(suffix=".parquet") as file, duckdb.connect() as connection:
        file.write(blob)
        file.flush()
        for row in connection.execute("SELECT * FROM read_parquet($1)", [file.name]).fetchall():
            yield " ".join(str(cell) for cell in row)


def _events(blob: bytes) -> Iterator[str]:
    from services.ingest.adapters.event_codec import decode_events

    try:
        events = decode_events(blob)
    except (zlib.error, KeyError, ValueError, IndexError):
        return
    for one in events:
        yield json.dumps([one.receipt, one.source, one.call.properties, one.call.traits], default=str)
        yield json.dumps([one.call.message_id, one.call.name, [i.value for i in one.call.identifiers]])
