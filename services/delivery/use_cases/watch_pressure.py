"""Every minute: what came of the messages so far decides which journeys and channels stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from services.delivery.domain.pressure.pauses import Pause, Shares, brake_of, guard_of, guarded, judged
from services.delivery.domain.pressure.policy import Brake, Guard, PressurePolicy
from services.delivery.ports.pressure import Pauses, Stance, Tallies
from services.shared.clock import Clock, to_iso


class WatchPressure:
    """Stops what bounces or is complained about too often; only a person lets it go on."""

    def __init__(self, *, pauses: Pauses, tallies: Tallies, default: PressurePolicy, clock: Clock) -> None:
        self._pauses = pauses
        self._tallies = tallies
        self._default = default
        self._clock = clock

    def run(self) -> Mapping[str, int]:
        """Judge every journey and channel; how many came into which state."""
        stance = self._pauses.read()
        policy = stance.in_force.policy if stance.in_force else self._default
        now = self._clock.now()
        counts: Counter[str] = Counter()
        found = [
            *(self._brakes(policy.brake, stance, now) if policy.brake else ()),
            *(self._guards(policy.guard, stance, now) if policy.guard else ()),
        ]
        for pause in found:
            counts[pause.state] += self._pauses.put(pause, stance.pauses.get(pause.name))
        return counts

    def _brakes(self, rule: Brake, stance: Stance, now: datetime) -> list[Pause]:
        found = []
        for (journey, channel), shares in self._tallies.by_journey().items():
            if not journey or not channel or not shares.sent:
                continue
            name = brake_of(journey, channel)
            before = stance.pauses.get(name)
            full_at = self._pauses.full_since(name, rule.canary) if before is None else None
            if pause := judged(rule, name, before, shares, full_at, now, to_iso(now)):
                found.append(pause)
        return found

    def _guards(self, rule: Guard, stance: Stance, now: datetime) -> list[Pause]:
        sums: dict[str, Shares] = {}
        for n in range(rule.days):
            day = f"{now - timedelta(days=n):%Y-%m-%d}"
            for channel, shares in self._tallies.of_day(day).items():
                before = stance.pauses.get(guard_of(channel))
                if channel and (before is None or before.at[:10] < day):  # what was forgiven counts no more
                    sums[channel] = sums.get(channel, Shares()).plus(shares)
        stopped = {name for name, one in stance.pauses.items() if one.state == "stopped"}
        return [
            Pause(guard_of(channel), "stopped", to_iso(now), reason)
            for channel, shares in sums.items()
            if guard_of(channel) not in stopped and (reason := guarded(rule, shares))
        ]
