"""Which contact pressure holds: a policy as delivery takes it, or what holds while nobody gave one."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from halte.journeys.sources import first_problem, read_object
from services.delivery.adapters.calendars import look_up
from services.delivery.domain.pressure.policy import DAILY_CAP, InForce, PressurePolicy, default_policy
from services.delivery.use_cases.set_pressure import enforced
from services.shared.errors import Invalid


def pressure_of(file: Path | None, year: int) -> InForce:
    """The policy of a file (YAML or JSON), with the calendar of `year` and the next.

    Raises:
        Invalid: what is wrong with it.
    """
    if file is None:
        return InForce(default_policy(DAILY_CAP, brakes=False))
    try:
        policy = PressurePolicy.model_validate(read_object(file))
    except ValidationError as error:
        raise Invalid("wrong_file", f"{file}: {first_problem(error)}") from error
    return in_force(policy, year)


def in_force(policy: PressurePolicy, year: int) -> InForce:
    """A policy as it holds from `year` on.

    Raises:
        Invalid: it would never let anybody be written to, or names a country that nobody knows.
    """
    return enforced(policy, 1, look_up, year)
