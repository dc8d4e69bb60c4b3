"""Joins the use cases of sinks with AWS."""

from __future__ import annotations

import secrets
from functools import cache

from services.ingest.adapters.dynamo_forwarding import DynamoForwarding
from services.ingest.adapters.dynamo_sinks import DynamoSinks
from services.ingest.adapters.guarded_https import GuardedHttps
from services.ingest.adapters.senders import BusSender, WebhookSender
from services.ingest.adapters.sqs_deliveries import SqsDeliveries
from services.ingest.settings import (
    OnDeliveriesSettings,
    OnProfilesChangedSettings,
    SinksSettings,
    SweepSinksSettings,
)
from services.ingest.sinks.deliver import Deliver
from services.ingest.sinks.forward import Forward, KnownSinks
from services.ingest.sinks.ports import AskedFor
from services.ingest.sinks.registry import SinkRegistry
from services.shared.aws.clients import client
from services.shared.aws.dynamo import Table
from services.shared.aws.secrets import secret_text


@cache
def registry() -> SinkRegistry:
    """For `sinks`."""
    settings = SinksSettings.from_env()
    return SinkRegistry(
        sinks=DynamoSinks(Table(settings.sinks_table)),
        clock=settings.clock(),
        master_secret=lambda: secret_text(settings.sink_secret_arn),
        new_salt=lambda: secrets.token_hex(16),
        allowed_places=_listed(settings.sink_places),
        allowed_buses=_listed(settings.sink_buses),
    )


@cache
def forward() -> Forward:
    """For `on_profiles_changed`."""
    settings = OnProfilesChangedSettings.from_env()
    return Forward(
        sinks=KnownSinks(DynamoSinks(Table(settings.sinks_table))),
        forwarding=DynamoForwarding(Table(settings.forwarding_table)),
        queue=SqsDeliveries(settings.deliveries_url),
        master_secret=lambda: secret_text(settings.sink_secret_arn),
        clock=settings.clock(),
    )


@cache
def asked_for() -> AskedFor:
    """For `on_profiles_changed`."""
    return DynamoSinks(Table(OnProfilesChangedSettings.from_env().sinks_table))


@cache
def deliveries() -> SqsDeliveries:
    """For `on_deliveries`."""
    return SqsDeliveries(OnDeliveriesSettings.from_env().deliveries_url)


@cache
def deliver() -> Deliver:
    """For `on_deliveries`."""
    return _deliver(OnDeliveriesSettings.from_env())


@cache
def sweep() -> Deliver:
    """For `sweep_sinks`."""
    return _deliver(SweepSinksSettings.from_env())


def _deliver(settings: OnDeliveriesSettings) -> Deliver:
    for service in ("dynamodb", "secretsmanager", "events"):
        client(service)  # made here: lanes are threads, and making a client is not safe in several at once
    clock = settings.clock()
    https = GuardedHttps(allowed=_listed(settings.sink_places))
    return Deliver(
        sinks=DynamoSinks(Table(settings.sinks_table)),
        forwarding=DynamoForwarding(Table(settings.forwarding_table)),
        queue=SqsDeliveries(settings.deliveries_url),
        senders={
            "webhook": WebhookSender(https, lambda: secret_text(settings.sink_secret_arn), clock),
            "eventbridge": BusSender(_listed(settings.sink_buses)),
        },
        clock=clock,
    )


def _listed(text: str) -> frozenset[str]:
    return frozenset(one.strip() for one in text.split(",") if one.strip())
