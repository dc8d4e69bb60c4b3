"""The ledger: which points came, went, fell due or were owed, as a pure function of what was done.

Everything is put in order of its own time first, so the order in which it arrives makes no difference. Points are
spent and expire first in, first out: the ones that end soonest go first. No line takes more than there is: what a
refund takes back beyond that is *owed*, and the next points that come pay it.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from services.scoring.domain.loyalty.entries import ACTS, EARN, REFUND, REWARD, Entry

EXPIRE = "expire"


@dataclass(frozen=True)
class Line:
    """A line of the ledger: all `points` add up to the balance and never to less than nothing on the way, all `owed`
    to the debt. `expires_at` (ms) is when what it brought ends."""

    at: int
    kind: str
    points: int
    cause: str
    message_id: str
    owed: int = 0
    expires_at: int | None = None


@dataclass(frozen=True)
class Ledger:
    """All lines up to a moment; `earned` are times and points of earnings that stood, `expires_at` when the next points
    end."""

    lines: Sequence[Line] = ()
    earned: Sequence[tuple[int, int]] = ()
    expires_at: int | None = None

    @property
    def balance(self) -> int:
        """The points there are."""
        return sum([line.points for line in self.lines])

    @property
    def debt(self) -> int:
        """The points owed."""
        return sum([line.owed for line in self.lines])

    def earned_since(self, at: int) -> int:
        """Points earned after a moment."""
        return sum([points for when, points in self.earned if when > at])


def ledger_of(entries: Collection[Entry], now: int, own: Collection[str] = ()) -> Ledger:
    """The ledger at `now` (ms). `own` is what stands for the profiles that the person is: for recommending themselves
    there is nothing."""
    credits = _earnings(entries)
    refunds = _refunds(entries, credits)
    taken: dict[int, int] = defaultdict(int)
    for number, _, points in refunds:
        taken[number] += points
    earned = [(one.at, one.points - taken[n]) for n, one in enumerate(credits)]
    for one in sorted(
        (entry for entry in entries if entry.kind in ACTS), key=lambda entry: (entry.place, entry.kind)
    ):
        is_void = one.kind == REWARD and one.message_id in own
        credits.append(replace(one, points=0) if is_void else one)
    steps = [(one.at, 0, one.place, n, one, 0) for n, one in enumerate(credits)]
    steps += [(refund.at, 1, refund.place, number, refund, points) for number, refund, points in refunds]
    till = _Till()
    for at, _, _, number, entry, points in sorted(steps, key=lambda step: step[:4]):
        till.expire(min(at, now))
        if entry.kind == REFUND:
            till.take(entry, points, till.lots.get(number))
        elif entry.points < 0:
            till.take(entry, -entry.points)
        else:
            till.put(number, entry)
    till.expire(now)
    return Ledger(till.lines, sorted(earned), till.next_end())


@dataclass
class _Lot:
    """Points that came together."""

    left: int
    expired: int = 0


@dataclass
class _Till:
    """Lots by when they end."""

    lines: list[Line] = field(default_factory=list)
    lots: dict[int, _Lot] = field(default_factory=dict)
    ends: list[tuple[float, int, int, Entry]] = field(default_factory=list)
    owed: int = 0

    def put(self, number: int, entry: Entry) -> None:
        paid = min(self.owed, entry.points)
        self.owed -= paid
        end = entry.at + entry.life if entry.life else None
        self.lots[number] = _Lot(entry.points - paid)
        heapq.heappush(self.ends, (math.inf if end is None else end, entry.at, number, entry))
        self._note(entry, entry.points - paid, -paid, end)

    def take(self, entry: Entry, points: int, own: _Lot | None = None) -> None:
        """From `own` first, whose expired part is gone already, then from what ends soonest."""
        taken = 0
        if own:
            forgiven = max(0, min(own.expired, points - own.left))
            own.expired -= forgiven
            points -= forgiven
            taken = min(own.left, points)
            own.left -= taken
        while taken < points and self.ends:
            lot = self.lots[self.ends[0][2]]
            some = min(lot.left, points - taken)
            lot.left -= some
            taken += some
            if not lot.left:
                heapq.heappop(self.ends)
        self.owed += points - taken
        self._note(entry, -taken, points - taken)

    def expire(self, until: int) -> None:
        while self.ends and self.ends[0][0] <= until:
            end, _, number, entry = heapq.heappop(self.ends)
            lot = self.lots[number]
            if lot.left:
                self.lines.append(Line(int(end), EXPIRE, -lot.left, entry.cause, entry.message_id))
            lot.expired, lot.left = lot.left, 0

    def next_end(self) -> int | None:
        """When the next points end, if ever."""
        ends = [end for end, _, number, _ in self.ends if self.lots[number].left]
        return int(min(ends)) if ends and min(ends) < math.inf else None

    def _note(self, entry: Entry, points: int, owed: int, end: int | None = None) -> None:
        self.lines.append(Line(entry.at, entry.kind, points, entry.cause, entry.message_id, owed, end))


def _earnings(entries: Iterable[Entry]) -> list[Entry]:
    """Earnings with the points that count: of an order that was told more than once the newest telling, at the time of
    the first; of what is earned once or capped, the earliest."""
    told: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.kind == EARN:
            told[entry.cause, entry.order or f"message:{entry.message_id}"].append(entry)
    once = [replace(max(same, key=lambda e: e.place), at=min(e.at for e in same)) for same in told.values()]
    had: dict[str, int] = defaultdict(int)
    counted = []
    for one in sorted(once, key=lambda e: e.place):
        room = one.points
        if one.bucket:
            room = max(0, one.most - had[one.bucket]) if one.most else (0 if one.bucket in had else room)
            had[one.bucket] += min(room, one.points)
        counted.append(replace(one, points=min(room, one.points)))
    return counted


def _refunds(entries: Iterable[Entry], credits: Sequence[Entry]) -> list[tuple[int, Entry, int]]:
    """What each refund takes back of each of `credits` (by number): of what was earned with an order, the share that
    was given back, so that what remains is rounded down. A refund counts from when there is something to take."""
    back: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.kind == REFUND and entry.order:
            back[entry.order].append(entry)
    found = []
    for number, one in enumerate(credits):
        kept, returned = one.points, 0
        for refund in sorted(back.get(one.order, ()), key=lambda e: e.place):
            returned += 0 if refund.cents is None else refund.cents
            left = 0 if refund.cents is None else _left(one, kept, returned)
            if left < kept:
                found.append((number, replace(refund, at=max(refund.at, one.at)), kept - left))
                kept = left
    return found


def _left(earning: Entry, kept: int, returned: int) -> int:
    """The points that remain of an earning; where the order's amount is not known, a part of it can't be told."""
    if not earning.cents:
        return kept
    return min(kept, earning.points * max(0, earning.cents - returned) // earning.cents)
