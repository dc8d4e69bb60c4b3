"""Searching the ledger: all that fits and nothing else, in the order of time, and little else is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.consent.domain.ledger import SHARDS, Entry, Head, append
from services.consent.searching import MAX_READ, SLACK, Search, search
from services.shared.clock import to_iso
from services.shared.errors import Invalid
from tests.support.ledgers import a_draft

START = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryShards:
    """`Shards` that counts what is read."""

    def __init__(self, chains: list[list[Entry]]) -> None:
        self.chains = chains
        self.read = 0

    def head(self, shard: int) -> Head:
        chain = self.chains[shard]
        return Head(shard, chain[-1].seq, chain[-1].hash) if chain else Head(shard)

    def entries(self, shard: int, after: int = 0, limit: int | None = None) -> Iterator[Entry]:
        found = self.chains[shard][after:]
        for entry in found if limit is None else found[:limit]:
            self.read += 1
            yield entry


def shards_of(minutes: list[list[int]]) -> MemoryShards:
    """Entries at these minutes after the start, by shard."""
    chains = []
    for shard in range(SHARDS):
        head, chain = Head(shard), list[Entry]()
        for n, minute in enumerate(minutes[shard] if shard < len(minutes) else ()):
            at = to_iso(START + timedelta(minutes=minute))
            chain.append(append(head, replace(a_draft(shard, n), at=at)))
            head = Head(shard, chain[-1].seq, chain[-1].hash)
        chains.append(chain)
    return MemoryShards(chains)


def found(shards: MemoryShards, wanted: Search) -> list[Entry]:
    """Page by page."""
    entries: list[Entry] = []
    while True:
        page, place = search(shards, wanted)
        assert len(page) <= wanted.limit
        entries += page
        if place is None:
            return entries
        wanted = wanted.model_copy(update={"cursor": place.text()})


MINUTES = st.lists(st.lists(st.integers(0, 300), max_size=12), max_size=4)


@settings(max_examples=100, deadline=None)
@given(minutes=MINUTES, limit=st.integers(1, 9), window=st.tuples(st.integers(-5, 305), st.integers(-5, 305)))
def test_what_fits_is_found_once_whatever_the_page(
    minutes: list[list[int]], limit: int, window: tuple[int, int]
) -> None:
    """Clocks differ by less than `SLACK`: an entry may say up to five minutes earlier than the one before it."""
    ordered = [[minute - 5 * (n % 2) for n, minute in enumerate(sorted(shard))] for shard in minutes]
    shards = shards_of(ordered)
    since, until = (START + timedelta(minutes=minute) for minute in window)
    wanted = Search(since=since, until=until, purpose="news", limit=limit)
    expected = {
        entry.entry_id
        for chain in shards.chains
        for entry in chain
        if to_iso(since) <= entry.at < to_iso(until) and entry.purpose == "news"
    }
    told = [entry.entry_id for entry in found(shards, wanted)]
    assert len(told) == len(expected)
    assert set(told) == expected


def test_entries_come_in_the_order_of_time() -> None:
    shards = shards_of([[n * 7 + shard for n in range(40)] for shard in range(SHARDS)])
    entries = found(shards, Search(limit=13))
    assert len(entries) == 40 * SHARDS
    assert all((a.at, a.shard) < (b.at, b.shard) for a, b in pairwise(entries))


def test_an_hour_of_a_long_ledger_is_found_by_halving() -> None:
    shards = shards_of([list(range(0, 60_000, 10))])
    since = START + timedelta(minutes=30_000)
    entries = found(shards, Search(since=since, until=since + timedelta(hours=1), shard=0))
    assert [entry.seq for entry in entries] == list(range(3001, 3007))
    around = 2 * SLACK // timedelta(minutes=10)
    assert shards.read <= 13 + 50 + around, "halving 6,000 takes 13 looks, and a piece has 50"


def test_a_page_looks_at_so_many_entries_and_no_more() -> None:
    shards = shards_of([list(range(MAX_READ + 10))])
    entries, place = search(shards, Search(means="nothing"))
    assert entries == []
    assert place is not None
    assert place.read[0] == MAX_READ
    assert found(shards, Search(means="nothing")) == []


@pytest.mark.parametrize("cursor", ["e30", "W10=", "eyI5OSI6IDB9", "eyIwIjogLTF9", "!", "bnVsbA=="])
def test_a_cursor_that_is_none_of_ours_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid, match="bad_cursor"):
        search(shards_of([]), Search(cursor=cursor))
