"""Where people are: counted and listed as their cohorts and walks say, never estimated, as far as time allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.operating import FAR, Running, held, is_stuck
from services.journeys.domain.traces import to_text
from services.journeys.domain.walk_traces import trace_of
from services.journeys.ports.definitions import Definition, Definitions
from services.journeys.ports.running import Counters, Live, LiveCohorts, Refusals, Runnings
from services.journeys.ports.walks import Walks
from services.journeys.service.report import shown
from services.journeys.service.versions import versions_of
from services.shared.clock import Clock, to_iso
from services.shared.cursors import cursor_of, read_cursor
from services.shared.errors import NotFound

HasTime = Callable[[], bool]

PAGE = 25
"""Cohorts whose members are read before time is looked at again."""

MOST_LISTED = 98
"""People in one answer: a page of a cohort."""


@dataclass(frozen=True)
class Counted:
    """People by node and cohorts by state; `cursor` where time ran out."""

    by_node: Mapping[str, int]
    states: Mapping[str, int]
    cursor: str
    stuck: list[Live] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """Where a list of people goes on: in a version, behind the cohorts up to `cohorts` (`None`: those were all), in
    `cohort` behind its `page`."""

    version: int
    cohorts: str | None = ""
    cohort: str = ""
    page: str | None = None

    def text(self) -> str:
        """For whoever asks on."""
        return cursor_of(asdict(self))


class Observing:
    """Use cases that look at what runs."""

    def __init__(
        self,
        definitions: Definitions,
        walks: Walks,
        live: LiveCohorts,
        runnings: Runnings,
        refusals: Refusals,
        counters: Counters,
        clock: Clock,
    ) -> None:
        self._definitions = definitions
        self._walks = walks
        self._live = live
        self._runnings = runnings
        self._refusals = refusals
        self._counters = counters
        self._clock = clock

    def count(self, journey: str, version: int, cursor: str, has_time: HasTime) -> Counted:
        """The people of a version from `cursor` on, while there is time.

        Raises:
            Invalid: `bad_cursor`.
        """
        running = self._running(self._definitions.get(journey, version))
        by_node, states, stuck = Counter[str](), Counter[str](), []
        while True:
            page, following = self._live.page(journey, version, cursor, PAGE)
            for live in page:
                states[shown_state(live, self._clock.now())] += 1
                by_node[live.cohort.node] += self._people(live)
                if is_stuck(running, live.cohort.state, live.cohort.due, self._clock.now()):
                    stuck.append(live)
            cursor = following
            if not cursor or not has_time():
                return Counted(by_node, states, cursor, stuck)

    def status(self, journey: str, version: int | None, cursor: str, has_time: HasTime) -> dict[str, Any]:
        """How a journey is run, what came of it so far, and where the people of each version are, or of one `version`
        from `cursor` on. What is not `complete` goes on at its own `cursor`.

        Raises:
            NotFound: there is no such journey, or version.
            Invalid: `bad_cursor`.
        """
        versions = [one for one in self._definitions.versions(journey) if version in (None, one.version)]
        if not versions:
            raise NotFound("unknown_journey", f"there is no journey {journey!r}, or no such version of it")
        running = self._running(versions[-1])
        return {
            "name": journey,
            "status": running.status,
            "held": held(running, self._clock.now()),
            "so_far": shown(self._counters.of([journey])[journey]),
            "migrations": {str(left): one.to for left, one in sorted(running.migrations.items())},
            "versions": [self._version(running, one, cursor, has_time) for one in versions],
        }

    def participants(self, journey: str, node: str, cursor: str, has_time: HasTime) -> dict[str, Any]:
        """The people who are at a node (or anywhere): version after version, the newest first, cohort after cohort.

        Raises:
            NotFound: there is no such journey.
            Invalid: `bad_cursor`.
        """
        versions = versions_of(self._definitions, journey)
        place = read_place(cursor) if cursor else Place(versions[-1].version)
        rows: list[dict[str, Any]] = []
        for version in [one.version for one in reversed(versions) if one.version <= place.version]:
            here = place if version == place.version else Place(version)
            while here.cohorts is not None:
                found, here = self._some(journey, node, here)
                rows += found
                if len(rows) >= MOST_LISTED or not has_time():
                    return {"participants": rows, "cursor": here.text()}
        return {"participants": rows, "cursor": None}

    def trace(self, profile_id: str, journey: str) -> dict[str, Any]:
        """One person's way through a journey, as it was written down: entries, refusals, what was asked for, where
        they wait, and why they left.

        Raises:
            NotFound: they were never near it.
        """
        steps = self._refusals.of_profile(profile_id, journey)
        for walk in self._walks.of_profile(profile_id, journey):
            document = self._definitions.get(journey, walk.version).document
            live = self._live.live(walk.cohort) if walk.active else None
            stands = (live.cohort.node, live.cohort.since, live.cohort.due) if live else None
            steps += trace_of(walk, document, stands)
        if not steps:
            raise NotFound("unknown_walk", f"this person has not come to {journey!r}")
        steps.sort(key=lambda step: step.at)
        return {
            "profile_id": profile_id,
            "journey": journey,
            "steps": [step.document() for step in steps],
            "text": to_text(steps),
        }

    def _some(self, journey: str, node: str, place: Place) -> tuple[list[dict[str, Any]], Place]:
        """One page of the people of the next cohort, and where to go on."""
        found, following = self._live.page(journey, place.version, place.cohorts or "", 1)
        behind = Place(place.version, following or None)
        if not found or (node and found[0].cohort.node != node):
            return [], behind
        live = found[0]
        after = place.page if place.cohort == live.key else None
        page = next(iter(self._walks.pages(live.key, after)), None)
        if page is None:
            return [], behind
        cursor, refs = page
        here = self._walks.members(refs, journey, live.key)
        return [_row(walk, live) for walk in here], replace(place, cohort=live.key, page=cursor)

    def _version(
        self, running: Running, definition: Definition, cursor: str, has_time: HasTime
    ) -> dict[str, Any]:
        counted = self.count(definition.journey, definition.version, cursor, has_time)
        return {
            "version": definition.version,
            "published_at": to_iso(definition.published_at),
            "retired": definition.version in running.retired,
            "cohorts": dict(counted.states),
            "people": sum(counted.by_node.values()),
            "nodes": {node: people for node, people in counted.by_node.items() if people},
            "stuck": [_stuck(live) for live in counted.stuck],
            "complete": not counted.cursor,
            "cursor": counted.cursor or None,
        }

    def _people(self, live: Live) -> int:
        return sum(
            len(self._walks.members(refs, live.journey, live.key))
            for _, refs in self._walks.pages(live.key, None)
        )

    def _running(self, definition: Definition) -> Running:
        return self._runnings.of(definition.journey, definition.document.objective)


def _row(walk: Enrolment, live: Live) -> dict[str, Any]:
    return {
        "profile_id": walk.profile_id,
        "key": walk.key,
        "version": walk.version,
        "node": live.cohort.node,
        "cohort": live.key,
        "since": to_iso(live.cohort.since),
        "due": to_iso(live.cohort.due),
        "entered_at": to_iso(walk.entered_at),
    }


def _stuck(live: Live) -> dict[str, Any]:
    return {"cohort": live.key, "node": live.cohort.node, "due": to_iso(live.cohort.due)}


def shown_state(live: Live, now: datetime) -> str:
    """`far`: it has no execution yet, because its time is far."""
    far = live.cohort.open and not live.cohort.started and live.cohort.due - now > FAR
    return "far" if far else live.cohort.state


def read_place(cursor: str) -> Place:
    """The place of a cursor.

    Raises:
        Invalid: `bad_cursor`.
    """

    def read(said: Any) -> Place:
        if not all(said[name] is None or isinstance(said[name], str) for name in ("cohorts", "page")):
            raise TypeError("is no text")
        return Place(int(said["version"]), said["cohorts"], str(said["cohort"]), said["page"])

    return read_cursor(cursor, read)
