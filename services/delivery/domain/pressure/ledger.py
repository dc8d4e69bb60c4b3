"""What one person was sent lately and what waits for them: all that contact pressure decides by, in one item."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.delivery.domain.message import Message
from services.delivery.domain.pressure.policy import MEMORY
from services.shared.clock import from_iso

MOST = 200
"""Messages of a kind (service, others) that are remembered one by one: no cap counts further."""

GRACE = timedelta(minutes=15)
"""How long a waiting message that is due counts as about to go: the sweep comes every minute."""

LEAST_READS = 5
"""Opens and clicks from which on a person's hour is taken for theirs."""

ROOM, UNIT = 740, 1024
"""Characters of a ledger's texts with which it still costs one unit to write, and by which another is added."""

_Row = list[str | int]


@dataclass(frozen=True, kw_only=True)
class Bid:
    """A message (by its send id) as contact pressure sees it. The smaller `rank`, the sooner it goes."""

    send: str
    asked: datetime
    priority: int = 0
    channel: str = ""
    message_class: str = ""
    purpose: str = ""
    place: str = ""
    merged: bool = False

    @property
    def rank(self) -> tuple[int, datetime, str]:
        return -self.priority, self.asked, self.send

    @property
    def is_service(self) -> bool:
        return self.message_class == "service"


@dataclass(frozen=True)
class Touch:
    """A message that was claimed at `at`. `attempt` is who did, where nothing was kept of the message before: then this
    is all there is of it until the attempt has its answer."""

    at: datetime
    bid: Bid
    attempt: str = ""


Past = tuple[datetime, str]
"""When a message was claimed, and its send id."""


@dataclass(frozen=True)
class Wait:
    """A message that waits until `due`."""

    due: datetime
    bid: Bid


@dataclass(frozen=True)
class Ledger:
    """A person's touches, oldest first, and waits. `past` are the moments and send ids of touches that no rule counts
    any more and that are not put by yet: a person's touches, ever, are the list of their messages. `revision` counts
    the writes; `since` is when the first message ever went, `active_at` when the person last opened or clicked one,
    `reads` how often in which hour (UTC)."""

    revision: int = 0
    touches: tuple[Touch, ...] = ()
    waits: tuple[Wait, ...] = ()
    past: tuple[Past, ...] = ()
    since: datetime | None = None
    active_at: datetime | None = None
    reads: Mapping[int, int] = field(default_factory=dict)

    def others(self, send: str) -> list[Touch]:
        """Commercial touches but that of `send`, which may be attempted again."""
        return [one for one in self.touches if one.bid.send != send and not one.bid.is_service]

    def touch_of(self, send: str) -> Touch | None:
        """The touch of a message."""
        return next((one for one in self.touches if one.bid.send == send), None)

    def touched(self, bid: Bid, at: datetime, attempt: str = "") -> Ledger:
        """With the message sent at `at`, once, and not waiting any more."""
        kept = [one for one in self.touches if one.bid.send != bid.send]
        since = min(self.since, at) if self.since else at
        return replace(self.without(bid.send), since=since)._with([*kept, Touch(at, bid, attempt)], at)

    def _with(self, touches: Iterable[Touch], now: datetime) -> Ledger:
        """With these touches, of which those that count no more are past."""
        found = sorted(touches, key=_at)
        kept = _remembered(found, now)
        gone = {(one.at, one.bid.send) for one in found} - {(one.at, one.bid.send) for one in kept}
        return replace(self, touches=kept, past=tuple(sorted({*self.past, *gone})))

    def packed(self) -> tuple[Ledger, tuple[Past, ...]]:
        """The ledger as it is to be written, and what is past and to be put by first, because with it the ledger would
        cost another unit."""
        if not self.past:
            return self, ()
        without = replace(self, past=())
        return (self, ()) if _units(self) == _units(without) else (without, self.past)

    def waiting(self, bid: Bid, due: datetime, now: datetime) -> Ledger:
        """With the message waiting until `due`; what should have gone long ago is forgotten."""
        kept = [one for one in self.without(bid.send).waits if one.due + GRACE > now]
        return replace(self, waits=tuple(sorted([*kept, Wait(due, bid)], key=lambda w: w.bid.rank)[:MOST]))

    def without(self, send: str) -> Ledger:
        """With the message waiting no more."""
        return replace(self, waits=tuple(one for one in self.waits if one.bid.send != send))

    def joined(self, other: Ledger) -> Ledger:
        """With what counts of another profile's of the same person, told any number of times."""
        touches = {one.bid.send: one for one in sorted([*other.touches, *self.touches], key=_at)}
        waits = {one.bid.send: one for one in [*other.waits, *self.waits]}
        both = replace(
            self,
            waits=tuple(sorted(waits.values(), key=lambda w: w.bid.rank)),
            since=min((at for at in (self.since, other.since) if at), default=None),
            active_at=max((at for at in (self.active_at, other.active_at) if at), default=None),
        )
        return both._with(touches.values(), max((t.at for t in touches.values()), default=_EPOCH))

    def messages(self) -> tuple[Past, ...]:
        """All that it knows of, oldest first."""
        return tuple(sorted({*self.past, *((one.at, one.bid.send) for one in self.touches)}))

    def reading_hour(self) -> int | None:
        """The hour (UTC) around which the person reads most, with half of what the hours beside it have; of several the
        earliest. `None`: too little is known."""
        if sum(self.reads.values()) < LEAST_READS:
            return None

        def weight(hour: int) -> float:
            beside = self.reads.get((hour - 1) % 24, 0) + self.reads.get((hour + 1) % 24, 0)
            return self.reads.get(hour, 0) + beside / 2

        return max(range(24), key=lambda hour: (weight(hour), -hour))

    def repeats(self, bid: Bid, now: datetime) -> bool:
        """Has the person had, within a day, the message of that node of a journey under another profile?"""
        return any(
            one.bid.place == bid.place and (one.bid.merged or bid.merged) and one.at > now - timedelta(days=1)
            for one in self.others(bid.send)
            if bid.place
        )

    def inactive(self, now: datetime, after: timedelta) -> bool:
        """Has the person been written to for so long, and shown nothing?"""
        return bool(self.since and max(self.since, self.active_at or self.since) <= now - after)


def bid_of(message: Message, channel: str) -> Bid:
    """The message as contact pressure sees it, on the channel chosen for it. Its place becomes a short digest: a
    person's whole ledger should cost one unit to write."""
    return Bid(
        send=message.send_id,
        asked=from_iso(message.requested_at),
        priority=message.priority,
        channel=channel,
        message_class=message.message_class,
        purpose=message.purpose,
        place=_digest(message.place) if message.place else "",
        merged=bool(message.merged_from),
    )


def written(ledger: Ledger) -> tuple[str, str, str]:
    """Touches, waits and what is past as texts."""
    return (
        _text([_touch_row(one) for one in ledger.touches]),
        _text([_wait_row(one) for one in ledger.waits]),
        listed(ledger.past),
    )


def read(
    touches: str, waits: str, past: str = ""
) -> tuple[tuple[Touch, ...], tuple[Wait, ...], tuple[Past, ...]]:
    """What `written` wrote."""
    return (
        tuple(map(_touch, json.loads(touches or "[]"))),
        tuple(map(_wait, json.loads(waits or "[]"))),
        read_list(past),
    )


def listed(past: Iterable[Past]) -> str:
    """Messages as a text."""
    return _text([[_ms(at), send] for at, send in past])


def read_list(text: str) -> tuple[Past, ...]:
    """What `listed` wrote."""
    return tuple((_moment(at), send) for at, send in json.loads(text or "[]"))


def _at(touch: Touch) -> tuple[datetime, str]:
    return touch.at, touch.bid.send


def _remembered(touches: Iterable[Touch], now: datetime) -> tuple[Touch, ...]:
    """Those that a cap may still count, oldest first."""
    recent = sorted((one for one in touches if one.at + MEMORY > now), key=_at)
    services = [one for one in recent if one.bid.is_service][-MOST:]
    return tuple(sorted([*[one for one in recent if not one.bid.is_service][-MOST:], *services], key=_at))


def _text(rows: Sequence[_Row]) -> str:
    return json.dumps(rows, separators=(",", ":")) if rows else ""


def _units(ledger: Ledger) -> int:
    return 1 + max(0, math.ceil((sum(map(len, written(ledger))) - ROOM) / UNIT))


def _touch_row(touch: Touch) -> _Row:
    """Shorter than a wait's, because there are many: when it was asked for by the time that took, the class by its
    initial."""
    at, send, asked, priority, channel, message_class, *words = _row(touch.at, touch.bid)
    initial = _INITIALS.get(str(message_class), message_class)
    return [at, send, touch.attempt, int(at) - int(asked), priority, channel, initial, *words]


def _touch(row: Sequence[Any]) -> Touch:
    """Rows of before 0056 are as those of waits, with a digest in place of the send id by which nothing is found."""
    if len(row) == _WAIT_COLUMNS:
        at, bid = _read(row)
        return Touch(at, bid)
    moment, send, attempt, took, priority, channel, initial, *words = row
    message_class = _CLASSES.get(initial, initial)
    at, bid = _read([moment, send, moment - took, priority, channel, message_class, *words])
    return Touch(at, bid, attempt)


_INITIALS = {"commercial": "c", "service": "s"}
_CLASSES = {initial: name for name, initial in _INITIALS.items()}


def _wait_row(wait: Wait) -> _Row:
    return _row(wait.due, wait.bid)


def _wait(row: Sequence[Any]) -> Wait:
    due, bid = _read(row)
    return Wait(due, bid)


_WAIT_COLUMNS = 9


def _row(at: datetime, bid: Bid) -> _Row:
    numbers: _Row = [_ms(at), bid.send, _ms(bid.asked), bid.priority]
    return [*numbers, bid.channel, bid.message_class, bid.purpose, bid.place, int(bid.merged)]


def _read(row: Sequence[Any]) -> tuple[datetime, Bid]:
    at, send, asked, priority, channel, message_class, purpose, place, merged = row
    bid = Bid(
        send=send,
        asked=_moment(asked),
        priority=priority,
        channel=channel,
        message_class=message_class,
        purpose=purpose,
        place=place,
        merged=bool(merged),
    )
    return _moment(at), bid


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _moment(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
