"""The trace of a walk, out of what is written down of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from services.journeys.domain.document import Document
from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.nodes import Rotation, Send, Survey
from services.journeys.domain.traces import Step, What
from services.shared.clock import to_iso


def trace_of(
    walk: Enrolment, document: Document, stands: tuple[str, datetime, datetime] | None
) -> list[Step]:
    """What happened on a walk through `document`, in order; `stands` is where it is now: node, since, due."""
    told: list[tuple[datetime, str, What, str]]
    told = [(at, name, "asked", _asked(document, name)) for name, at in _asks(walk)]
    told += [(at, "", "heard", signal) for signal, at in walk.heard.items()]
    told += [(at, "", "went", f"version {version}") for version, at in walk.migrated]
    told.sort(key=lambda one: one[0])
    told.insert(0, (walk.entered_at, "", "entered", ""))
    if walk.exited_at:
        told.append((walk.exited_at, walk.node, "left", walk.reason))
    if walk.active and stands:
        node, since, due = stands
        told.append((since, node, "waits", to_iso(due)))
    return [Step(at, walk.profile_id, walk.key, node, what, detail) for at, node, what, detail in told]


def _asks(walk: Enrolment) -> Iterator[tuple[str, datetime]]:
    """What was asked for under another profile counts as this walk's."""
    yield from walk.inherited.items()
    yield from walk.requested.items()


def _asked(document: Document, name: str) -> str:
    """What a request was for; a node that another version had is only known by its name."""
    node = document.nodes.get(name.partition(".")[0])
    if isinstance(node, Send | Survey):
        return f"{node.template} by {', '.join(node.channels)}"
    if isinstance(node, Rotation):
        return f"one of {', '.join(node.templates)}"
    return node.type if node else ""
