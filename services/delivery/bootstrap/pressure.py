"""What sets, watches and tells of contact pressure."""

from __future__ import annotations

from functools import cache

from services.delivery.adapters.calendars import look_up
from services.delivery.adapters.dynamo_pauses import DynamoPauses, DynamoTallies
from services.delivery.adapters.dynamo_pressure import DynamoPolicies
from services.delivery.domain.pressure.policy import default_policy
from services.delivery.settings import OnPressureStreamSettings, PressureSettings
from services.delivery.use_cases.publish_pauses import PublishPauses
from services.delivery.use_cases.set_pressure import SetPressure
from services.delivery.use_cases.watch_pressure import WatchPressure
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table


@cache
def setting_pressure() -> SetPressure:
    """What `pressure` and `renew_calendar` run."""
    settings = PressureSettings.from_env()
    return SetPressure(
        policies=DynamoPolicies(Table(settings.pressure_table)),
        pauses=DynamoPauses(Table(settings.pressure_table), Table(settings.gates_table)),
        tallies=DynamoTallies(Table(settings.reports_table)),
        look_up=look_up,
        default=default_policy(settings.daily_cap, brakes=settings.brakes),
        clock=settings.clock(),
    )


@cache
def watching_pressure() -> WatchPressure:
    """What `watch_pressure` runs."""
    settings = PressureSettings.from_env()
    return WatchPressure(
        pauses=DynamoPauses(Table(settings.pressure_table), Table(settings.gates_table)),
        tallies=DynamoTallies(Table(settings.reports_table)),
        default=default_policy(settings.daily_cap, brakes=settings.brakes),
        clock=settings.clock(),
    )


@cache
def publishing_pauses() -> PublishPauses:
    """What `on_pressure_stream` runs."""
    settings = OnPressureStreamSettings.from_env()
    return PublishPauses(bus=Bus(settings.bus_name), clock=settings.clock())
