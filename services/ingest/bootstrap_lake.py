"""Joins the use cases of the lake and of imports with AWS; once per process, on first use."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from services.ingest import bootstrap
from services.ingest.adapters.dynamo_attributes import DynamoAttributes
from services.ingest.adapters.dynamo_imports import DynamoImports, SqsImports
from services.ingest.adapters.dynamo_sources import DynamoSources
from services.ingest.adapters.lake_function import LakeFunction
from services.ingest.adapters.parquet import DuckParquet
from services.ingest.adapters.s3_imports import S3Imports
from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.adapters.sqs_intake import SqsIntake
from services.ingest.doors.attributes import KnownAttributes
from services.ingest.imports.desk import ImportDesk
from services.ingest.imports.unwind import Unwinder
from services.ingest.imports.work import ImportWorker
from services.ingest.lake.upkeep import LakeKeeper
from services.ingest.settings import CompactSettings, ImportsSettings, OnImportsSettings
from services.shared.aws.dynamo import Table
from services.shared.ids import new_id


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
def import_desk() -> ImportDesk:
    """For `imports`."""
    settings = ImportsSettings.from_env()
    return ImportDesk(
        imports=DynamoImports(Table(settings.imports_table)),
        files=S3Imports(settings.lake_bucket),
        queue=SqsImports(settings.imports_url),
        sources=DynamoSources(Table(settings.sources_table)),
        clock=settings.clock(),
        new_id=new_id,
    )


@cache
def import_worker() -> ImportWorker:
    """For `on_imports`."""
    settings = OnImportsSettings.from_env()
    return ImportWorker(
        imports=DynamoImports(Table(settings.imports_table)),
        files=S3Imports(settings.lake_bucket),
        sources=DynamoSources(Table(settings.sources_table)),
        intake=SqsIntake(settings.queue_url),
        identities=bootstrap.identities(),
        profiles=bootstrap.profiles(),
        attributes=KnownAttributes(DynamoAttributes(Table(settings.attributes_table))),
        unwinder=Unwinder(
            identities=bootstrap.identities(), keeper=bootstrap.keeper(), new_graph_id=lambda: new_id("grp")
        ),
        lake=LakeFunction(settings.compact_function),
        clock=settings.clock(),
    )


@cache
def import_queue() -> SqsImports:
    """For `on_imports`, which sends a job to itself when time is up."""
    return SqsImports(OnImportsSettings.from_env().imports_url)
