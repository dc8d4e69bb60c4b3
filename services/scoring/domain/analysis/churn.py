"""Churn risk: indicators of falling loyalty, each against a person's own habits, and since when somebody is at risk or
lost.

State is a pure function of what happened and the instant it is asked for, so `since` is exact to the second, and `due`
says when time alone will change it.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Literal

State = Literal["no_customer", "active", "at_risk", "lost"]
Name = Literal["closed", "silent", "slower", "complaint", "unsubscribed", "fewer_opens"]

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rules:
    """Points of each indicator, and from when it shows. The sum, at most 100, is the risk.

    Silence is counted in rhythms: the median time between a person's own orders, or `usual` before there are
    `habit` such gaps. A complaint and an unsubscription show for a time; a newsletter is opened less when the share
    of the last `opens` is at most `fewer` times the share of the three such periods before, with at least `sends` in
    either.
    """

    usual: timedelta = timedelta(days=60)
    habit: int = 2
    slower: float = 2.0
    slower_points: int = 40
    silent: float = 3.0
    silent_points: int = 60
    lost: float = 6.0
    complaint: timedelta = timedelta(days=60)
    complaint_points: int = 30
    unsubscribed: timedelta = timedelta(days=180)
    unsubscribed_points: int = 30
    opens: timedelta = timedelta(days=60)
    fewer: float = 0.5
    sends: int = 4
    opens_points: int = 20
    at_risk: int = 50


@dataclass(frozen=True)
class Behaviour:
    """Instants of what a person did, in any order; of `sends` and `opens` one each a message. `closed` are those of
    ending it: an account closed, a contract cancelled."""

    orders: Sequence[datetime] = ()
    complaints: Sequence[datetime] = ()
    unsubscribed: Sequence[datetime] = ()
    sends: Sequence[datetime] = ()
    opens: Sequence[datetime] = ()
    closed: Sequence[datetime] = ()


@dataclass(frozen=True)
class Indicator:
    """One that shows: its points, and what it is in words."""

    name: Name
    points: int
    reason: str


@dataclass(frozen=True)
class Risk:
    """The risk of losing somebody, 0 to 100, with its indicators, the weightiest first. `since` is when the state
    began (`None` of no customer: it was never another), `due` when it changes if nothing happens (`None`: never)."""

    state: State
    score: int
    indicators: tuple[Indicator, ...] = field(default=())
    since: datetime | None = None
    due: datetime | None = None


def assess(behaviour: Behaviour, now: datetime, rules: Rules | None = None) -> Risk:
    """The risk at `now`; what happens later is not known yet."""
    return _Person(behaviour, now, rules or Rules()).risk()


def _rhythms(orders: Sequence[datetime], rules: Rules) -> Iterator[timedelta]:
    """The rhythm as it was known at each of the orders; those of one day are one visit to the shop."""
    gaps: list[int] = []
    for order, before in zip(orders, (None, *orders), strict=False):
        if before is not None and order.date() > before.date():
            insort(gaps, (order.date() - before.date()).days)
        yield timedelta(days=median(gaps)) if len(gaps) >= rules.habit else rules.usual


class _Person:
    """What is known of somebody at an instant, sorted, to be asked about any instant."""

    def __init__(self, behaviour: Behaviour, now: datetime, rules: Rules) -> None:
        def known(instants: Sequence[datetime]) -> list[datetime]:
            return sorted(at for at in instants if at <= now)

        self._now, self._rules = now, rules
        self._orders, self._closed = known(behaviour.orders), known(behaviour.closed)
        self._complaints, self._unsubscribed = known(behaviour.complaints), known(behaviour.unsubscribed)
        self._sends, self._opens = known(behaviour.sends), known(behaviour.opens)
        self._rhythms = list(_rhythms(self._orders, rules))

    def risk(self) -> Risk:
        state, indicators = self._at(self._now)
        turns = sorted(set(self._turns()))
        since = None
        for turn in reversed(turns[: bisect_right(turns, self._now)]):
            if self._at(turn)[0] != state:
                break
            since = turn if state != "no_customer" else None
        ahead = turns[bisect_right(turns, self._now) :]
        due = next((turn for turn in ahead if self._at(turn)[0] != state), None)
        score = 100 if state == "lost" else min(100, sum(one.points for one in indicators))
        return Risk(state, score, tuple(sorted(indicators, key=lambda one: -one.points)), since, due)

    def _at(self, at: datetime) -> tuple[State, list[Indicator]]:
        bought = bisect_right(self._orders, at)
        if not bought:
            return "no_customer", []
        last, rhythm = self._orders[bought - 1], self._rhythms[bought - 1]
        gone = bisect_right(self._closed, at)
        if gone and self._closed[gone - 1] > last:
            return "lost", [Indicator("closed", 100, f"ended it on {self._closed[gone - 1].date()}")]
        found = [*self._silence(at, last, rhythm), *self._said(at), *self._opened_less(at)]
        if at >= last + rhythm * self._rules.lost:
            return "lost", found
        return ("at_risk" if sum(one.points for one in found) >= self._rules.at_risk else "active"), found

    def _silence(self, at: datetime, last: datetime, rhythm: timedelta) -> Iterator[Indicator]:
        rules = self._rules
        steps: tuple[tuple[Name, float, int], ...] = (
            ("silent", rules.silent, rules.silent_points),
            ("slower", rules.slower, rules.slower_points),
        )
        for name, times, points in steps:
            if at >= last + rhythm * times:
                silence = f"{(at - last) / rhythm:.1f} times the usual {rhythm / _DAY:.0f} days"
                yield Indicator(name, points, f"no order since {last.date()}, {silence}")
                return

    def _said(self, at: datetime) -> Iterator[Indicator]:
        rules = self._rules
        said: tuple[tuple[Name, list[datetime], timedelta, int, str], ...] = (
            ("complaint", self._complaints, rules.complaint, rules.complaint_points, "complained"),
            (
                "unsubscribed",
                self._unsubscribed,
                rules.unsubscribed,
                rules.unsubscribed_points,
                "unsubscribed",
            ),
        )
        for name, instants, shows, points, word in said:
            last = bisect_right(instants, at)
            if last and at < instants[last - 1] + shows:
                yield Indicator(name, points, f"{word} on {instants[last - 1].date()}")

    def _opened_less(self, at: datetime) -> Iterator[Indicator]:
        rules, period = self._rules, self._rules.opens
        sent, opened = self._within(self._sends, at, period), self._within(self._opens, at, period)
        sent_before = self._within(self._sends, at, 4 * period) - sent
        opened_before = self._within(self._opens, at, 4 * period) - opened
        if min(sent, sent_before) < rules.sends or not opened_before:
            return
        now, before = opened / sent, opened_before / sent_before
        if now <= rules.fewer * before:
            yield Indicator(
                "fewer_opens", rules.opens_points, f"opens {now:.0%} of messages, {before:.0%} before"
            )

    @staticmethod
    def _within(instants: Sequence[datetime], at: datetime, period: timedelta) -> int:
        """How many lie in the `period` up to `at`, its beginning not among them."""
        return bisect_right(instants, at) - bisect_right(instants, at - period)

    def _turns(self) -> Iterator[datetime]:
        """Every instant at which anything about the state can change."""
        rules = self._rules
        yield from self._closed
        for order, rhythm in zip(self._orders, self._rhythms, strict=True):
            yield order
            yield from (order + rhythm * times for times in (rules.slower, rules.silent, rules.lost))
        for instants, shows in (
            (self._complaints, rules.complaint),
            (self._unsubscribed, rules.unsubscribed),
        ):
            for at in instants:
                yield from (at, at + shows)
        for instants in (self._sends, self._opens):
            for at in instants:
                yield from (at, at + rules.opens, at + 4 * rules.opens)
