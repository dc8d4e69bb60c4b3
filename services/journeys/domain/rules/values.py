"""Single values: lengths of time, dates, recurrence, channels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from services.journeys.domain.document import Document
from services.journeys.domain.entries import Again, DateWay, Schedule, ScheduleWay
from services.journeys.domain.nodes import (
    Rotation,
    Send,
    Split,
    Survey,
    Update,
    Wait,
    WaitFor,
    WaitUntil,
    parse_instant,
)
from services.journeys.domain.parts import WALK
from services.journeys.domain.recurrence import recurrence
from services.journeys.domain.rules.problems import Problem
from services.shared.conditions import parse_duration

RESERVED = frozenset({"library", "validate", "report"})
"""Routes beside `/journeys/{name}`."""

LONGEST_ADMISSION = timedelta(days=7)
LONGEST_WALK = timedelta(days=3_650)
"""Whoever is on a walk for ten years is not on a journey."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?", re.ASCII)
_REFERENCE = re.compile(r"fact:.{1,200}", re.DOTALL)


def wrong_values(document: Document) -> Iterator[Problem]:
    """Values that cannot be meant."""
    if document.name in RESERVED:
        yield Problem("name", f"{document.name!r} is a route of its own")
    if document.admission > LONGEST_ADMISSION:
        yield Problem("admission", "must be from PT0S to P7D")
    for path, length in _lengths(document):
        if length <= timedelta(0):
            yield Problem(path, "must be longer than nothing")
        elif length > LONGEST_WALK:
            yield Problem(path, f"must be at most {LONGEST_WALK.days} days")
    yield from _dates(document)
    yield from _entries(document)
    yield from _channels(document)
    yield from _traits(document)


def _lengths(document: Document) -> Iterator[tuple[str, timedelta]]:
    """Every length of time that must be one, where it stands."""
    entry, goal = document.entry, document.goal
    found: list[tuple[str, timedelta | None]] = [
        ("entry.expires", entry.expires),
        ("goal.within", goal.within if goal else None),
    ]
    for i, way in enumerate(entry.on):
        if isinstance(way, DateWay):
            found += [(f"entry.on.{i}.before", way.before), (f"entry.on.{i}.after", way.after)]
    for node_id, node in document.nodes.items():
        if isinstance(node, Wait):
            found.append((f"nodes.{node_id}.for", node.duration))
        elif isinstance(node, WaitFor | Survey):
            found.append((f"nodes.{node_id}.timeout", node.timeout))
        elif isinstance(node, Send):
            found.append((f"nodes.{node_id}.expires", node.expires))
        elif isinstance(node, Split) and node.winner:
            found.append((f"nodes.{node_id}.winner.after", node.winner.after))
    yield from ((path, length) for path, length in found if length is not None)


def _dates(document: Document) -> Iterator[Problem]:
    for node_id, node in document.of_type(WaitUntil):
        if node.offset is not None:
            try:
                parse_duration(node.offset.removeprefix("-"))
            except ValueError as error:
                yield Problem(f"nodes.{node_id}.offset", str(error))
        if node.known_as is not None:
            if not node.known_as[1].removeprefix(WALK):
                yield Problem(f"nodes.{node_id}.date", "must name a trait or fact")
        elif node.date is not None and not _is_date(node.date):
            yield Problem(
                f"nodes.{node_id}.date",
                "must be a local date such as 2026-12-24 or 2026-12-24T09:00, or trait:… or fact:…",
            )
        if (
            node.at is not None
            and node.hours is not None
            and not node.hours.start <= node.at < node.hours.end
        ):
            yield Problem(f"nodes.{node_id}.at", "is outside hours")


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text) and parse_instant(text))
    except ValueError:
        return False


def _entries(document: Document) -> Iterator[Problem]:
    for i, way in enumerate(document.entry.on):
        if isinstance(way, DateWay) and way.date.startswith(f"fact:{WALK}"):
            yield Problem(f"entry.on.{i}.date", "nobody is on a walk yet: name a trait or a computed fact")
        if isinstance(way, ScheduleWay):
            yield from _schedule(way.schedule, f"entry.on.{i}.schedule")
    again = document.entry.reentry
    if isinstance(again, Again) and again.after > LONGEST_WALK:
        yield Problem("entry.reentry.after", f"must be at most {LONGEST_WALK.days} days")


def _schedule(schedule: Schedule, path: str) -> Iterator[Problem]:
    if not _is_date(schedule.start):
        yield Problem(f"{path}.start", "must be a local time such as 2026-12-24T09:00")
        return
    try:
        recurrence(schedule.start, schedule.rule)
    except ValueError as error:
        yield Problem(f"{path}.rule", str(error))


def _channels(document: Document) -> Iterator[Problem]:
    for node_id, node in document.nodes.items():
        if isinstance(node, Send | Rotation | Survey):
            path = f"nodes.{node_id}.channels"
            if len(set(node.channels)) != len(node.channels):
                yield Problem(path, "names a channel twice")
            allowed = document.brief.channels if document.brief else node.channels
            for channel in sorted(set(node.channels) - set(allowed)):
                yield Problem(path, f"{channel!r} is not in brief.channels")
        if isinstance(node, Rotation) and len(set(node.templates)) != len(node.templates):
            yield Problem(f"nodes.{node_id}.templates", "names a template twice")


def _traits(document: Document) -> Iterator[Problem]:
    for node_id, update in document.of_type(Update):
        for trait, value in update.traits.items():
            said = isinstance(value, str) and value.startswith("fact:")
            if said and not _REFERENCE.fullmatch(str(value)):
                yield Problem(f"nodes.{node_id}.traits.{trait}", "must name a fact behind fact:")
