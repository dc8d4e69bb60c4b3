"""Joins the use cases of channels to what they run on, beside `bootstrap`."""

from __future__ import annotations

from functools import cache

from services.delivery.adapters.dynamo_catalogue import DynamoCatalogue
from services.delivery.adapters.dynamo_channels import DynamoChannels
from services.delivery.adapters.dynamo_gates import DynamoGates
from services.delivery.adapters.dynamo_ledgers import DynamoLedgers
from services.delivery.adapters.dynamo_messages import DynamoMessages
from services.delivery.adapters.dynamo_tastes import DynamoTastes
from services.delivery.adapters.dynamo_templates import DynamoTemplates
from services.delivery.adapters.dynamo_work import DynamoWork
from services.delivery.adapters.kept_templates import KeptTemplates
from services.delivery.adapters.s3_orders import S3Orders
from services.delivery.adapters.senders.calls import CallSender
from services.delivery.adapters.senders.letters import LetterSender
from services.delivery.adapters.senders.webhooks import WebhookSender
from services.delivery.adapters.signed_webhook import SignedWebhook, secret
from services.delivery.ports.messages import Sender
from services.delivery.settings import (
    ChannelsSettings,
    InboundSettings,
    OnPassUpdatesSettings,
    OnRequestsSettings,
    OnWorkSettings,
    OnWorkStreamSettings,
    OrderLettersSettings,
)
from services.delivery.use_cases.compose import Compose
from services.delivery.use_cases.desk import Desk, TakeTasks
from services.delivery.use_cases.inbound import Inbound
from services.delivery.use_cases.note_feedback import NoteFeedback
from services.delivery.use_cases.order_letters import OrderLetters
from services.delivery.use_cases.publish_work import PublishWork
from services.delivery.use_cases.serve_channels import ServeChannels
from services.delivery.use_cases.wallet import TellIssuer, Wallet
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table
from services.shared.aws.secrets import secret_text
from services.shared.net.guarded_https import GuardedHttps


def outward_senders(settings: OnRequestsSettings) -> dict[str, Sender]:
    """Those that people, printers and other systems work off."""
    work = DynamoWork(Table(settings.work_table))
    receiver = _receiver(settings)
    return {
        "print": LetterSender(work),
        "call": CallSender(work),
        "wallet": WebhookSender("wallet", receiver),
        "webhook": WebhookSender("webhook", receiver),
    }


@cache
def serving_channels() -> ServeChannels:
    """What `/channels` runs."""
    settings = ChannelsSettings.from_env()
    channels = DynamoChannels(Table(settings.templates_table))
    return ServeChannels(
        terms=channels,
        price_lists=channels,
        places=_places(settings.channel_places),
        secret=lambda channel, number: secret(secret_text(settings.channel_secret_arn), channel, number),
        clock=settings.clock(),
    )


@cache
def desk() -> Desk:
    """What `/tasks` runs."""
    settings = ChannelsSettings.from_env()
    return Desk(work=DynamoWork(Table(settings.work_table)), noting=_noting(settings), clock=settings.clock())


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


@cache
def taking() -> tuple[TakeTasks, Wallet]:
    """What `on_work` runs."""
    settings = OnWorkSettings.from_env()
    work, gates = DynamoWork(Table(settings.work_table)), DynamoGates(Table(settings.gates_table))
    return TakeTasks(work=work, gates=gates), Wallet(work=work, gates=gates, clock=settings.clock())


@cache
def inbound() -> Inbound:
    """What `/inbound` runs."""
    settings = InboundSettings.from_env()
    templates = Table(settings.templates_table)
    return Inbound(
        slots=DynamoChannels(templates),
        templates=KeptTemplates(DynamoTemplates(templates)),
        gates=DynamoGates(Table(settings.gates_table)),
        messages=DynamoMessages(Table(settings.messages_table), Table(settings.gates_table)),
        compose=Compose(
            DynamoTastes(Table(settings.gates_table)), DynamoCatalogue(Table(settings.products_table))
        ),
        address_secret=lambda: secret_text(settings.address_secret_arn),
        clock=settings.clock(),
    )


@cache
def publishing_work() -> PublishWork:
    """What `on_work_stream` runs."""
    settings = OnWorkStreamSettings.from_env()
    return PublishWork(gates=DynamoGates(Table(settings.gates_table)), bus=Bus(settings.bus_name))


@cache
def telling() -> TellIssuer:
    """What `on_pass_updates` runs."""
    settings = OnPassUpdatesSettings.from_env()
    return TellIssuer(work=DynamoWork(Table(settings.work_table)), receiver=_receiver(settings))


def _letters(settings: ChannelsSettings | OrderLettersSettings) -> OrderLetters:
    return OrderLetters(
        work=DynamoWork(Table(settings.work_table)),
        orders=S3Orders(settings.orders_bucket),
        terms=DynamoChannels(Table(settings.templates_table)),
        messages=DynamoMessages(Table(settings.messages_table), Table(settings.gates_table)),
        noting=_noting(settings),
        clock=settings.clock(),
    )


def _noting(settings: ChannelsSettings | OrderLettersSettings) -> NoteFeedback:
    return NoteFeedback(
        messages=DynamoMessages(Table(settings.messages_table), Table(settings.gates_table)),
        gates=DynamoGates(Table(settings.gates_table)),
        ledgers=DynamoLedgers(Table(settings.gates_table)),
    )


def _receiver(settings: OnRequestsSettings | OnPassUpdatesSettings) -> SignedWebhook:
    return SignedWebhook(
        GuardedHttps(allowed=_places(settings.channel_places)),
        DynamoChannels(Table(settings.templates_table)),
        lambda: secret_text(settings.channel_secret_arn),
        settings.clock(),
    )


def _places(listed: str) -> frozenset[str]:
    return frozenset(place.strip() for place in listed.split(",") if place.strip())
