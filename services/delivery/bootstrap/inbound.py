"""What decides for a website or an app."""

from __future__ import annotations

from functools import cache

from services.delivery.adapters.dynamo_channels import DynamoChannels
from services.delivery.adapters.dynamo_gates import DynamoGates
from services.delivery.adapters.dynamo_templates import DynamoTemplates
from services.delivery.adapters.kept_templates import KeptTemplates
from services.delivery.bootstrap import composing, parts
from services.delivery.settings import InboundSettings
from services.delivery.use_cases.inbound import Inbound
from services.shared.aws.dynamo import Table
from services.shared.aws.secrets import secret_text


@cache
def inbound() -> Inbound:
    """What `/inbound` runs."""
    settings = InboundSettings.from_env()
    templates = Table(settings.templates_table)
    return Inbound(
        slots=DynamoChannels(templates),
        templates=KeptTemplates(DynamoTemplates(templates)),
        gates=DynamoGates(Table(settings.gates_table)),
        messages=parts.messages(settings.messages_table, settings.gates_table),
        compose=composing.composing(settings.gates_table, settings.products_table),
        address_secret=lambda: secret_text(settings.address_secret_arn),
        clock=settings.clock(),
    )
