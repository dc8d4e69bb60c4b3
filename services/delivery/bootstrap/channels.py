"""What serves channels, tasks, letters and passes."""

from __future__ import annotations

from functools import cache

from services.delivery.adapters.dynamo_channels import DynamoChannels
from services.delivery.adapters.dynamo_gates import DynamoGates
from services.delivery.adapters.dynamo_work import DynamoWork
from services.delivery.adapters.s3_orders import S3Orders
from services.delivery.adapters.signed_webhook import secret
from services.delivery.bootstrap import outward, parts
from services.delivery.settings import ChannelsSettings, OrderLettersSettings
from services.delivery.use_cases.desk import Desk
from services.delivery.use_cases.order_letters import OrderLetters
from services.delivery.use_cases.serve_channels import ServeChannels
from services.delivery.use_cases.wallet import Wallet
from services.shared.aws.dynamo import Table
from services.shared.aws.secrets import secret_text


@cache
def serving_channels() -> ServeChannels:
    """What `/channels` runs."""
    settings = ChannelsSettings.from_env()
    channels = DynamoChannels(Table(settings.templates_table))
    return ServeChannels(
        terms=channels,
        price_lists=channels,
        places=outward.places(settings.channel_places),
        secret=lambda channel, number: secret(secret_text(settings.channel_secret_arn), channel, number),
        clock=settings.clock(),
    )


@cache
def desk() -> Desk:
    """What `/tasks` runs."""
    settings = ChannelsSettings.from_env()
    return Desk(
        work=DynamoWork(Table(settings.work_table)),
        noting=parts.noting(settings.messages_table, settings.gates_table),
        clock=settings.clock(),
    )


@cache
def letters() -> OrderLetters:
    """What `/print-orders` runs."""
    return _letters(ChannelsSettings.from_env())


@cache
def ordering() -> OrderLetters:
    """What `order_letters` runs."""
    return _letters(OrderLettersSettings.from_env())


@cache
def issuing() -> Wallet:
    """What `/wallet-passes` runs."""
    settings = ChannelsSettings.from_env()
    return Wallet(
        work=DynamoWork(Table(settings.work_table)),
        gates=DynamoGates(Table(settings.gates_table)),
        clock=settings.clock(),
    )


def _letters(settings: ChannelsSettings | OrderLettersSettings) -> OrderLetters:
    return OrderLetters(
        work=DynamoWork(Table(settings.work_table)),
        orders=S3Orders(settings.orders_bucket),
        terms=DynamoChannels(Table(settings.templates_table)),
        messages=parts.messages(settings.messages_table, settings.gates_table),
        noting=parts.noting(settings.messages_table, settings.gates_table),
        clock=settings.clock(),
    )
