"""Joins the doors with AWS: events, the registry of attributes, the registry of client systems."""

from __future__ import annotations

import secrets
from functools import cache

from services.ingest.adapters.dynamo_attributes import DynamoAttributes
from services.ingest.adapters.dynamo_sources import DynamoMeter, DynamoSources
from services.ingest.adapters.sqs_intake import SqsIntake
from services.ingest.doors.accept import FrontDoor
from services.ingest.doors.attributes import AttributeRegistry, KnownAttributes
from services.ingest.doors.known import KnownKeys
from services.ingest.doors.sources import SourceRegistry
from services.ingest.settings import (
    ApiSettings,
    AttributesSettings,
    OnAttributesStreamSettings,
    SourcesSettings,
)
from services.shared.aws.bus import Bus, pack
from services.shared.aws.dynamo import Table
from services.shared.contracts.ingest import RecoveryRequested
from services.shared.ids import new_id


@cache
def front_door() -> FrontDoor:
    """For `api`."""
    settings = ApiSettings.from_env()
    bus = Bus(settings.bus_name)
    return FrontDoor(
        keys=KnownKeys(DynamoSources(Table(settings.sources_table)), settings.clock()),
        meter=DynamoMeter(Table(settings.rates_table)),
        attributes=KnownAttributes(DynamoAttributes(Table(settings.attributes_table))),
        queue=SqsIntake(settings.queue_url),
        clock=settings.clock(),
        new_id=new_id,
        recover=lambda asked: bus.publish(pack(asked, lambda rows: RecoveryRequested(requests=rows))),
    )


@cache
def attribute_registry() -> AttributeRegistry:
    """For `attributes`."""
    settings = AttributesSettings.from_env()
    return AttributeRegistry(DynamoAttributes(Table(settings.attributes_table)), settings.clock())


@cache
def attribute_publisher() -> Bus:
    """For `on_attributes_stream`."""
    return Bus(OnAttributesStreamSettings.from_env().bus_name)


@cache
def source_registry() -> SourceRegistry:
    """For `sources`."""
    settings = SourcesSettings.from_env()
    return SourceRegistry(
        sources=DynamoSources(Table(settings.sources_table)),
        clock=settings.clock(),
        new_key=lambda prefix: f"{prefix}_{secrets.token_urlsafe(24)}",
    )
