"""How a stream's batches are counted once, though they come again, and cut differently: a portion of a batch leaves a
note of what it held, named after its first change. A stream goes on where it stopped, so what comes again begins
alike, and goes on in the same order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.delivery.domain.reports.rows import Counts, RowKey


@dataclass(frozen=True)
class Change:
    """What one record of a stream (`event_id`) adds."""

    event_id: str
    rows: Mapping[RowKey, Counts]


def portions(batch: Sequence[Change], most: int) -> Iterator[list[Change]]:
    """The changes that add something, in order, cut so that each portion touches at most `most` rows (one change may
    touch more)."""
    portion: list[Change] = []
    rows: set[RowKey] = set()
    for change in batch:
        if not change.rows:
            continue
        if portion and len(rows | set(change.rows)) > most:
            yield portion
            portion, rows = [], set()
        portion.append(change)
        rows |= set(change.rows)
    if portion:
        yield portion


@dataclass(frozen=True)
class Beyond:
    """What is to be done about a portion whose first change is counted already: `rest` is not yet; `ahead` was
    counted, and comes with the next one."""

    rest: Sequence[Change]
    ahead: Sequence[str]


def beyond(portion: Sequence[Change], noted: Sequence[str]) -> Beyond:
    """What a portion holds beyond the event ids that an earlier one noted."""
    seen, here = set(noted), {change.event_id for change in portion}
    return Beyond(
        [change for change in portion if change.event_id not in seen],
        [one for one in noted if one not in here],
    )
