"""What marketers do with journeys that run: pause, resume, stop, migrate. Each changes what is wanted, in one write;
steps find it at once, and chores bring there whoever stands still meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from services.journeys.domain.migrating import Mapped, differences, mapped
from services.journeys.domain.objectives import Objective
from services.journeys.domain.operating import (
    ALL,
    Migration,
    Policy,
    Running,
    migrate,
    objective_key,
    pause,
    resume,
    stop,
)
from services.journeys.ports.definitions import Definition, Definitions
from services.journeys.ports.running import Chore, Chores, Runnings
from services.journeys.service.observe import Observing
from services.shared.clock import Clock, to_iso
from services.shared.errors import Conflict, Invalid, NotFound

HasTime = Callable[[], bool]


@dataclass(frozen=True)
class MigrationWish:
    """People of version `old` go over to `new`, to the nodes that `nodes` says by where they stand (`drop`: they
    leave)."""

    old: int
    new: int
    nodes: Mapping[str, str]


class Operating:
    """Use cases of running journeys. The same again changes nothing, and sends what chores are left to do."""

    def __init__(
        self,
        definitions: Definitions,
        runnings: Runnings,
        chores: Chores,
        observing: Observing,
        clock: Clock,
    ) -> None:
        self._definitions = definitions
        self._runnings = runnings
        self._chores = chores
        self._observing = observing
        self._clock = clock

    def pause(self, journey: str, policy: Policy) -> dict[str, Any]:
        """Stand still (`hold`), or go on without meeting people (`drop`).

        Raises:
            NotFound: there is no such journey.
            Conflict: it was stopped.
        """
        self._versions(journey)
        return self._changed(journey, lambda one, now: pause(one, now, policy))

    def resume(self, journey: str) -> dict[str, Any]:
        """End a pause or a stop; who stood still goes on as if the time between had not been.

        Raises:
            NotFound: there is no such journey.
        """
        versions = self._versions(journey)
        changed = self._changed(journey, resume)
        self._tend(versions)
        return changed

    def stop(self, journey: str, *, drain: bool) -> dict[str, Any]:
        """Nobody enters any more, and everybody leaves; or (`drain`) goes on to the end.

        Raises:
            NotFound: there is no such journey.
        """
        versions = self._versions(journey)
        changed = self._changed(journey, lambda one, now: stop(one, now, drain=drain))
        self._tend(versions)
        return changed

    def pause_programme(self, objective: str, policy: Policy) -> dict[str, Any]:
        """Pause all journeys of an objective, or all there are (no objective).

        Raises:
            Invalid: there is no such objective.
        """
        return self._changed(_programme(objective), lambda one, now: pause(one, now, policy))

    def resume_programme(self, objective: str) -> dict[str, Any]:
        """End such a pause; what is paused for another reason stays so.

        Raises:
            Invalid: there is no such objective.
        """
        changed = self._changed(_programme(objective), resume)
        concerned = [one for one in self._definitions.all() if objective in ("", one.document.objective)]
        self._tend(concerned)
        return changed

    def programme(self) -> dict[str, Any]:
        """The pauses of everything, and of each objective that has had one."""
        objectives = {one: self._runnings.get(objective_key(one)) for one in get_args(Objective)}
        return {
            "all": shown(self._runnings.get(ALL)),
            "objectives": {one: shown(running) for one, running in objectives.items() if running.pauses},
        }

    def diff(self, journey: str, old: int, new: int) -> dict[str, Any]:
        """What version `new` has that `old` has not, and the other way round.

        Raises:
            NotFound: one of them was never published.
        """
        before, after = self._definitions.get(journey, old), self._definitions.get(journey, new)
        return {"from": old, "to": new, **differences(before.document, after.document)}

    def migrate(
        self, journey: str, wish: MigrationWish, has_time: HasTime, *, dry_run: bool
    ) -> dict[str, Any]:
        """Say what a migration does, node by node and by how many people, and unless it is a `dry_run`, order it.

        Raises:
            NotFound: one of the versions was never published.
            Invalid: `unmapped`; people may stand at nodes of which nobody has said where they go.
            Conflict: it was stopped, or the new version's people go the other way.
        """
        if wish.old == wish.new:
            raise Invalid("same_version", "from and to must be two versions")
        old, new = self._definitions.get(journey, wish.old), self._definitions.get(journey, wish.new)
        ways = mapped(old.document, new.document, wish.nodes)
        plan = self._plan(old, new, ways, has_time)
        if dry_run:
            return plan
        if ways.unmapped:
            nodes = ", ".join(ways.unmapped)
            raise Invalid("unmapped", f"nodes: say where people go who stand at {nodes}, or drop")
        if self._runnings.get(journey).status == "stopped":
            raise Conflict("stopped", "it was stopped: nobody is on the way")
        order = Migration(wish.new, ways.nodes)
        self._runnings.change(journey, lambda one: migrate(one, wish.old, order))
        self._tend([old])
        return plan | {"ordered": True}

    def _plan(self, old: Definition, new: Definition, ways: Mapped, has_time: HasTime) -> dict[str, Any]:
        counted = self._observing.count(old.journey, old.version, "", has_time)
        nodes = [
            {
                "node": node_id,
                "people": counted.by_node.get(node_id, 0),
                "to": ways.nodes.get(node_id),
                "leave": node_id in ways.nodes and ways.nodes[node_id] is None,
                "mapped": node_id in ways.nodes,
            }
            for node_id in [*ways.nodes, *ways.unmapped]
        ]
        return {
            **self.diff(old.journey, old.version, new.version),
            "nodes": nodes,
            "unmapped": ways.unmapped,
            "complete": not counted.cursor,
            "ordered": False,
        }

    def _versions(self, journey: str) -> list[Definition]:
        versions = self._definitions.versions(journey)
        if not versions:
            raise NotFound("unknown_journey", f"there is no journey {journey!r}")
        return versions

    def _changed(self, name: str, how: Callable[[Running, datetime], Running]) -> dict[str, Any]:
        now = self._clock.now()
        return shown(self._runnings.change(name, lambda one: how(one, now)))

    def _tend(self, definitions: list[Definition]) -> None:
        self._chores.send([Chore(journey=one.journey, version=one.version) for one in definitions])


def shown(running: Running) -> dict[str, Any]:
    """How something is run, as JSON."""
    pauses = [
        {
            "from": to_iso(one.start),
            "to": to_iso(one.end) if one.end else None,
            "policy": one.policy,
        }
        for one in running.pauses
    ]
    return {
        "status": running.status,
        "paused": any(one["to"] is None for one in pauses),
        "pauses": pauses,
        "retired": sorted(running.retired),
        "migrations": {str(left): one.to for left, one in sorted(running.migrations.items())},
    }


def _programme(objective: str) -> str:
    if not objective:
        return ALL
    if objective not in get_args(Objective):
        raise Invalid("unknown_objective", f"objective: {objective!r} is none")
    return objective_key(objective)
