"""Splits that learn: counting what walks come to, and letting newcomers take the arm that does best."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from services.journeys.domain.contests import Contest, Score, best, contenders, is_time, scores
from services.journeys.domain.enrolment import of_same_walk
from services.journeys.domain.nodes import Split
from services.journeys.ports.contests import Contests
from services.journeys.ports.definitions import Definition, Definitions
from services.journeys.service.announce import Step
from services.journeys.service.versions import versions_of
from services.shared.clock import Clock, to_iso
from services.shared.errors import Invalid, NotFound


class Contesting:
    """Says which arm has won. An arm that has won stays the winner: a step that is repeated says the same."""

    def __init__(self, definitions: Definitions, contests: Contests, clock: Clock) -> None:
        self._definitions = definitions
        self._contests = contests
        self._clock = clock

    def count(self, steps: Iterable[Step]) -> int:
        """Note what some writes to walks mean to splits; how many marks those were. Again is the same."""
        found: list[Score] = []
        for old, new in steps:
            before = of_same_walk(old, new)
            document = self._definitions.get(new.journey, new.version).document
            found += scores(document, before, new)
        self._contests.note(found)
        return len(found)

    def winner(self, definition: Definition, node_id: str, at: datetime) -> str:
        """The arm that newcomers take who come to a split at `at`; empty: chance decides."""
        split = definition.document.nodes[node_id]
        assert isinstance(split, Split)  # nobody asks at other nodes
        contest = Contest(definition.journey, definition.version, node_id)
        won = self._contests.winner(contest)
        if won or not is_time(split, definition.published_at, at):
            return won
        tallies = {arm.name: self._contests.tally(contest, arm.name) for arm in contenders(split)}
        found = best(split, tallies)
        return self._contests.settle(contest, found, at) if found else ""

    def declare(self, journey: str, node_id: str, arm: str) -> dict[str, Any]:
        """Let people say which arm of the newest version's split has won.

        Raises:
            NotFound: there is no such journey, or no such split in it.
            Invalid: `unknown_arm`; the split has none of that name that may win.
        """
        newest = versions_of(self._definitions, journey)[-1]
        split = newest.document.nodes.get(node_id)
        if not isinstance(split, Split):
            raise NotFound("unknown_split", f"{journey!r} has no split {node_id!r}")
        if arm not in {one.name for one in contenders(split)}:
            raise Invalid("unknown_arm", f"arm: {arm!r} is no arm that may win")
        now = self._clock.now()
        self._contests.declare(Contest(journey, newest.version, node_id), arm, now)
        return {"name": journey, "version": newest.version, "node": node_id, "arm": arm, "at": to_iso(now)}
