"""What signals mean to a document: which it hears, and which happened before a walk began."""

from __future__ import annotations

from datetime import datetime

from services.journeys.domain.acting import remembered
from services.journeys.domain.document import Document
from services.journeys.domain.enrolment import Enrolment, Entrant
from services.journeys.domain.keeping import kept_with
from services.journeys.domain.listening import is_event
from services.journeys.domain.nodes import WaitUntil
from services.journeys.domain.parts import PERSON
from services.journeys.domain.signals import Told, called, signals_of
from services.shared.contracts.scoring import Standing


def entrant_of(document: Document, told: Told, newest: Standing | None, now: datetime) -> Entrant:
    """The person of a signal as somebody who has a reason to enter; what a client's clock puts ahead is now."""
    return Entrant(
        profile_id=told.standing.profile_id,
        at=min(told.at, now),
        standing=told.standing,
        accepted_at=told.accepted_at,
        key=told.key if signals_of(document).entries[told.signal] else "",
        kept=kept_with({}, remembered(document, told.signal, told.kept)),
        newest=newest,
        dated=told.event or told.signal == called(document.name),
    )


def awaited_in(document: Document) -> frozenset[str]:
    """The signals that end or wake somebody who walks."""
    signals = signals_of(document)
    waits = {signal for signal, _ in signals.waits.values()}
    return frozenset(waits | {ending.signal for ending in signals.endings})


def heard_in(document: Document) -> frozenset[str]:
    """The signals that mean something to somebody who walks: they end, wake, or are an entry event that comes again,
    maybe with another date."""
    again = {signal for signal in signals_of(document).entries if is_event(signal)}
    return awaited_in(document) | again


def events_awaited_in(document: Document) -> frozenset[str]:
    """The events that somebody who walks may have heard before the walk began."""
    return frozenset(signal for signal in awaited_in(document) if is_event(signal))


def is_on_the_walk(walk: Enrolment, told: Told) -> bool:
    """Did it happen since the person entered? An event says when it did, and of the same moment counts what was
    told later. What a standing says counts if it is newer than the standing that let the person in."""
    if told.event:
        return walk.walker().counts(told.at, told.version)
    return told.standing.version > walk.entry_version


def plans_by(document: Document, *, facts: bool) -> bool:
    """Do people wait for a date that traits say (or, `facts`, scoring's computed ones)?"""
    for _, node in document.of_type(WaitUntil):
        kind, name = node.known_as or ("", "")
        if facts and kind == "fact" and not name.startswith("walk."):
            return True
        if not facts and (kind == "trait" or node.zone == PERSON):
            return True
    return False
