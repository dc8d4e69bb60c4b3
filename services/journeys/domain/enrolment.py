"""One person's walk through one journey, and the decisions about beginning and ending it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from services.journeys.domain.document import Document
from services.journeys.domain.entering import WRONG_STAGE, Last, refused, stage_ends
from services.journeys.domain.entries import Becomes, DateWay, SegmentEntered, SegmentExited, Way
from services.journeys.domain.listening import date_condition, watch_of
from services.journeys.domain.moves import Ask, Memory, Seen, Walker, Worth, memory_of_next
from services.journeys.domain.operating import PAUSED, STOPPED
from services.journeys.domain.signals import segment_left, signals_of
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
    `page` is the page of the cohort's members that lists the person.

    `kept` are the walk's own facts (2 KB at most), `heard` when each signal (listener or watch) was heard last,
    `memory` what nodes must remember; `touched` counts the writes to them. `reason_at` is when the reason to enter
    came (nothing in walks of before there were goals). `ask` is what was asked for last and `acted` the cohort in
    which it was, `enters` the journey that begins when this walk has ended, `worth` what its goal brought. `migrated`
    are the versions it went over to, and when.

    After a merge, `inherited` are the messages that were asked for while the person still was another profile,
    `absorbed` the walk of that profile which this one goes on with, and `moved_to` the profile where a walk went.
    `went_to` are the profiles where this profile's earlier walks went, before it was given back: pages still name them
    by it.
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
    went_to: tuple[str, ...] = ()
    accepted_at: datetime | None = None
    key: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)
    heard: Mapping[str, datetime] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    reason_at: datetime | None = None
    touched: int = 0
    acted: str = ""
    ask: Ask | None = None
    enters: str = ""
    worth: Worth | None = None
    migrated: tuple[tuple[int, datetime], ...] = ()

    @property
    def active(self) -> bool:
        return self.status == "active"

    @property
    def ref(self) -> str:
        return walk_ref(self.profile_id, self.key)

    @property
    def variant(self) -> str:
        """The arms that it has taken, as reports name them."""
        return ",".join(f"{node}:{arm}" for node, arm in sorted(self.memory.arms.items()))

    def walker(self, since: datetime | None = None) -> Walker:
        """The walk as a decision looks at it, for somebody who stands where they are `since`."""
        return Walker(
            profile_id=self.profile_id,
            key=self.key,
            entered_at=self.reason_at or self.entered_at,
            kept=self.kept,
            heard=self.heard,
            memory=self.memory,
            since=since,
            entry_version=self.entry_version,
        )

    def asked_at(self, name: str) -> bool:
        """Was what a node asks for (on this lap: `moves.request_name`) asked for, under whatever profile?"""
        return name in self.requested or name in self.inherited


@dataclass(frozen=True)
class Entrant:
    """Somebody who has a reason to enter since `at`, by `standing`, because of an event accepted at `accepted_at`;
    about the matter `key`, with `kept` to begin with. `newest` is what is known of them by now. `occasion`: the reason
    is the moment `at` alone, whatever standing it is told with. `dated`: what is of the same moment is the same reason,
    though it may be told again with a newer standing."""

    profile_id: str
    at: datetime
    standing: Standing
    accepted_at: datetime | None = None
    key: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)
    newest: Standing | None = None
    occasion: bool = False
    dated: bool = False

    @property
    def ref(self) -> str:
        return walk_ref(self.profile_id, self.key)


TOLD = frozenset({"moment_over", "too_often", "too_soon", WRONG_STAGE, "guard", PAUSED, STOPPED})
"""The reasons for turning somebody away that others hear of: that they walk already, or have walked, is no news."""


def turned_away(document: Document, entrant: Entrant, last: Enrolment | None, now: datetime) -> str:
    """Why somebody whose last walk was `last` may not begin another; empty: they may."""
    if last and not _is_newer(entrant, last):
        return "repeated"
    before = Last(last.reason_at or last.entered_at, last.active, last.number) if last else None
    walker = Walker(entrant.profile_id, entrant.key, entrant.at, entrant.kept)
    return refused(document, walker, before, Seen(entrant.newest or entrant.standing), now)


def _is_newer(entrant: Entrant, last: Enrolment) -> bool:
    """A reason that is told again, or an older one, begins nothing."""
    if entrant.occasion:
        return entrant.at > (last.reason_at or last.entered_at)
    if last.reason_at is None:
        return entrant.standing.version > last.entry_version
    if entrant.dated and entrant.at == last.reason_at:
        return False
    return (entrant.standing.version, entrant.at) > (last.entry_version, last.reason_at)


def is_of(walk: Enrolment, entrant: Entrant) -> bool:
    """Did the walk begin by just this reason?"""
    same_moment = walk.reason_at == entrant.at
    if entrant.occasion:
        return same_moment
    return walk.entry_version == entrant.standing.version or (entrant.dated and same_moment)


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
        memory=memory_of_next(last.memory) if last else Memory(),
        reason_at=entrant.at,
        went_to=went_to(last) if last else (),
    )


def went_to(last: Enrolment) -> tuple[str, ...]:
    """Where the earlier walks went that stood under the key of a walk that begins now."""
    return (*last.went_to, last.moved_to) if last.moved_to else last.went_to


def of_same_walk(old: Enrolment | None, new: Enrolment) -> Enrolment | None:
    """What stood where a walk stands now, if it was the same walk already."""
    return old if old and old.enrolment_id == new.enrolment_id else None


def enrolment_id(profile_id: str, journey: str, key: str, number: int) -> str:
    """The same for every repetition of the beginning of one walk."""
    return stable_id("enr", profile_id, journey, str(number), *([key] if key else []))


def is_stale(document: Document, entered: Standing, newest: Standing | None) -> bool:
    """Is the reason to enter already history? Facts come in any order: that somebody left the segment (or one
    that ends the walk) may be known before that they entered it. What else lets people in cannot be taken back."""
    if newest is None or newest.version <= entered.version:
        return False
    before, now = set(entered.segments), set(newest.segments)
    let_in = [
        (segment, way)
        for way in document.entry.on
        if (segment := _by_segment(way)) and (segment in before) is not isinstance(way, SegmentExited)
    ]
    all_by_segment = all(_by_segment(way) for way in document.entry.on)
    still = any((segment in now) is not isinstance(way, SegmentExited) for segment, way in let_in)
    return (all_by_segment and bool(let_in) and not still) or bool(left_since(document, entered, newest))


def _by_segment(way: Way) -> str:
    """The segment, or watch, by which a way lets people in."""
    if isinstance(way, SegmentEntered):
        return way.segment_entered
    if isinstance(way, SegmentExited):
        return way.segment_exited
    if isinstance(way, Becomes):
        return watch_of(way.becomes)
    return watch_of(date_condition(way)) if isinstance(way, DateWay) else ""


def left_since(document: Document, entered: Standing, newest: Standing | None) -> str:
    """Why the walk of somebody who entered by the standing `entered` must end, now that `newest` is known of them;
    empty: it need not."""
    if newest is None or newest.version <= entered.version:
        return ""
    before, now = set(entered.segments), set(newest.segments)
    happened = {*(exit_reason(segment) for segment in before - now), *(now - before)}
    for ending in signals_of(document).endings:
        if ending.signal in happened:
            return ending.reason
    return stage_ends(document, newest)


def exit_reason(segment: str) -> str:
    """Why a walk ended, when leaving `segment` ended it."""
    return segment_left(segment)


def request_id(enrolment: Enrolment, name: str, prefix: str = "snd") -> str:
    """The same for every repetition of one request."""
    return stable_id(
        prefix,
        enrolment.profile_id,
        enrolment.journey,
        str(enrolment.version),
        enrolment.enrolment_id,
        name,
    )
