"""One person's walk through one journey, and the decisions about beginning and ending it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from services.journeys.domain.document import Document
from services.journeys.domain.entries import Entry, SegmentEntered
from services.shared.contracts.scoring import Standing
from services.shared.ids import stable_id


def walk_ref(profile_id: str, key: str) -> str:
    """What names a person's walks through a journey about one matter: the profile, and a hash of the matter's `key`
    where there is one. Pages of cohorts list these."""
    return f"{profile_id}#{stable_id('k', key)}" if key else profile_id


@dataclass(frozen=True)
class Enrolment:
    """Where a person is in a journey. There is one per person, journey and `key` (what tells one matter, such as a
    cart, from another; empty without): the current walk, or the last.

    `number` counts this person's walks through this journey. `entry_version` is the standing that let the person
    in: what is not newer can't begin another walk. `requested` maps a send node to when its message was asked for.
    `page` is the page of the cohort's members that lists the person. `kept` are the walk's own facts (2 KB at most),
    `heard` when each signal (listener or watch) was heard last, `memory` what nodes must remember.

    After a merge, `inherited` are the messages that were asked for while the person still was another profile,
    `absorbed` the walk of that profile which this one goes on with, and `moved_to` the profile where a walk went.
    `accepted_at` is when the customer event that led here was accepted, as far as one did.
    """

    profile_id: str
    journey: str
    enrolment_id: str
    number: int
    version: int
    cohort: str
    node: str
    status: Literal["active", "exited"]
    entered_at: datetime
    entry_version: int
    reason: str = ""
    exited_at: datetime | None = None
    requested: Mapping[str, datetime] = field(default_factory=dict)
    page: str = ""
    inherited: Mapping[str, datetime] = field(default_factory=dict)
    absorbed: str = ""
    moved_to: str = ""
    accepted_at: datetime | None = None
    key: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)
    heard: Mapping[str, datetime] = field(default_factory=dict)
    memory: Mapping[str, Any] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        return self.status == "active"

    @property
    def ref(self) -> str:
        return walk_ref(self.profile_id, self.key)

    def asked_at(self, node: str) -> bool:
        """Was this person's message of a send node asked for, under whatever profile?"""
        return node in self.requested or node in self.inherited


@dataclass(frozen=True)
class Entrant:
    """Somebody who has a reason to enter since `at`, by `standing`, because of an event accepted at `accepted_at`;
    about the matter `key`, with `kept` to begin with."""

    profile_id: str
    at: datetime
    standing: Standing
    accepted_at: datetime | None = None
    key: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        return walk_ref(self.profile_id, self.key)


def may_enter(entry: Entry, entry_version: int, last: Enrolment | None) -> bool:
    """May somebody whose last walk was `last` begin one because of the standing of `entry_version`?"""
    if last is None:
        return True
    return entry.reentry == "always" and not last.active and entry_version > last.entry_version


def begin(
    entrant: Entrant, document: Document, version: int, now: datetime, last: Enrolment | None
) -> Enrolment:
    """The first moment of a walk; its cohort is not known yet. The same walk always gets the same id."""
    number = last.number + 1 if last else 1
    return Enrolment(
        profile_id=entrant.profile_id,
        journey=document.name,
        enrolment_id=enrolment_id(entrant.profile_id, document.name, entrant.key, number),
        number=number,
        version=version,
        cohort="",
        node=document.start,
        status="active",
        entered_at=now,
        entry_version=entrant.standing.version,
        accepted_at=entrant.accepted_at,
        key=entrant.key,
        kept=entrant.kept,
    )


def enrolment_id(profile_id: str, journey: str, key: str, number: int) -> str:
    """The same for every repetition of the beginning of one walk."""
    return stable_id("enr", profile_id, journey, str(number), *([key] if key else []))


def is_stale(document: Document, entered: Standing, newest: Standing | None) -> bool:
    """Is the reason to enter already history? Facts come in any order: that somebody left the segment (or one
    that ends the walk) may be known before that they entered it."""
    if newest is None or newest.version <= entered.version:
        return False
    ways = [way.segment_entered for way in document.entry.on if isinstance(way, SegmentEntered)]
    let_in = [segment for segment in ways if segment in entered.segments]
    left = bool(let_in) and not set(let_in) & set(newest.segments)
    return left or bool(left_since(document, entered, newest))


def left_since(document: Document, entered: Standing, newest: Standing | None) -> str:
    """The reason to end the walk of somebody who entered by `entered` and is now known as `newest`; empty: none."""
    if newest is None or newest.version <= entered.version:
        return ""
    for segment in sorted(document.exit_segments()):
        if segment in entered.segments and segment not in newest.segments:
            return exit_reason(segment)
    return ""


def exit_reason(segment: str) -> str:
    """Why a walk ended, when leaving `segment` ended it."""
    return f"segment_exited:{segment}"


def send_id(enrolment: Enrolment, node_id: str) -> str:
    """The same for every repetition of one request."""
    return stable_id(
        "snd",
        enrolment.profile_id,
        enrolment.journey,
        str(enrolment.version),
        enrolment.enrolment_id,
        node_id,
    )


def view_of(standing: Standing | None) -> dict[str, Any]:
    """What conditions may look at; somebody of whom nothing is known has nothing."""
    if standing is None:
        return {"facts": {}, "scores": {}, "segments": [], "traits": {}}
    return {
        "facts": standing.facts,
        "scores": standing.scores,
        "segments": standing.segments,
        "traits": {},
    }
