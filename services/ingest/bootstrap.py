"""Joins ingest's use cases with AWS; once per process, on first use."""

from __future__ import annotations

import json
import secrets
from functools import cache

from services.ingest.accept import FrontDoor, KnownKeys
from services.ingest.adapters.dynamo_erasures import DynamoErasures, DynamoTombstones
from services.ingest.adapters.dynamo_finder import DynamoFinder
from services.ingest.adapters.dynamo_identities import DynamoIdentities
from services.ingest.adapters.dynamo_people import DynamoHistories, DynamoPeople
from services.ingest.adapters.dynamo_profiles import DynamoProfiles
from services.ingest.adapters.dynamo_records import DynamoRecords, RecordingTimeline
from services.ingest.adapters.dynamo_sources import DynamoSources
from services.ingest.adapters.dynamo_timeline import DynamoTimeline
from services.ingest.adapters.lake_objects import S3LakeObjects
from services.ingest.adapters.person_functions import PersonFunctions
from services.ingest.adapters.s3_exports import S3Exports
from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.adapters.sqs_erasures import SqsErasures
from services.ingest.adapters.sqs_intake import SqsIntake
from services.ingest.adapters.threads import Threads
from services.ingest.consume import Consumer
from services.ingest.manage import SourceRegistry
from services.ingest.people.erase import Eraser, ErasureDesk, Stores
from services.ingest.people.export import Exporter
from services.ingest.people.find import PROFILE_PREFIX, Directory
from services.ingest.people.show import SingleView
from services.ingest.settings import (
    AdminSettings,
    ApiSettings,
    ErasuresSettings,
    OnErasuresSettings,
    OnEventsSettings,
    OnProfilesStreamSettings,
    ProfilesSettings,
)
from services.ingest.tell import Teller
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table
from services.shared.ids import new_id

WRITERS = 8

ANSWER_SECONDS, ERASE_SECONDS = 10, 65
"""How long another service may take to describe a person, and to forget one: its function has 60 seconds."""


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


def _directory(identities: str, profiles: str, parts: str) -> Directory:
    graph = Table(identities)
    people = DynamoPeople(DynamoIdentities(graph), DynamoProfiles(Table(profiles), Table(parts)))
    return Directory(people=people, finder=DynamoFinder(graph))


@cache
def single_view() -> SingleView:
    """For `profiles`."""
    settings = ProfilesSettings.from_env()
    parts = Table(settings.profile_parts_table)
    return SingleView(
        directory=directory(),
        timeline=DynamoTimeline(parts),
        records=DynamoRecords(parts),
        services=PersonFunctions(json.loads(settings.person_functions), seconds=ANSWER_SECONDS),
        clock=settings.clock(),
    )


@cache
def directory() -> Directory:
    """For `profiles`."""
    settings = ProfilesSettings.from_env()
    return _directory(settings.identities_table, settings.profiles_table, settings.profile_parts_table)


@cache
def exporter() -> Exporter:
    """For `profiles`."""
    settings = ProfilesSettings.from_env()
    parts = Table(settings.profile_parts_table)
    return Exporter(
        directory=directory(),
        timeline=DynamoTimeline(parts),
        records=DynamoRecords(parts),
        lake=S3LakeObjects(settings.lake_bucket),
        services=PersonFunctions(json.loads(settings.person_functions), seconds=ANSWER_SECONDS),
        files=S3Exports(settings.lake_bucket),
        clock=settings.clock(),
        new_id=new_id,
    )


@cache
def erasure_desk() -> ErasureDesk:
    """For `erasures`."""
    settings = ErasuresSettings.from_env()
    return ErasureDesk(
        directory=_directory(
            settings.identities_table, settings.profiles_table, settings.profile_parts_table
        ),
        erasures=DynamoErasures(Table(settings.erasures_table)),
        queue=SqsErasures(settings.erasures_queue_url),
        clock=settings.clock(),
    )


@cache
def eraser() -> Eraser:
    """For `on_erasures`."""
    settings = OnErasuresSettings.from_env()
    parts = Table(settings.profile_parts_table)
    return Eraser(
        stores=Stores(
            people=DynamoPeople(
                DynamoIdentities(Table(settings.identities_table)),
                DynamoProfiles(Table(settings.profiles_table), parts),
            ),
            tombstones=DynamoTombstones(Table(settings.erasures_table), settings.address_secret_arn),
            histories=DynamoHistories(parts),
            records=DynamoRecords(parts),
            lake=S3LakeObjects(settings.lake_bucket),
            exports=S3Exports(settings.lake_bucket),
        ),
        services=PersonFunctions(json.loads(settings.person_functions), seconds=ERASE_SECONDS),
        erasures=DynamoErasures(Table(settings.erasures_table)),
        queue=SqsErasures(settings.erasures_queue_url),
        publish=Bus(settings.bus_name).publish,
        clock=settings.clock(),
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
        timeline=RecordingTimeline(parts),
        publisher=Bus(settings.bus_name),
    )
