"""Who goes on next, who dies, and what happens to people: chance, from a seed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.unit.journeys.protocol.store import Execution, Store, Violation
from tests.unit.journeys.protocol.workers import (
    enter,
    go_on,
    hear,
    leave,
    merge,
    migrate,
    pause,
    resume,
    step,
)

PROFILES = ("prf_1", "prf_2", "prf_3", "prf_4")
HAPPENINGS = 14
"""In an episode, which then comes to rest."""

LONGEST = 20_000
"""Steps in which an episode must come to rest (I8)."""

Start = Callable[[], Generator[None, None, Any]]


@dataclass
class Done:
    """What a run was."""

    steps: int = 0
    episodes: int = 0
    walks: int = 0
    deaths: int = 0
    asked: int = 0


@dataclass
class _Worker:
    """`task` is set for the newest try of an execution's task: only its answer counts."""

    start: Start
    running: Generator[None, None, Any]
    task: Execution | None = None


class Episode:
    """Some people, from the first event to the end of every walk."""

    def __init__(self, seed: int, done: Done) -> None:
        self.store = Store()
        self._random = Random(seed)
        self._done = done
        self._workers: list[_Worker] = []
        self._told: list[Start] = []
        self._entries = 0
        self._merged: dict[str, str] = {}

    def run(self) -> None:
        """All of it.

        Raises:
            Violation: an invariant does not hold.
        """
        random = self._random
        while len(self._told) < HAPPENINGS:
            chance = random.random()
            if chance < 0.75 and self._workers:
                self._advance(random.choice(self._workers))
            elif chance < 0.85:
                self._happen()
            elif chance < 0.88 and self._told:
                self._begin(random.choice(self._told))
            elif chance < 0.91 and self._workers:
                self._kill(random.choice(self._workers))
            else:
                self._tick()
        self._rest()
        self.store.check()
        self._done.walks += sum(walk.number for walk in self.store.walks.values())
        self._done.asked += sum(len(walk.asked) for walk in self.store.walks.values())

    def _happen(self) -> None:
        store, random = self.store, self._random
        profile, other = random.sample(PROFILES, 2)
        kind = random.choices(("enter", "hear", "leave", "merge", "migrate", "pause"), (8, 4, 1, 1, 2, 1))[0]
        if kind == "enter":
            self._entries += 1
            entry = self._entries
            self._tell(lambda: enter(store, profile, entry))
        elif kind == "hear":
            self._tell(lambda: hear(store, profile))
        elif kind == "leave":
            self._tell(lambda: leave(store, profile))
        elif kind == "migrate":
            self._tell(lambda: migrate(store, profile))
        elif kind == "pause":
            self._tell(lambda: pause(store))
            self._tell(lambda: resume(store))
        elif profile not in self._merged and not self._leads_to(other, profile):
            self._merged[profile] = other
            self._tell(lambda: merge(store, profile, other))

    def _leads_to(self, profile: str, end: str) -> bool:
        while profile != end and profile in self._merged:
            profile = self._merged[profile]
        return profile == end

    def _tell(self, start: Start) -> None:
        self._told.append(start)
        self._begin(start)

    def _begin(self, start: Start, task: Execution | None = None) -> None:
        self._workers.append(_Worker(start, start(), task))

    def _advance(self, worker: _Worker) -> None:
        self._done.steps += 1
        try:
            next(worker.running)
        except StopIteration as end:
            self._workers.remove(worker)
            if worker.task and worker.task.running:
                if end.value:
                    go_on(self.store, worker.task)
                else:
                    worker.task.running = False

    def _kill(self, worker: _Worker) -> None:
        """It dies here, or only seems to; its work is done again."""
        self._done.deaths += 1
        task, worker.task = worker.task, None
        if self._random.random() < 0.8:
            self._workers.remove(worker)
        self._begin(worker.start, task)

    def _tick(self) -> None:
        """Time goes on, and whoever is due begins to act."""
        self._done.steps += 1
        store = self.store
        store.now += self._random.choice((1, 1, 2, 7))
        acting = {worker.task.name for worker in self._workers if worker.task}
        for execution in store.executions.values():
            if execution.running and execution.due <= store.now and execution.name not in acting:
                self._act(execution)

    def _act(self, execution: Execution) -> None:
        store, node, over = self.store, execution.node, execution.over
        self._begin(lambda: step(store, execution, node, over), execution)

    def _rest(self) -> None:
        """Nothing new; merges are told a second time, as they are when whoever had read before is done."""
        begin = self._done.steps
        store, repeated = self.store, False
        while (
            self._workers or store.paused or any(e.running for e in store.executions.values()) or not repeated
        ):
            if self._done.steps - begin > LONGEST:
                raise Violation(f"I8: not at rest after {LONGEST} steps")
            if self._workers:
                self._advance(self._random.choice(self._workers))
                if self._random.random() < 0.02:
                    self._tick()
            elif not repeated:
                repeated = True
                for loser, winner in self._merged.items():
                    self._begin(lambda loser=loser, winner=winner: merge(store, loser, winner))  # type: ignore[misc]
            elif store.paused:
                self._begin(lambda: resume(store))
            else:
                self._tick()


def run(steps: int, seed: int = 1) -> Done:
    """Episodes, until there were so many steps.

    Raises:
        Violation: an invariant does not hold; the message names the episode's seed.
    """
    done = Done()
    while done.steps < steps:
        try:
            Episode(seed + done.episodes, done).run()
        except Violation as broken:
            raise Violation(f"{broken} (seed {seed + done.episodes})") from None
        done.episodes += 1
    return done
