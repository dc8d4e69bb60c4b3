"""What journeys says of one person, and forgets when asked to."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, assert_never

from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.merging import Gone
from services.journeys.ports.people import Standings
from services.journeys.ports.walks import Walks
from services.journeys.service.merge import forget
from services.shared.clock import Clock, to_iso
from services.shared.contracts.person import PersonAnswer, PersonQuestion


class Person:
    """Answers `PersonQuestion` about the walks of a profile's ids.

    Pages of cohorts and inputs of executions hold profile ids and nothing else: once everything behind an id is
    erased, it names nobody.
    """

    def __init__(self, walks: Walks, standings: Standings, clock: Clock) -> None:
        self._walks = walks
        self._standings = standings
        self._clock = clock

    def answer(self, question: PersonQuestion) -> PersonAnswer:
        """`describe`: store `journeys`. `export`: this and `standings`, the copies of scoring's. `erase`: `journeys`
        forgotten; active walks are told to have ended. Each id leaves a tombstone for 90 days."""
        if question.ask == "erase":
            return PersonAnswer(service="journeys", stores={"journeys": self._forget(question)})
        walks = [walk for profile_id in question.profile_ids for walk in self._walks.of_profile(profile_id)]
        if question.ask == "describe":
            current = [described(walk) for walk in walks if not walk.moved_to]
            return PersonAnswer(service="journeys", stores={"journeys": current} if current else {})
        if question.ask == "export":
            standings = self._standings.find(question.profile_ids).values()
            return PersonAnswer(
                service="journeys",
                stores={
                    "journeys": [described(walk) for walk in walks],
                    "standings": [standing.model_dump(mode="json") for standing in standings],
                },
            )
        assert_never(question.ask)

    def _forget(self, question: PersonQuestion) -> int:
        gone = Gone("", question.at)
        for profile_id in question.profile_ids:
            self._standings.leave(profile_id, gone)
        now = self._clock.now()
        return sum(forget(self._walks, profile_id, now) for profile_id in question.profile_ids)


def described(walk: Enrolment) -> dict[str, Any]:
    """A walk as JSON: where somebody is, or was, in a journey."""
    return {
        "journey": walk.journey,
        "version": walk.version,
        "enrolment_id": walk.enrolment_id,
        "number": walk.number,
        "status": walk.status,
        "node": walk.node,
        "cohort": walk.cohort,
        "entered_at": to_iso(walk.entered_at),
        "exited_at": to_iso(walk.exited_at) if walk.exited_at else None,
        "reason": walk.reason,
        "requested": {node: to_iso(at) for node, at in walk.requested.items()},
        "inherited": {node: to_iso(at) for node, at in walk.inherited.items()},
        "moved_to": walk.moved_to,
        "key": walk.key,
        "kept": dict(walk.kept),
        "heard": {name: to_iso(at) for name, at in walk.heard.items()},
        "memory": asdict(walk.memory),
    }
