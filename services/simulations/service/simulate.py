"""A question for which everything is there, worked out as the command does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from services.delivery.domain.pressure.policy import (
    DAILY_CAP,
    Calendar,
    InForce,
    PressurePolicy,
    default_policy,
)
from services.delivery.use_cases.set_pressure import enforced
from services.journeys.domain.parts import Name
from services.journeys.domain.simulating import MOST_TOLD, Asked, Request
from services.shared.errors import Invalid
from services.simulations.domain.cost import Tariff
from services.simulations.domain.deeds import Being
from services.simulations.domain.defined import read_definitions
from services.simulations.domain.history import beings_of, span_of
from services.simulations.domain.population import Habits, population
from services.simulations.domain.rates import Rates
from services.simulations.domain.report import report
from services.simulations.domain.simulation import COMMERCIAL, Outcome, Simulation
from services.simulations.domain.source import Source, Wording
from services.simulations.ports.past import Past

LookUp = Callable[[Iterable[str], Sequence[int]], Calendar]
"""The zones and holidays of countries in some years."""

_LOOK_EVERY = 100
"""Things that people did between two looks at the clock."""

_WORDINGS = TypeAdapter(dict[Name, Wording])


class Simulator:
    """`metered` is what is charged where a question doesn't say it."""

    def __init__(self, metered: Tariff, look_up: LookUp, past: Past) -> None:
        self._metered = metered
        self._past = past
        self._look_up = look_up

    def simulate(self, asked: Asked, go_on: Callable[[], None]) -> dict[str, Any]:
        """The report, of as many runs as are asked for; `go_on` raises when time is up.

        Raises:
            Invalid, pydantic.ValidationError: what the journey refers to, or the policy, breaks a rule.
        """
        request = asked.request
        told = list(self._told(request, go_on))
        seeds = range(request.seed, request.seed + request.runs)
        return report([self._lived(asked, told, seed, go_on) for seed in seeds])

    def _told(self, request: Request, go_on: Callable[[], None]) -> Iterator[Mapping[str, Any]]:
        """The rows of history, if that is what is asked for."""
        if request.history is None:
            return
        most = MOST_TOLD // request.runs
        for number, row in enumerate(self._past.rows(request.history.since, request.history.until), start=1):
            if number > most:
                raise Invalid(
                    "too_much",
                    f"history: more than {most:,} things happened, the most for {request.runs} runs: ask for a "
                    "shorter period or fewer runs",
                )
            if number % _LOOK_EVERY == 0:
                go_on()
            yield row

    def _lived(
        self, asked: Asked, told: Sequence[Mapping[str, Any]], seed: int, go_on: Callable[[], None]
    ) -> Outcome:
        request = asked.request
        source = Source(
            f"journey {asked.journey}", asked.document, _WORDINGS.validate_python(request.messages or {})
        )
        people, start, end = _people(source, request, told, seed)
        simulation = Simulation(
            source,
            read_definitions(request.define or {}),
            start,
            rates_of(request),
            seed,
            self._pressure(request, start.year),
            self._tariff(request),
        )

        def look(done: int, _: int) -> None:
            if done % _LOOK_EVERY == 0:
                go_on()

        return simulation.run(people, end, look)

    def _pressure(self, request: Request, year: int) -> InForce:
        if request.pressure is None:
            return InForce(default_policy(DAILY_CAP, brakes=False))
        policy = PressurePolicy.model_validate(request.pressure)
        return enforced(policy, 1, self._look_up, year)

    def _tariff(self, request: Request) -> Tariff:
        entry, mail = request.prices.entry, request.prices.email
        return Tariff(
            self._metered.entry if entry is None else entry, self._metered.mail if mail is None else mail
        )


def rates_of(request: Request) -> Rates:
    """How people answer, where the request says nothing as `Rates` has it."""
    return replace(Rates(), **request.answering.model_dump(exclude_none=True))


def _people(
    source: Source, request: Request, told: Sequence[Mapping[str, Any]], seed: int
) -> tuple[Iterable[Being], datetime, datetime]:
    """Who lives, from when on and how long."""
    habits, span = _habits(source, request), timedelta(days=request.days)
    if request.history is None:
        made = population(source.raw, habits, request.start, span, request.people, seed)
        return made, request.start, request.start + span
    found = beings_of(told, habits, seed)
    start, end = span_of(found)
    return found, start, end + span


def _habits(source: Source, request: Request) -> Habits:
    purposes = {one.purpose for one in source.messages.values() if one.purpose} or {str(COMMERCIAL.purpose)}
    return Habits(tuple(sorted(purposes)), request.granted, rates=request.often)
