"""Joins the keeping of the lake with AWS."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from services.ingest.adapters.parquet import DuckParquet
from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.lake.upkeep import LakeKeeper
from services.ingest.settings import CompactSettings


@cache
def lake_keeper() -> LakeKeeper:
    """For `compact`."""
    settings = CompactSettings.from_env()
    folder = Path(tempfile.gettempdir())
    return LakeKeeper(
        store=S3Lake(settings.lake_bucket),
        parts=DuckParquet(folder, memory=f"{settings.memory_mb}MB"),
        clock=settings.clock(),
        folder=folder,
    )
