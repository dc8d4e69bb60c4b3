"""Joins working out with AWS; holidays and zones are looked up by the libraries that know them."""

from __future__ import annotations

from functools import cache

from services.delivery.adapters.calendars import look_up
from services.shared.clock import SystemClock
from services.simulations.adapters.answers import S3Answers
from services.simulations.adapters.asked_past import AskedPast
from services.simulations.domain.cost import Tariff
from services.simulations.service.simulate import Simulator
from services.simulations.service.work_out import WorkingOut
from services.simulations.settings import OnSimulationsSettings

_MILLION = 1_000_000


@cache
def working_out() -> WorkingOut:
    """What `on_simulations` needs."""
    settings = OnSimulationsSettings.from_env()
    metered = Tariff(settings.usd_per_million_entries / _MILLION, settings.usd_per_million_mails / _MILLION)
    simulator = Simulator(metered, look_up, AskedPast(settings.lake_function))
    return WorkingOut(S3Answers(settings.lake_bucket), simulator.simulate, SystemClock())
