"""The pages about journeys as they run: who is where, how many went which way, and one person's trace.

They are made anew for each look. A page loads itself anew only for readers who asked it to, and says how to end that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import parse_qs

from halte.marketers import Refused
from local.journey_counts import arrivals, taken
from local.live_journeys import Journey, LiveJourneys
from local.markup import Cell, Link, page, table
from local.pictures import inline, picture
from services.journeys.domain.diagram import dot, edges, label

EVERY = 10
"""Seconds between two looks of a page that loads itself anew."""

UNTOLD = "not told"
"""What stands for a number that neither the API nor a fact says."""

_PATH = re.compile(r"/journeys(?:/([a-z][a-z0-9_]{0,39}))?(?:/people/([A-Za-z0-9_-]{1,100}))?")
_STATES = {
    "live": "It runs.",
    "draining": "It is being stopped: nobody enters any more, and people go on to the end.",
    "stopped": "It was stopped: nobody enters any more, and nobody is on the way.",
}


class JourneyPages:
    """Renders `/journeys`, `/journeys/<name>` and `/journeys/<name>/people/<profile>`."""

    def __init__(self, live: LiveJourneys) -> None:
        self._live = live

    def render(self, path: str, query: str) -> tuple[int, str] | None:
        """Status and page of a path; `None`: it is none of these, or there is no such journey."""
        match = _PATH.fullmatch(path)
        if match is None or (match[2] and not match[1]):
            return None
        every = EVERY if parse_qs(query).get("every") == [str(EVERY)] else 0
        try:
            known = self._live.all()
            name, profile_id = match[1], match[2]
            if name is None:
                return 200, catalogue(known)
            if name not in {one["name"] for one in known}:
                return None
            if profile_id:
                return 200, trace(self._live.trace(name, profile_id))
            return 200, journey(self._live.one(name), every)
        except Refused as error:
            return 502, page("No answer", f"<p>The API did not say it: {escape(str(error))}</p>")

    def walked_by(self, profile_id: str) -> str:
        """The part of a person's page about the journeys they walk, or have walked."""
        try:
            return walks(profile_id, self._live.walked_by(profile_id))
        except Refused as error:
            return f"<p>The API did not say which journeys they walk: {escape(str(error))}</p>"


def catalogue(known: Sequence[Mapping[str, Any]]) -> str:
    """The list."""
    rows: list[list[Cell | Link]] = [
        [Link(one["name"], f"/journeys/{one['name']}"), one["title"], one["objective"], one["version"]]
        for one in known
    ]
    return page("Journeys", table("Journeys", ("journey", "title", "objective", "newest version"), rows))


def journey(one: Journey, every: int) -> str:
    """One journey: its picture with the numbers on it, and the same as tables."""
    name = one.document.name
    state = "It is paused: everybody stands still." if one.status["held"] else _STATES[one.status["status"]]
    return page(
        f"Journey {name}",
        f"<p>{escape(one.document.title)}. {state} So it was at {one.at:%Y-%m-%d %H:%M} by the run's clock.</p>"
        + _again(name, every)
        + _picture(one)
        + table(f"Came and went, version {one.version}", ("what", "reason", "people"), _passages(one))
        + table("Where people are", ("node", "version", "there now", "came there"), _nodes(one))
        + table(f"Ways, version {one.version}", ("from", "who", "to", "went"), _ways(one))
        + table("Versions", ("version", "published", "people", "cohorts", "late", "counted"), _versions(one))
        + table(
            "People on the way" + (", the first of them" if one.more else ""),
            ("person", "matter", "version", "node", "there since", "until", "entered"),
            _people(one),
        )
        + table("People who left last", ("person", "version", "reason", "at"), _leavers(one)),
        every=every,
    )


def trace(told: Mapping[str, Any]) -> str:
    """One person's way through a journey, step by step."""
    profile_id, name = str(told["profile_id"]), str(told["journey"])
    rows: list[list[Cell]] = [
        [step["at"], step["what"], step["node"], step["detail"], step["key"]] for step in told["steps"]
    ]
    return page(
        f"{profile_id} in {name}",
        table("What happened", ("at", "what", "node", "more", "matter"), rows)
        + f'<p><a href="/journeys/{escape(name)}">All of journey {escape(name)}</a></p>',
    )


def walks(profile_id: str, known: Sequence[Mapping[str, Any]]) -> str:
    """A person's walks, each with a way to its trace."""
    rows: list[list[Cell | Link]] = [
        [
            Link(walk["journey"], _of_person(walk["journey"], profile_id)),
            walk["key"],
            walk["version"],
            walk["status"],
            walk["entered_at"],
            walk["exited_at"] or "",
            walk["reason"],
        ]
        for walk in known
    ]
    return table("Journeys", ("journey", "matter", "version", "status", "entered", "left", "reason"), rows)


def _again(name: str, every: int) -> str:
    here = f"/journeys/{escape(name)}"
    if every:
        return f'<p>Loads itself anew every {every} seconds. <a href="{here}">Stop that</a></p>'
    return (
        f'<p><a href="{here}">Look again</a>, or <a href="{here}?every={EVERY}">every {EVERY} seconds</a></p>'
    )


def _picture(one: Journey) -> str:
    there = _there(one)
    drawn = dot(
        one.document,
        {node: f"{there[node]:,} here now" for node in one.document.nodes if there.get(node)},
        {edge: f"\u2002{went:,}" for edge, went in taken(one.document, one.told).items()},
        f"{one.told.entered:,} entered",
    )
    said = f"The nodes of the journey {one.document.name}, the paths between them, and the numbers of the tables below"
    return f'<div class="wide" role="region" aria-label="Picture" tabindex="0">{inline(picture(drawn), said)}</div>'


def _there(one: Journey) -> Mapping[str, int]:
    """People by node in the newest version."""
    return next(counted["nodes"] for counted in one.status["versions"] if counted["version"] == one.version)


def _passages(one: Journey) -> Iterator[list[Cell]]:
    yield ["entered", "", one.told.entered]
    for reason, people in sorted(one.told.left.items()):
        yield ["left", reason, people]
    for reason, times in sorted(one.refused.items()):
        yield ["not let in (any version)", reason, times]


def _nodes(one: Journey) -> Iterator[list[Cell]]:
    came = arrivals(one.document, one.told)
    there = _there(one)
    for node in one.document.nodes:
        arrived: Cell = came.get(node, UNTOLD)
        yield [label(one.document, node), one.version, there.get(node, 0), arrived]
    for counted in one.status["versions"]:
        if counted["version"] != one.version:
            for node, people in sorted(counted["nodes"].items()):
                yield [node, counted["version"], people, UNTOLD]


def _ways(one: Journey) -> Iterator[list[Cell]]:
    went = taken(one.document, one.told)
    yield ["entry", one.document.entry.shown, one.document.start, one.told.entered]
    for edge in edges(one.document):
        yield [edge.source, edge.text or "everybody", edge.target, went.get(edge, UNTOLD)]


def _versions(one: Journey) -> Iterator[list[Cell]]:
    for counted in one.status["versions"]:
        cohorts = ", ".join(f"{n} {state}" for state, n in sorted(counted["cohorts"].items()))
        late = ", ".join(f"{stuck['cohort']} at {stuck['node']}" for stuck in counted["stuck"])
        how = "all" if counted["complete"] else "not all: at least so many"
        yield [str(counted["version"]), counted["published_at"], counted["people"], cohorts, late, how]


def _people(one: Journey) -> Iterator[list[Cell | Link]]:
    for row in one.participants:
        who = Link(row["profile_id"], _of_person(one.document.name, row["profile_id"]))
        yield [who, row["key"], row["version"], row["node"], row["since"], row["due"], row["entered_at"]]


def _leavers(one: Journey) -> Iterator[list[Cell | Link]]:
    for row in one.leavers:
        who = Link(row["profile_id"], _of_person(one.document.name, row["profile_id"]))
        yield [who, row["version"], row["reason"], row["at"]]


def _of_person(name: str, profile_id: str) -> str:
    return f"/journeys/{name}/people/{profile_id}"
