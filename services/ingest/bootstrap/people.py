"""Joins the single customer view, exports and erasure with AWS."""

from __future__ import annotations

import json
from functools import cache

from services.ingest.adapters.dynamo_erasures import DynamoErasures, DynamoTombstones
from services.ingest.adapters.dynamo_finder import DynamoFinder
from services.ingest.adapters.dynamo_firms import DynamoFirms
from services.ingest.adapters.dynamo_people import DynamoHistories, DynamoPeople
from services.ingest.adapters.dynamo_records import DynamoRecords
from services.ingest.adapters.lake_function import AskedLake
from services.ingest.adapters.person_functions import PersonFunctions
from services.ingest.adapters.s3_exports import S3Exports
from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.adapters.sqs_erasures import SqsErasures
from services.ingest.adapters.sqs_exports import SqsExports
from services.ingest.bootstrap import profiles
from services.ingest.people.erase import Eraser, ErasureDesk, Stores
from services.ingest.people.export import Exporter, Gatherer
from services.ingest.people.export_rounds import ExportWorker
from services.ingest.people.find import Directory
from services.ingest.people.retell import Retelling
from services.ingest.people.show import SingleView
from services.ingest.profiles.rulings import RulingsKept
from services.ingest.settings import (
    ErasuresSettings,
    IdentitiesSettings,
    OnErasuresSettings,
    OnExportsSettings,
    ProfilesSettings,
)
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table
from services.shared.ids import new_id

ANSWER_SECONDS, ERASE_SECONDS = 10, 65
"""How long another service may take to describe a person, and to forget one: its function has 60 seconds."""

READ_SECONDS, AMEND_SECONDS = 18, 150
"""How long the lake may take to tell a page, when an API's answer waits for it, and otherwise, or to forget a day."""


@cache
def directory() -> Directory:
    """For `profiles` and `erasures`."""
    graph = Table(IdentitiesSettings.from_env().identities_table)
    return Directory(people=_people(), finder=DynamoFinder(graph))


@cache
def retelling() -> Retelling:
    """For `history`."""
    return Retelling(profiles.profiles(), profiles.timeline())


@cache
def single_view() -> SingleView:
    """For `profiles`."""
    settings = ProfilesSettings.from_env()
    return SingleView(
        directory=directory(),
        timeline=profiles.timeline(),
        records=DynamoRecords(Table(settings.profile_parts_table)),
        services=PersonFunctions(json.loads(settings.person_functions), seconds=ANSWER_SECONDS),
        clock=settings.clock(),
    )


@cache
def exporter() -> Exporter:
    """For `profiles`."""
    settings = ProfilesSettings.from_env()
    return Exporter(
        directory=directory(),
        gatherer=_gatherer(settings, READ_SECONDS),
        files=S3Exports(settings.lake_bucket),
        queue=SqsExports(settings.exports_queue_url),
        clock=settings.clock(),
        new_id=new_id,
    )


@cache
def export_worker() -> ExportWorker:
    """For `on_exports`."""
    settings = OnExportsSettings.from_env()
    return ExportWorker(
        people=_people(),
        gatherer=_gatherer(settings, AMEND_SECONDS),
        files=S3Exports(settings.lake_bucket),
        queue=SqsExports(settings.exports_queue_url),
        clock=settings.clock(),
        new_id=new_id,
    )


def _gatherer(settings: ProfilesSettings, read_seconds: int) -> Gatherer:
    return Gatherer(
        directory=directory(),
        timeline=profiles.timeline(),
        records=DynamoRecords(Table(settings.profile_parts_table)),
        lake=AskedLake(settings.compact_function, seconds=read_seconds),
        services=PersonFunctions(json.loads(settings.person_functions), seconds=ANSWER_SECONDS),
        clock=settings.clock(),
    )


@cache
def erasure_desk() -> ErasureDesk:
    """For `erasures`."""
    settings = ErasuresSettings.from_env()
    return ErasureDesk(
        directory=directory(),
        erasures=DynamoErasures(Table(settings.erasures_table)),
        queue=SqsErasures(settings.erasures_queue_url),
        clock=settings.clock(),
    )


@cache
def eraser() -> Eraser:
    """For `on_erasures`."""
    settings = OnErasuresSettings.from_env()
    parts = Table(settings.profile_parts_table)
    erasures = Table(settings.erasures_table)
    tombstones = DynamoTombstones(erasures, settings.address_secret_arn)
    kept = RulingsKept(tombstones=tombstones, lake=S3Lake(settings.lake_bucket), clock=settings.clock())
    return Eraser(
        stores=Stores(
            people=DynamoPeople(profiles.identities(), profiles.profiles(), kept.keep),
            tombstones=tombstones,
            histories=DynamoHistories(parts),
            records=DynamoRecords(parts),
            lake=AskedLake(settings.compact_function, seconds=AMEND_SECONDS),
            exports=S3Exports(settings.lake_bucket),
            forgetting=kept,
            memberships=DynamoFirms(Table(settings.firms_table)),
        ),
        services=PersonFunctions(json.loads(settings.person_functions), seconds=ERASE_SECONDS),
        erasures=DynamoErasures(erasures),
        queue=SqsErasures(settings.erasures_queue_url),
        publish=Bus(settings.bus_name).publish,
        clock=settings.clock(),
    )


def _people() -> DynamoPeople:
    return DynamoPeople(profiles.identities(), profiles.profiles())
