"""Joins ingest's use cases with AWS; once per process, on first use."""

from __future__ import annotations

import secrets
import tempfile
from functools import cache
from pathlib import Path

from services.ingest.accept import FrontDoor, KnownKeys
from services.ingest.adapters.dynamo_identities import DynamoIdentities
from services.ingest.adapters.dynamo_imports import DynamoImports, SqsImports
from services.ingest.adapters.dynamo_profiles import DynamoProfiles
from services.ingest.adapters.dynamo_sources import DynamoSources
from services.ingest.adapters.dynamo_timeline import DynamoTimeline
from services.ingest.adapters.parquet import DuckParquet
from services.ingest.adapters.s3_imports import S3Imports
from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.adapters.sqs_intake import SqsIntake
from services.ingest.adapters.threads import Threads
from services.ingest.consume import Consumer
from services.ingest.imports import ImportDesk, ImportWorker
from services.ingest.lake import LakeKeeper
from services.ingest.manage import PROFILE_PREFIX, ProfileDirectory, SourceRegistry
from services.ingest.settings import (
    AdminSettings,
    ApiSettings,
    CompactSettings,
    ImportsSettings,
    OnEventsSettings,
    OnImportsSettings,
    OnProfilesStreamSettings,
)
from services.ingest.tell import Teller
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table
from services.shared.ids import new_id

WRITERS = 8


@cache
def front_door() -> FrontDoor:
    """For `api`."""
    settings = ApiSettings.from_env()
    return FrontDoor(
        keys=KnownKeys(DynamoSources(Table(settings.sources_table))),
        queue=SqsIntake(settings.queue_url),
        clock=settings.clock(),
        new_id=new_id,
    )


@cache
def source_registry() -> SourceRegistry:
    """For `admin`."""
    settings = AdminSettings.from_env()
    return SourceRegistry(
        sources=DynamoSources(Table(settings.sources_table)),
        clock=settings.clock(),
        new_key=lambda: f"wk_{secrets.token_urlsafe(24)}",
    )


@cache
def profile_directory() -> ProfileDirectory:
    """For `admin`."""
    settings = AdminSettings.from_env()
    return ProfileDirectory(
        identities=DynamoIdentities(Table(settings.identities_table)),
        profiles=DynamoProfiles(Table(settings.profiles_table), Table(settings.profile_parts_table)),
    )


@cache
def consumer() -> Consumer:
    """For `on_events`."""
    settings = OnEventsSettings.from_env()
    return Consumer(
        identities=DynamoIdentities(Table(settings.identities_table)),
        profiles=DynamoProfiles(Table(settings.profiles_table), Table(settings.profile_parts_table)),
        lake=S3Lake(settings.lake_bucket),
        clock=settings.clock(),
        new_profile_id=lambda: new_id(PROFILE_PREFIX.rstrip("_")),
        spread=Threads(WRITERS),
    )


@cache
def teller() -> Teller:
    """For `on_profiles_stream`."""
    settings = OnProfilesStreamSettings.from_env()
    parts = Table(settings.profile_parts_table)
    return Teller(
        profiles=DynamoProfiles(Table(settings.profiles_table), parts),
        timeline=DynamoTimeline(parts),
        publisher=Bus(settings.bus_name),
    )


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
        identities=DynamoIdentities(Table(settings.identities_table)),
        profiles=DynamoProfiles(Table(settings.profiles_table), Table(settings.profile_parts_table)),
        clock=settings.clock(),
    )


@cache
def import_queue() -> SqsImports:
    """For `on_imports`, which sends a job to itself when time is up."""
    return SqsImports(OnImportsSettings.from_env().imports_url)
