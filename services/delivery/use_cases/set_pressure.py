"""The pressure policy as marketers read and write it; its calendar is looked up when it is written, and every day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from services.delivery.domain.pressure.hours import never_open
from services.delivery.domain.pressure.pauses import BRAKE, CIRCUIT, Pause, Shares, resumed
from services.delivery.domain.pressure.policy import Calendar, InForce, PressurePolicy
from services.delivery.ports.pressure import Pauses, Policies, Tallies
from services.shared.clock import Clock, to_iso
from services.shared.errors import Conflict, Invalid, NotFound

LookUp = Callable[[Iterable[str], Sequence[int]], Calendar]
"""The calendar of countries in some years; of no countries: every country's time zones."""


class SetPressure:
    """The use cases of `/pressure`; answers are JSON-ready."""

    def __init__(
        self,
        *,
        policies: Policies,
        pauses: Pauses,
        tallies: Tallies,
        look_up: LookUp,
        default: PressurePolicy,
        clock: Clock,
    ) -> None:
        self._policies = policies
        self._pauses = pauses
        self._tallies = tallies
        self._look_up = look_up
        self._default = InForce(default)
        self._clock = clock

    def get(self) -> dict[str, Any]:
        """The policy in force: `version` (0: nobody gave one), `policy`, and the `zones` and `holidays` it goes by."""
        return _shown(self._policies.current() or self._default)

    def put(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Replace it; the same policy again stays one version.

        Raises:
            Invalid, pydantic.ValidationError: the policy breaks a rule, or would never let anybody be written to.
            Conflict: somebody else changed it at the same moment.
        """
        policy = PressurePolicy.model_validate(dict(body))
        before = self._policies.current() or self._default
        if before.version and policy == before.policy:
            return _shown(before)
        in_force = enforced(policy, before.version + 1, self._look_up, self._clock.now().year)
        self._policies.put(policy, in_force.calendar, before.version, self._clock.now())
        return _shown(in_force)

    def stopped(self) -> list[dict[str, Any]]:
        """What is stopped: journeys (`brake`), channels (`guard`), and providers that take nothing (`circuit`)."""
        stance = self._pauses.read()
        found = [_pause_shown(one) for _, one in sorted(stance.pauses.items()) if one.state == "stopped"]
        return found + [
            {"name": f"{CIRCUIT}:{channel}", "reason": one.reason, "since": one.since}
            for channel, one in sorted(stance.circuits.items())
        ]

    def resume(self, name: str) -> dict[str, Any]:
        """Let a journey or a channel go on (`brake:<journey>:<channel>`, `guard:<channel>`), or a provider be tried at
        once (`circuit:<channel>`). What was held leaves within the hour.

        Raises:
            NotFound: that is not stopped.
            Conflict: it changed at the same moment.
        """
        stance, key = self._pauses.read(), name.replace(":", "#")
        kind, _, channel = key.partition("#")
        if kind == CIRCUIT and channel in stance.circuits:
            self._pauses.close_circuit(channel)
            return {"name": name, "resumed": True}
        pause = stance.pauses.get(key)
        if pause is None or pause.state != "stopped":
            raise NotFound("not_stopped", f"{name} is not stopped")
        journey, _, on = channel.rpartition("#")
        shares = self._tallies.by_journey().get((journey, on), Shares()) if kind == BRAKE else Shares()
        if not self._pauses.put(resumed(pause, shares, to_iso(self._clock.now())), pause):
            raise Conflict("pause_changed", f"{name} was changed meanwhile")
        return {"name": name, "resumed": True}

    def restored(self) -> dict[str, Any]:
        """The tables came back from a backup: nothing that was asked for before this moment leaves any more, because
        they don't know what of it left already."""
        now = self._clock.now()
        self._pauses.put_restored(now)
        return {"restored_at": to_iso(now)}

    def renew(self) -> int:
        """Look the calendar of the policy in force up again, because years pass; how many holidays it has."""
        in_force = self._policies.current()
        if in_force is None:
            return 0
        calendar = _calendar(in_force.policy, self._look_up, self._clock.now().year)
        if calendar != in_force.calendar:
            self._policies.put_calendar(calendar, in_force.version)
        return sum(len(days) for days in calendar.holidays.values())


def enforced(policy: PressurePolicy, version: int, look_up: LookUp, year: int) -> InForce:
    """A policy as it holds from `year` on, with its calendar.

    Raises:
        Invalid: it names a country of which nothing is known, or would never let anybody be written to.
    """
    in_force = InForce(policy, version, _calendar(policy, look_up, year))
    unknown = [one for one in policy.hours.countries if one not in in_force.calendar.zones]
    if unknown:
        raise Invalid("unknown_country", f"hours.countries: {', '.join(unknown)} has no time zone")
    if closed := never_open(in_force):
        where = ", ".join(one or "a country that is not known (say which counts: unknown)" for one in closed)
        raise Invalid("never_open", f"hours: never open in every time zone of {where}")
    return in_force


def _calendar(policy: PressurePolicy, look_up: LookUp, year: int) -> Calendar:
    """Of the countries with hours, for `year` and the next; every country's zones where `otherwise` has hours. Holidays
    where they count."""
    hours = policy.hours
    found = look_up(hours.countries, (year, year + 1))
    closed = {name for name, rule in hours.countries.items() if rule.closed_on_holidays}
    if missing := closed - found.holidays.keys():
        raise Invalid(
            "no_holidays", f"hours.countries: no holidays are known of {', '.join(sorted(missing))}"
        )
    zones = look_up((), ()).zones if hours.otherwise.days else found.zones
    return Calendar(zones, {name: days for name, days in found.holidays.items() if name in closed})


def _pause_shown(pause: Pause) -> dict[str, Any]:
    return {"name": pause.name.replace("#", ":"), "reason": pause.reason, "since": pause.at}


def _shown(in_force: InForce) -> dict[str, Any]:
    listed = {name: list(zones) for name, zones in in_force.calendar.zones.items()}
    return {
        "version": in_force.version,
        "policy": in_force.policy.model_dump(mode="json", by_alias=True),
        "zones": {name: zones for name, zones in listed.items() if name in in_force.policy.hours.countries},
        "holidays": {name: sorted(days) for name, days in in_force.calendar.holidays.items()},
    }
