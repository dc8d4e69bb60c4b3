"""A lake on moto's S3 with real DuckDB, whose steps can be made to fail one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from services.ingest.adapters.parquet import DuckParquet
from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.lake import upkeep as lake
from services.shared.aws.clients import client
from services.shared.clock import FixedClock

BUCKET = "halte-lake"
DAY_ONE = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Crash(Exception):
    """The process died here."""


class FragileStore(S3Lake):
    """Dies at the n-th change of the lake, after it was made or before."""

    def __init__(self, bucket: str) -> None:
        super().__init__(bucket)
        self.steps = 0
        self.die_at = 0
        self.before = False

    def _step(self, change: Any, *arguments: Any) -> Any:
        self.steps += 1
        if self.steps == self.die_at and self.before:
            raise Crash
        done = change(*arguments)
        if self.steps == self.die_at:
            raise Crash
        return done

    def store(self, key: str, source: Path) -> None:
        self._step(super().store, key, source)

    def switch(self, day: Any, manifest: Any, was: str) -> str:
        return str(self._step(super().switch, day, manifest, was))

    def remove(self, keys: Iterable[str]) -> None:
        keys = list(keys)
        if keys:
            self._step(super().remove, keys)


class Lake:
    """What a test does to a lake and sees of it."""

    def __init__(self, folder: Path) -> None:
        self.clock = FixedClock(DAY_ONE)
        self.store = FragileStore(BUCKET)
        self.parts = DuckParquet(folder)
        self.folder = folder

    @property
    def keeper(self) -> lake.LakeKeeper:
        return lake.LakeKeeper(store=self.store, parts=self.parts, clock=self.clock, folder=self.folder)

    def put(self, *lines: Mapping[str, Any], at: datetime = DAY_ONE) -> str:
        return self.store.put(at, [one["receipt"] for one in lines], lines)

    def compact_next_day(self) -> lake.Compacted:
        self.clock.advance(timedelta(days=1))
        return self.keeper.compact()

    def read(self) -> dict[str, Mapping[str, Any]]:
        lines = list(self.keeper.lines())
        assert len({one["receipt"] for one in lines}) == len(lines), "a receipt counts once"
        return {one["receipt"]: one for one in lines}

    def objects(self) -> set[str]:
        listed = client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {one["Key"] for one in listed}

    def rows(self, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
        """A query over the Parquet parts as any reader of the bucket sees them."""
        import duckdb

        files = []
        for key in sorted(self.objects()):
            if key.endswith(".parquet"):
                file = self.folder / f"seen-{key.replace('/', '-')}"
                client("s3").download_file(BUCKET, key, str(file))
                files.append(str(file))
        found = duckdb.connect().execute(
            f"SELECT {columns} FROM read_parquet($1) WHERE {where} ORDER BY ALL", [files]
        )
        return list(found.fetchall())


@pytest.fixture
def the_lake(tmp_path: Path) -> Iterator[Lake]:
    with mock_aws():
        client.cache_clear()
        client("s3").create_bucket(Bucket=BUCKET)
        yield Lake(tmp_path)
        client.cache_clear()
