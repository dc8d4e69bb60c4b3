"""Joins ingest's use cases with AWS; once per process, on first use."""

from __future__ import annotations

import secrets
from functools import cache

from services.ingest.accept import FrontDoor
from services.ingest.adapters.dynamo_identities import DynamoIdentities
from services.ingest.adapters.dynamo_profiles import DynamoProfiles
from services.ingest.adapters.dynamo_sources import DynamoMeter, DynamoSources
from services.ingest.adapters.dynamo_timeline import DynamoTimeline
from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.adapters.sqs_intake import SqsIntake
from services.ingest.adapters.threads import Threads
from services.ingest.consume import Consumer
from services.ingest.known import KnownKeys, KnownRules
from services.ingest.manage import PROFILE_PREFIX, ProfileDirectory
from services.ingest.settings import (
    AdminSettings,
    ApiSettings,
    OnEventsSettings,
    OnProfilesStreamSettings,
    SourcesSettings,
)
from services.ingest.sources import SourceRegistry
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
        keys=KnownKeys(DynamoSources(Table(settings.sources_table)), settings.clock()),
        meter=DynamoMeter(Table(settings.rates_table)),
        queue=SqsIntake(settings.queue_url),
        clock=settings.clock(),
        new_id=new_id,
    )


@cache
def source_registry() -> SourceRegistry:
    """For `sources`."""
    settings = SourcesSettings.from_env()
    return SourceRegistry(
        sources=DynamoSources(Table(settings.sources_table)),
        clock=settings.clock(),
        new_key=lambda prefix: f"{prefix}_{secrets.token_urlsafe(24)}",
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
        rules_of=KnownRules(DynamoSources(Table(settings.sources_table))),
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
