"""A run: one moment at which everybody in a segment is to come in; its parts are gone through side by side, page after
page. Pure: what a page is, who of it comes, and what follows when all parts are through."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from services.journeys.domain.campaign import SENDS_AT, Campaign
from services.journeys.domain.timing import resolve
from services.shared.contracts.audience import PARTS

State = Literal["canary", "watching", "rest", "done", "stopped", "halted"]
"""`canary`: a few come; `watching`: what came of it; `rest`: all others (or all) come; `halted`: nobody else does,
because the canary's messages came back or were complained about."""

ENDED = ("done", "stopped", "halted")

FORGOTTEN = timedelta(minutes=5)
"""A part on which nobody has worked for so long is taken up again: its worker died, or its message was lost."""

ALL_ZONES = timedelta(hours=26)
"""How long it takes from where a local time comes first to where it comes last."""

LEAD = timedelta(minutes=2)
"""How far ahead a turn must be for people who come in now to be there in time."""

_MINUTE, _A_DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True)
class Run:
    """People of `segment` as it was at `at` enter version `version` of a journey. `kept` is what each walk keeps of it.
    With a `campaign` (`raw` as it was put)
    the run is a matter of its own, and `local` is what its schedule said."""

    journey: str
    run_id: str
    version: int
    segment: str
    at: datetime
    state: State
    kept: Mapping[str, Any] = field(default_factory=dict)
    local: datetime | None = None
    campaign: Campaign | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
    until: datetime | None = None
    turns_from: datetime | None = None
    ended_at: datetime | None = None

    @property
    def key(self) -> str:
        """Of its walks."""
        return self.run_id if self.campaign else ""

    @property
    def at_work(self) -> bool:
        return self.state in ("canary", "rest")

    def wants(self, profile_id: str) -> bool:
        """Does a member come in this phase?"""
        if self.campaign is None or self.campaign.canary is None:
            return True
        return self.campaign.in_canary(self.run_id, profile_id) is (self.state == "canary")


@dataclass(frozen=True)
class Portion:
    """One of the parts of a run's phase, read up to and with `after`. `pending` is the page under way, which leads up
    to `following`: whoever takes it up again lets in the same people. `taken` counts people of finished pages,
    `entered` those who came in; `skipped` are numbers whose turns were past. `revision` counts its writes."""

    number: int
    after: str = ""
    pending: tuple[str, ...] = ()
    following: str = ""
    finished: bool = False
    taken: int = 0
    entered: int = 0
    skipped: int = 0
    touched: datetime | None = None
    revision: int = 0

    def begun(self, people: Iterable[str], following: str, skipped: int, now: datetime) -> Portion:
        """With a page under way."""
        pending = tuple(people)
        return replace(
            self,
            pending=pending,
            following=following,
            skipped=skipped,
            touched=now,
            revision=self.revision + 1,
        )

    def ended(self, entered: int, now: datetime) -> Portion:
        """Behind that page."""
        return replace(
            self,
            after=self.following,
            pending=(),
            following="",
            finished=not self.following,
            taken=self.taken + len(self.pending),
            entered=self.entered + entered,
            touched=now,
            revision=self.revision + 1,
        )

    def forgotten(self, now: datetime) -> bool:
        """Must it be taken up by somebody?"""
        return not self.finished and (self.touched is None or now - self.touched >= FORGOTTEN)


def first_state(campaign: Campaign | None) -> State:
    """Where a run begins."""
    return "canary" if campaign and campaign.canary else "rest"


def kept_by(run: Run, portion: Portion, index: int) -> dict[str, Any]:
    """What the walk of the person at `index` of a page keeps; if the run has turns, their own is among it."""
    kept = dict(run.kept)
    campaign = run.campaign
    if campaign is not None and campaign.has_turns and run.turns_from is not None:
        turn = run.turns_from + _minutes(campaign, portion, index)
        kept[SENDS_AT] = turn.isoformat(timespec="minutes")
    return kept


def skipping(run: Run, portion: Portion, now: datetime) -> int:
    """How many numbers a portion must have skipped so that the turns of its next page are not past: late people
    must not come all at once, and no two parts may share a number. Where each person has a zone of their own, none
    are skipped."""
    campaign = run.campaign
    if campaign is None or campaign.throughput is None or run.turns_from is None:
        return 0
    if campaign.schedule.zone == "person":
        return portion.skipped
    local = now.astimezone(ZoneInfo(campaign.schedule.zone)).replace(tzinfo=None)
    minutes = math.ceil((local + LEAD - run.turns_from) / _MINUTE)
    least = math.ceil((minutes * campaign.throughput - portion.number) / PARTS)
    return max(portion.skipped, least - portion.taken)


def _minutes(campaign: Campaign, portion: Portion, index: int) -> timedelta:
    """The parts take turns: person number n of part p is number n * PARTS + p of all."""
    if campaign.throughput is None:
        return timedelta(0)
    number = (portion.skipped + portion.taken + index) * PARTS + portion.number
    return number // campaign.throughput * _MINUTE


@dataclass(frozen=True)
class Outcomes:
    """What came of messages: how many left, and how many of them bounced or were complained about."""

    sent: int = 0
    bounced: int = 0
    complained: int = 0


def onward(run: Run, portions: Sequence[Portion], outcomes: Outcomes, now: datetime) -> Run:
    """The run as it is to be: the same while a phase is under way."""
    if run.state == "watching":
        return _after_watching(run, outcomes, now)
    if not run.at_work or len(portions) < PARTS or not all(one.finished for one in portions):
        return run
    campaign = run.campaign
    if run.state == "canary" and campaign is not None and campaign.canary is not None:
        return replace(run, state="watching", until=_met(run, campaign, portions, now) + campaign.canary.wait)
    return replace(run, state="done", ended_at=now)


def _met(run: Run, campaign: Campaign, portions: Sequence[Portion], now: datetime) -> datetime:
    """When the last of the canary has had their turn."""
    if campaign.schedule.zone == "person":
        return max(now, run.at + ALL_ZONES)
    if run.turns_from is None:
        return now
    last = max(run.turns_from + _minutes(campaign, one, 0) for one in portions)
    return max(now, resolve(last, ZoneInfo(campaign.schedule.zone)))


def _after_watching(run: Run, outcomes: Outcomes, now: datetime) -> Run:
    if run.campaign is None or run.campaign.canary is None or run.until is None:
        return run
    canary = run.campaign.canary
    if _percent(outcomes.bounced, outcomes) > canary.most_bounces or (
        _percent(outcomes.complained, outcomes) > canary.most_complaints
    ):
        return replace(run, state="halted", ended_at=now)
    if now < run.until:
        return run
    return replace(run, state="rest", turns_from=_turns_again(run, now))


def _percent(part: int, outcomes: Outcomes) -> float:
    return 100 * part / outcomes.sent if outcomes.sent else 0.0


def _turns_again(run: Run, now: datetime) -> datetime | None:
    """When the turns of those who come after the canary begin; where each person has their own zone, at the same
    hour of a later day."""
    campaign = run.campaign
    if campaign is None or campaign.canary is None or run.turns_from is None:
        return None
    if campaign.schedule.zone == "person":
        return run.turns_from + math.ceil((ALL_ZONES + campaign.canary.wait) / _A_DAY) * _A_DAY
    local = now.astimezone(ZoneInfo(campaign.schedule.zone)).replace(tzinfo=None)
    return max(run.turns_from, local.replace(second=0, microsecond=0))
