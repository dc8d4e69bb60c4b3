"""Joins the keeping of the lake with AWS."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from services.ingest.adapters.dynamo_redirects import DynamoRedirects
from services.ingest.adapters.lake_function import LakeFunction
from services.ingest.adapters.parquet import DuckParquet
from services.ingest.adapters.s3_figures import S3Figures
from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.figures.ask import FigureDesk
from services.ingest.figures.count import FigureCounter
from services.ingest.lake.past import Past
from services.ingest.lake.upkeep import LakeKeeper
from services.ingest.settings import CompactSettings, FiguresSettings
from services.shared.aws.dynamo import Table


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


@cache
def figure_counter() -> FigureCounter:
    """For `compact`."""
    settings = CompactSettings.from_env()
    return FigureCounter(
        lake=lake_keeper(),
        redirects=DynamoRedirects(Table(settings.profiles_table)),
        files=S3Figures(settings.lake_bucket),
        clock=settings.clock(),
    )


@cache
def past() -> Past:
    """For `compact`."""
    settings = CompactSettings.from_env()
    return Past(lake=lake_keeper(), redirects=DynamoRedirects(Table(settings.profiles_table)))


@cache
def figure_desk() -> FigureDesk:
    """For `figures`."""
    settings = FiguresSettings.from_env()
    return FigureDesk(
        files=S3Figures(settings.lake_bucket),
        counter=LakeFunction(settings.compact_function),
        clock=settings.clock(),
    )
