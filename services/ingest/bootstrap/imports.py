"""Joins the use cases of imports with AWS."""

from __future__ import annotations

from functools import cache

from services.ingest.adapters.dynamo_attributes import DynamoAttributes
from services.ingest.adapters.dynamo_imports import DynamoImports, SqsImports
from services.ingest.adapters.dynamo_sources import DynamoSources
from services.ingest.adapters.lake_function import LakeFunction
from services.ingest.adapters.s3_imports import S3Imports
from services.ingest.adapters.sqs_intake import SqsIntake
from services.ingest.bootstrap import profiles
from services.ingest.doors.attributes import KnownAttributes
from services.ingest.imports.desk import ImportDesk
from services.ingest.imports.unwind import Unwinder
from services.ingest.imports.work import ImportWorker
from services.ingest.settings import ImportsSettings, OnImportsSettings
from services.shared.aws.dynamo import Table
from services.shared.ids import new_id


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
        identities=profiles.identities(),
        profiles=profiles.profiles(),
        attributes=KnownAttributes(DynamoAttributes(Table(settings.attributes_table))),
        unwinder=Unwinder(
            identities=profiles.identities(), keeper=profiles.keeper(), new_graph_id=lambda: new_id("grp")
        ),
        lake=LakeFunction(settings.compact_function),
        clock=settings.clock(),
    )


@cache
def import_queue() -> SqsImports:
    """For `on_imports`, which sends a job to itself when time is up."""
    return SqsImports(OnImportsSettings.from_env().imports_url)
