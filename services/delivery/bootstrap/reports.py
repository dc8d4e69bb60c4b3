"""What counts and reports."""

from __future__ import annotations

from functools import cache

from services.delivery.adapters.dynamo_channels import DynamoChannels
from services.delivery.adapters.dynamo_counters import DynamoCounters
from services.delivery.adapters.dynamo_funnel import DynamoFunnel
from services.delivery.adapters.s3_outcomes import S3Outcomes
from services.delivery.ports.reports import Funnel
from services.delivery.settings import (
    OnMessagesStreamSettings,
    OnStagesSettings,
    OutcomesSettings,
    ReportsSettings,
)
from services.delivery.use_cases.publish_outcomes import PublishOutcomes
from services.delivery.use_cases.report import Reports
from services.delivery.use_cases.tell_outcomes import TellOutcomes
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table
from services.shared.clock import Clock


@cache
def publishing() -> PublishOutcomes:
    """What `on_messages_stream` runs."""
    settings = OnMessagesStreamSettings.from_env()
    return PublishOutcomes(
        counters=DynamoCounters(Table(settings.reports_table)),
        lines=S3Outcomes(settings.lake_bucket),
        bus=Bus(settings.bus_name),
        clock=settings.clock(),
    )


@cache
def counting_stages() -> tuple[Funnel, Clock]:
    """What `on_stages` runs."""
    settings = OnStagesSettings.from_env()
    return DynamoFunnel(Table(settings.reports_table)), settings.clock()


@cache
def reporting() -> Reports:
    """What `reports` runs."""
    settings = ReportsSettings.from_env()
    table = Table(settings.reports_table)
    return Reports(
        counters=DynamoCounters(table),
        funnel=DynamoFunnel(table),
        priced=DynamoChannels(Table(settings.templates_table)),
        clock=settings.clock(),
    )


@cache
def outcomes() -> TellOutcomes:
    """What `outcomes` runs."""
    settings = OutcomesSettings.from_env()
    return TellOutcomes(DynamoCounters(Table(settings.reports_table)), settings.clock())
