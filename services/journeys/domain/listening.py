"""What a journey must hear of people: scoring watches conditions and listens to events for it.

Journeys knows of a person what a standing says, and what the walk keeps. Whatever else a condition looks at (traits,
events, related records, consent) scoring judges: that part of the condition is a *watch*, which is in the standing's
segments while it holds, and whose beginning and end are told as any segment's are. Events that let people in, wake
them, or end their walk are told as they come, to *listeners*. Both are named after what they say, so journeys and
versions that ask the same share one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.journeys.domain.document import Document
from services.journeys.domain.ends import ExitWhen, GoalEvent, GoalWhen
from services.journeys.domain.entries import Becomes, DateWay, EventWay, Happening
from services.journeys.domain.nodes import Branch, Survey, WaitFor, WaitUntil
from services.journeys.domain.parts import WALK
from services.shared.conditions.reading import ZONE_TRAIT
from services.shared.contracts.journeys import Listener, Watch
from services.shared.ids import stable_id

KNOWN_HERE = frozenset({"fact", "score", "segment", "stage", "fit", "cell", "bucket"})
"""Clauses that a standing answers."""

CURRENCY = "currency"
SURVEY_ANSWERED = "Survey Answered"
TIME_ZONE = "timezone"
"""The trait that says where a person is."""

_GROUPS = ("all", "any", "none")


def watch_of(when: Mapping[str, Any]) -> str:
    """The name of the segment that is a condition: its own where it is one of marketers', else the watch's."""
    if set(when) == {"segment"}:
        return str(when["segment"])
    return f"~{stable_id('w', _canonical(when))}"


def listener_of(happening: Happening | WaitFor | Survey, keep: Iterable[str] = ()) -> Listener:
    """What scoring must listen for, on behalf of a way in, a node, a rule or a goal."""
    if isinstance(happening, Survey):
        asked: dict[str, Any] = {"prop": "survey", "eq": happening.survey}
        return _listener("track", SURVEY_ANSWERED, asked, None, ["score", "comment"])
    if isinstance(happening, WaitFor):
        return _listener(
            happening.event_type, happening.event or "", happening.where, happening.key, happening.keep
        )
    if isinstance(happening, GoalEvent) and happening.value:
        keep = {happening.value, CURRENCY}
    return _listener(happening.type, happening.event, happening.where, happening.key, list(keep))


def is_event(signal: str) -> bool:
    """Is a signal a listener's?"""
    return signal.startswith("~e_")


def localised(when: Mapping[str, Any]) -> dict[str, Any]:
    """A condition that a standing answers: the parts that it does not are watches, as segments."""
    for group in _GROUPS:
        if group in when:
            return {group: [localised(one) for one in when[group]]}
    return dict(when) if _known_here(when) else {"segment": watch_of(when)}


def _known_here(clause: Mapping[str, Any]) -> bool:
    """Does a standing answer it? A standing does not say since when a stage lasts, what a score is made of, or
    where somebody is. The walk's own facts are known only here."""
    if str(clause.get("fact", "")).startswith(WALK):
        return True
    beyond = ("longer_than" in clause and "stage" in clause) or ("for" in clause and "score" in clause)
    return bool(KNOWN_HERE & set(clause)) and not beyond and clause.get("zone") != ZONE_TRAIT


def date_condition(way: DateWay) -> dict[str, Any]:
    """The condition that begins to hold when a date of a person lets them in."""
    kind, _, name = way.date.partition(":")
    if way.anniversary:
        day: Any = {"within_next": _iso(way.before)} if way.before else "today"
        return {kind: name, "anniversary": day}
    if way.before:
        return {kind: name, "within_next": _iso(way.before)}
    return {kind: name, "older_than": _iso(way.after) if way.after else "PT0S"}


@dataclass
class _Needs:
    watches: dict[str, dict[str, Any]] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)
    traits: set[str] = field(default_factory=set)

    def watch(self, when: Mapping[str, Any]) -> None:
        """A condition whose beginning and end must be told."""
        name = watch_of(when)
        if name.startswith("~"):
            self.watches[name] = dict(when)

    def look_at(self, when: Mapping[str, Any]) -> None:
        """A condition that is only looked at when somebody comes by."""
        for group in _GROUPS:
            for one in when.get(group, ()):
                self.look_at(one)
        if not set(_GROUPS) & set(when) and not _known_here(when):
            self.watch(when)

    def hear(self, listener: Listener) -> None:
        self.listeners[listener.name] = listener


def needs_of(documents: Iterable[Document]) -> tuple[list[Watch], list[Listener], list[str]]:
    """What all of some versions need together: watches, listeners, and traits to be told."""
    needs = _Needs()
    for document in documents:
        for when in looked_at(document):
            needs.look_at(when)
        for when in watched(document):
            needs.watch(when)
        for listener in _listened(document):
            needs.hear(listener)
        needs.traits |= set(_carried(document))
    watches = [Watch(name=name, when=when) for name, when in sorted(needs.watches.items())]
    return watches, [one for _, one in sorted(needs.listeners.items())], sorted(needs.traits)


def looked_at(document: Document) -> Iterator[dict[str, Any]]:
    """Conditions that the journey judges itself."""
    if document.entry.when:
        yield document.entry.when
    for _, branch in document.of_type(Branch):
        yield from (arm.when for arm in branch.branches)


def watched(document: Document) -> Iterator[dict[str, Any]]:
    """Conditions that scoring watches for it."""
    for way in document.entry.on:
        if isinstance(way, Becomes):
            yield way.becomes
        elif isinstance(way, DateWay):
            yield date_condition(way)
    yield from (rule.when for rule in document.exit_on if isinstance(rule, ExitWhen))
    if isinstance(document.goal, GoalWhen):
        yield document.goal.when
    yield from (node.when for _, node in document.of_type(WaitFor) if node.when)


def _listened(document: Document) -> Iterator[Listener]:
    for way in document.entry.on:
        if isinstance(way, EventWay):
            yield listener_of(way, way.keep)
    for rule in [*document.exit_on, document.goal]:
        if isinstance(rule, Happening):
            yield listener_of(rule)
    yield from (listener_of(node) for _, node in document.of_type(WaitFor) if node.event)
    yield from (listener_of(survey) for _, survey in document.of_type(Survey))


def _carried(document: Document) -> Iterator[str]:
    for _, node in document.of_type(WaitUntil):
        if node.zone == "person":
            yield TIME_ZONE
        if node.known_as and node.known_as[0] == "trait":
            yield node.known_as[1]


def _listener(
    event_type: str, event: str, where: Mapping[str, Any] | None, key: str | None, keep: list[str]
) -> Listener:
    said = {"type": event_type, "event": event, "where": where, "key": key, "keep": sorted(keep)}
    return Listener(
        name=f"~{stable_id('e', _canonical(said))}", **{k: v for k, v in said.items() if v is not None}
    )


def _canonical(document: Any) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _iso(length: Any) -> str:
    seconds = round(length.total_seconds())
    return f"P{seconds // 86_400}D" if seconds % 86_400 == 0 else f"PT{seconds}S"
