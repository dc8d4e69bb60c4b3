"""The sweep that begins runs when their moment has come, sees to those under way, and to what waits for a place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from services.journeys.domain.entries import ScheduleWay, WorldWay
from services.journeys.domain.occasions import moments
from services.journeys.domain.runs import Outcomes, Run, first_state, onward
from services.journeys.ports.definitions import Definition, Definitions
from services.journeys.ports.planning import (
    Campaigns,
    Chore,
    Chores,
    Halts,
    Messages,
    Planned,
    Runs,
    World,
    WorldEvent,
)
from services.shared.clock import Clock, to_iso
from services.shared.ids import stable_id


class Occasions:
    """Begins runs and moves them on. Again is the same: a run is named after its moment."""

    def __init__(
        self,
        definitions: Definitions,
        campaigns: Campaigns,
        world: World,
        runs: Runs,
        chores: Chores,
        halts: Halts,
        messages: Messages,
        clock: Clock,
    ) -> None:
        self._definitions = definitions
        self._campaigns = campaigns
        self._world = world
        self._runs = runs
        self._chores = chores
        self._halts = halts
        self._messages = messages
        self._clock = clock

    def sweep(self) -> Mapping[str, int]:
        """One pass; counts of runs `begun`, `moved` on and `taken_up` again."""
        now = self._clock.now()
        counts: Counter[str] = Counter()
        newest = {d.journey: d for d in sorted(self._definitions.all(), key=lambda d: d.version)}
        for name, definition in newest.items():
            if any(isinstance(way, ScheduleWay) for way in definition.document.entry.on):
                due = partial(_scheduled, definition, until=now)
                counts["begun"] += self._begin(name, due, definition.published_at)
        for planned in self._campaigns.all():
            counts["begun"] += self._begin(
                planned.campaign.name, partial(_broadcast, planned, until=now), planned.at
            )
        for event in self._world.all():
            if not event.told and event.at <= now:
                counts["begun"] += self._tell(event, newest.values())
        for run in self._runs.live():
            self._see_to(run, counts, now)
        return counts

    def _begin(self, name: str, runs: Callable[[datetime], Iterator[Run]], since: datetime) -> int:
        """Begin what has come since the last look (`since` at first); of the moments of a schedule that were missed
        while nobody looked, the newest."""
        now = self._clock.now()
        begun = sum(self._runs.open(run) for run in runs(self._runs.seen_until(name) or since))
        self._runs.see_until(name, now)
        return begun

    def _tell(self, event: WorldEvent, definitions: Iterable[Definition]) -> int:
        """Begin a run of every journey that takes it up."""
        begun = 0
        for definition in definitions:
            for i, way in enumerate(definition.document.entry.on):
                if isinstance(way, WorldWay) and way.world_event == event.kind:
                    begun += self._runs.open(_of_world(definition, i, way, event))
        self._world.tell(event)
        return begun

    def _see_to(self, run: Run, counts: Counter[str], now: datetime) -> None:
        definition = self._definitions.get(run.journey, run.version)
        halt = self._halts.of(run.journey, definition.document.objective, now)
        if halt == "stopped":
            self._runs.change(run, replace(run, state="stopped", ended_at=now))
            return
        if halt:
            return
        portions = self._runs.portions(run) if run.at_work else []
        watched = run.state == "watching"
        outcomes = self._messages.outcomes(run.journey, run.at) if watched else Outcomes()
        following = onward(run, portions, outcomes, now)
        if following.state != run.state:
            counts["moved"] += self._runs.change(run, following)
            run, portions = following, self._runs.portions(following) if following.at_work else []
        left = [one.number for one in portions if one.forgotten(now)]
        counts["taken_up"] += len(left)
        self._chores.send([Chore(journey=run.journey, run_id=run.run_id, part=part) for part in left])


def _scheduled(definition: Definition, after: datetime, until: datetime) -> Iterator[Run]:
    """The newest run between two instants of each schedule by which a journey lets people in."""
    for i, way in enumerate(definition.document.entry.on):
        if isinstance(way, ScheduleWay):
            times = way.schedule
            for moment in moments(times.start, times.rule, times.zone, after, until)[-1:]:
                yield Run(
                    journey=definition.journey,
                    run_id=f"s{i}-{moment.stamp}",
                    version=definition.version,
                    segment=way.segment,
                    at=moment.at,
                    state=first_state(None),
                )


def _broadcast(planned: Planned, after: datetime, until: datetime) -> Iterator[Run]:
    """The newest run of a campaign between two instants."""
    campaign = planned.campaign
    for moment in campaign.schedule.between(after, until)[-1:]:
        yield Run(
            journey=campaign.name,
            run_id=f"c-{moment.stamp}",
            version=planned.version,
            segment=campaign.segment,
            at=moment.at,
            state=first_state(campaign),
            local=moment.local,
            campaign=campaign,
            raw=planned.raw,
            turns_from=moment.local if campaign.has_turns else None,
        )


def _of_world(definition: Definition, number: int, way: WorldWay, event: WorldEvent) -> Run:
    return Run(
        journey=definition.journey,
        run_id=f"w{number}-{stable_id('we', event.id, to_iso(event.at))}",
        version=definition.version,
        segment=way.segment,
        at=event.at,
        state=first_state(None),
        kept={"world_event": event.id, "title": event.title},
    )
