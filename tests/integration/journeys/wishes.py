"""Streams in which more happens than facts: pauses, merges and migrations at random moments, and what is compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from random import Random

from services.journeys.domain.merging import MERGED
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import Merge, ProfilesMerged
from tests.integration.journeys.conformance import Row, Told, Walks, Wish

WISHES: list[tuple[Wish, ...]] = [
    ("hold", "resume"),
    ("drop", "resume"),
    ("migrate",),
    ("hold", "migrate", "resume", "drop", "resume"),
]
BETWEEN = timedelta(seconds=30)
"""Facts come on whole minutes, and so do most due times."""


def wished(stream: Sequence[Told], seed: int, *wishes: Wish) -> list[Told]:
    """A stream with some of `wishes` between its facts, in their order, again and again."""
    random, told, turn = Random(seed), list[Told](), 0
    for now, fact in stream:
        told.append((now, fact))
        if random.random() < 0.2:
            at = now + BETWEEN + timedelta(seconds=turn % 20)  # no two in one moment
            told.append((at, wishes[turn % len(wishes)]))
            turn += 1
    if turn % len(wishes) and wishes[-1] == "resume":
        told.append((told[-1][0] + timedelta(days=3), "resume"))
    return sorted(told, key=lambda one: one[0])


def merging(stream: Sequence[Told], seed: int) -> list[Told]:
    """A stream in which some turn out to be somebody else, of whom alone is told from then on."""
    random, gone, told = Random(seed), set[str](), list[Told]()
    for now, fact in stream:
        who = _who(fact)
        if who in gone:
            continue
        told.append((now, fact))
        others = sorted({_who(one) for _, one in stream} - gone - {who})
        if others and random.random() < 0.1:
            gone.add(who)
            merge = Merge(loser=who, winner=random.choice(others), at=now + BETWEEN)
            told.append((now + BETWEEN, ProfilesMerged(merges=[merge])))
    return sorted(told, key=lambda one: one[0])


def _who(fact: Fact | Wish) -> str:
    """Whom a fact of one person is about."""
    assert isinstance(fact, Fact)
    (row,) = {
        getattr(one, "profile_id", None) or one.standing.profile_id for one in next(iter(dict(fact).values()))
    }
    return str(row)


def of_persons(walks: Walks, stream: Sequence[Told]) -> dict[str, Counter[Row]]:
    """What happened to each person, whichever profile they were by then: that a walk goes on as another's, and so has
    entered once more, is no event; nor is which of two matters comes first to a rotation in one moment."""
    merges = [merge for _, one in stream if isinstance(one, ProfilesMerged) for merge in one.merges]
    found: dict[str, Counter[Row]] = {}
    for profile, rows in walks:
        person = profile
        for merge in merges:  # in their order: who has gone is told of no more
            person = merge.winner if person == merge.loser else person
        mine = found.setdefault(person, Counter())
        mine.update(row for row in rows if row[1:] != ("left", "", MERGED))
        mine.update({row: 1 - times for row, times in mine.items() if row[1] == "entered"})
    return found
