"""What takes work from others, and tells of it."""

from __future__ import annotations

from functools import cache

from services.delivery.adapters.dynamo_gates import DynamoGates
from services.delivery.adapters.dynamo_work import DynamoWork
from services.delivery.bootstrap import outward
from services.delivery.settings import OnPassUpdatesSettings, OnWorkSettings, OnWorkStreamSettings
from services.delivery.use_cases.desk import TakeTasks
from services.delivery.use_cases.publish_work import PublishWork
from services.delivery.use_cases.wallet import TellIssuer, Wallet
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table


@cache
def taking() -> tuple[TakeTasks, Wallet]:
    """What `on_work` runs."""
    settings = OnWorkSettings.from_env()
    work, gates = DynamoWork(Table(settings.work_table)), DynamoGates(Table(settings.gates_table))
    return TakeTasks(work=work, gates=gates), Wallet(work=work, gates=gates, clock=settings.clock())


@cache
def publishing_work() -> PublishWork:
    """What `on_work_stream` runs."""
    settings = OnWorkStreamSettings.from_env()
    return PublishWork(gates=DynamoGates(Table(settings.gates_table)), bus=Bus(settings.bus_name))


@cache
def telling() -> TellIssuer:
    """What `on_pass_updates` runs."""
    settings = OnPassUpdatesSettings.from_env()
    return TellIssuer(work=DynamoWork(Table(settings.work_table)), receiver=outward.receiver(settings))
