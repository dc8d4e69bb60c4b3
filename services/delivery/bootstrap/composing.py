"""What composes messages, and hands e-mails over."""

from __future__ import annotations

from services.delivery.adapters.dynamo_catalogue import DynamoCatalogue
from services.delivery.adapters.dynamo_tastes import DynamoTastes
from services.delivery.adapters.senders.email import SesSender
from services.delivery.settings import OnRequestsSettings, PreviewsSettings
from services.delivery.use_cases.compose import Compose
from services.shared.aws.dynamo import Table


def composing(gates_table: str, products_table: str) -> Compose:
    """What makes the message to one person."""
    return Compose(DynamoTastes(Table(gates_table)), DynamoCatalogue(Table(products_table)))


def mail(settings: PreviewsSettings | OnRequestsSettings) -> SesSender:
    """What hands e-mails over."""
    return SesSender(settings.from_address, settings.configuration_set, settings.marketing_configuration_set)
