"""When people travel together: buckets of the admission window, the keys of cohorts, and what is due when.

Every instant is anchored at the cohort's arrival, never at the moment a task happened to run, so waits don't drift.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from services.journeys.domain.document import Document
from services.journeys.domain.nodes import Wait
from services.journeys.domain.states import Place, due_of
from services.shared.clock import to_iso
from services.shared.ids import stable_id

GRACE = timedelta(seconds=5)
"""How long after a bucket's end a cohort still waits for members whose clock is behind."""

LONGEST_NAME = 80
"""Characters that Step Functions allows in an execution's name."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Slot:
    """A place to join: the cohort `key`, which arrives at `node` at `at`; its first action is due at `due`. If it is
    `over`, the cohort stands at the wait `node` since `at` and until `due`."""

    key: str
    node: str
    at: datetime
    due: datetime
    over: bool = False


def round_up(at: datetime, window: timedelta) -> datetime:
    """The end of the epoch-aligned bucket that `at` falls in (`at` itself on a border); milliseconds for no window."""
    size = window or _TICK
    return _EPOCH - (_EPOCH - at) // size * size


def entry_slots(
    document: Document, version: int, at: datetime, now: datetime, member: str = ""
) -> Iterator[Slot]:
    """The places to begin for somebody whose reason to enter came at `at`, best first; endless.

    The first is the bucket of `at`, or, when its first action is already past, the earliest one whose is not: a
    late entry goes to the next bucket. An `at` in the future (a client's clock) counts as now. Without an
    admission window `member` travels alone.
    """
    window = document.admission
    bucket = round_up(min(max(at, now - document.wait_of(document.start)), now), window)
    while True:
        alone = member if not window else ""
        key = cohort_key(document.name, version, document.start, bucket, alone)
        yield Slot(key, document.start, bucket, due_of(document, Place(document.start), bucket))
        bucket += window or timedelta(seconds=1)


def onward_slots(
    document: Document, version: int, place: Place, due: datetime, source: str
) -> Iterator[Slot]:
    """The places to go on at once for those who leave cohort `source` at `due`, best first. They are its own: such a
    cohort starts when everybody is on board."""
    distinct = f"{source}/over" if place.over else source
    for generation in count(1):
        key = cohort_key(document.name, version, place.node, due, f"{distinct}/{generation}")
        yield Slot(key, place.node, due, due_of(document, place, due), place.over)


def shared_slots(
    document: Document, version: int, place: Place, since: datetime, due: datetime
) -> Iterator[Slot]:
    """The places for those who go on at `due`, a time ahead, wherever they come from; best first. `since` is when
    the wait of those who stand at one began: pauses since then lengthen it."""
    arrival = due if not place.over else since
    for generation in count(1):
        apart = f"{'over' if place.over else 'at'}/{to_iso(arrival)}/{generation}"
        key = cohort_key(document.name, version, place.node, due, apart)
        yield Slot(key, place.node, arrival, due_of(document, place, due), place.over)


def cohort_key(journey: str, version: int, node_id: str, at: datetime, distinct: str = "") -> str:
    """The name of a cohort and of its execution: readable, or hashed when that is too long.

    `distinct` tells cohorts of the same place and time apart.
    """
    stamp = f"{at.astimezone(UTC):%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}"
    parts = [journey, f"v{version}", node_id, stamp]
    if distinct:
        parts.append(stable_id("x", distinct))
    key = "-".join(parts)
    return key if len(key) <= LONGEST_NAME else stable_id("cohort", *parts)


def first_wait_seconds(document: Document, slot: Slot, now: datetime) -> int:
    """How long the first Wait of a cohort's execution takes, in whole seconds. A cohort that is shared is still
    joined when its execution has begun."""
    if slot.over:
        return seconds_until(max(slot.due, now + GRACE), now)
    alone = not document.admission
    grace = timedelta(0) if alone or isinstance(document.nodes[slot.node], Wait) else GRACE
    return seconds_until(slot.due + grace, now)


def seconds_until(due: datetime, now: datetime) -> int:
    """Whole seconds from `now` to `due`, rounded up, never negative."""
    return max(0, math.ceil((due - now).total_seconds()))
