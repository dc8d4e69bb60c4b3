"""How well people are told apart: profiles that merge by themselves (deterministic keys, the real graph), and pairs
offered for review (Splink), on two sets whose truth is known.

A key is made of what a row says by a declared mapping: the national number; or a date of birth and a given name with
one more thing that has nothing to do with them (surname, postcode, suburb, street and number): twins share all but
the given name, namesakes all but the date. Rows go through mapping, validation and `partition` as imports do.

The second set merges by its e-mail addresses alone: to the graph a key that was declared says more than an address, so
that one misspelt name would tell two holders of an address apart, and the set has little but misspelt names.
"""

from __future__ import annotations

import csv
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmarks.results import Report, Result
from halte.match import REVIEW, candidates, person
from services.ingest.domain.graph import Edge, partition
from services.ingest.domain.history import Signed
from services.ingest.domain.mapping import SourceMapping, events_of
from services.ingest.domain.strands import edges_of
from services.ingest.domain.validate import Call, Trust, validate

DATA = Path(__file__).parents[1].parent / "shared" / "data"
WRONG_MERGES = 0.01
"""Of the pairs that are merged by themselves, the share that may be wrong."""

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_ORDERS = 3


def _joined(*fields: str) -> str:
    """The JMESPath of a key of several fields, absent when one of them is blank."""
    return f"{' && '.join(fields)} && join('|', [{', '.join(fields)}])"


@dataclass(frozen=True)
class People:
    """A set with its truth: what merges by itself, and against what the figures are held."""

    name: str
    file: str
    row_id: str
    truth: Callable[[Mapping[str, str]], str]
    keys: Mapping[str, str]
    email: str | None
    known: Mapping[str, float]


FEBRL = People(
    name="febrl",
    file="febrl/dataset1.csv",
    row_id="rec_id",
    truth=lambda row: row["rec_id"].split("-")[1],
    keys={
        "national": "soc_sec_id",
        "name-birth": _joined("given_name", "surname", "date_of_birth"),
        "given-birth-postcode": _joined("given_name", "date_of_birth", "postcode"),
        "given-birth-suburb": _joined("given_name", "date_of_birth", "suburb"),
        "given-birth-street": _joined("given_name", "date_of_birth", "street_number", "address_1"),
    },
    email=None,
    known={"national number alone": 0.900, "and name with birth": 0.942},
)
FAKE_1000 = People(
    name="fake_1000",
    file="splink/fake_1000.csv",
    row_id="unique_id",
    truth=lambda row: row["cluster"],
    keys={},
    email="email",
    known={"e-mail alone": 0.336, "or name with birth": 0.405},
)


@dataclass(frozen=True)
class Quality:
    """Of a division into people: how many, and how its pairs stand to the true ones."""

    people: int
    precision: float
    recall: float


def run(report: Report) -> list[Result]:
    """Six figures a set; none, with a word about it, where the data is not there."""
    results: list[Result] = []
    sets = [one for one in (FEBRL, FAKE_1000) if (DATA / one.file).exists()]
    if not sets:
        report(f"skipped: no data in {DATA}", 1.0)
    for number, people in enumerate(sets):
        report(f"{people.name}: merging", number / len(sets))
        rows = read(people)
        merged = automatic(people, rows)
        report(f"{people.name}: comparing", (number + 0.5) / len(sets))
        results += _results(people, merged, review(people, rows))
    return results


def read(people: People) -> list[dict[str, str]]:
    """The rows of a set."""
    with (DATA / people.file).open(encoding="utf-8") as file:
        return [{str(k).strip(): (v or "").strip() for k, v in row.items()} for row in csv.DictReader(file)]


def automatic(people: People, rows: Sequence[Mapping[str, str]]) -> Quality:
    """What merges by itself: the same in every order of the rows.

    Raises:
        AssertionError: the order made a difference.
    """
    found = {_divided(people, rows, seed) for seed in range(_ORDERS)}
    if len(found) != 1:
        raise AssertionError(f"{people.name}: the order of arrival changes who is who")
    return found.pop()


def _divided(people: People, rows: Sequence[Mapping[str, str]], seed: int) -> Quality:
    mixed = random.Random(seed).sample(list(rows), len(rows))
    calls = {row[people.row_id]: _call(people, row) for row in mixed}
    edges: list[Edge] = [edge for call in calls.values() for edge in edges_of(Signed(call.message_id, call))]
    nodes = {identifier for call in calls.values() for identifier in call.identifiers}
    groups = {node: group for group in partition(nodes, edges).groups for node in group}
    truth = {row[people.row_id]: people.truth(row) for row in rows}
    return quality({row_id: groups[call.identifiers[0]] for row_id, call in calls.items()}, truth)


def _call(people: People, row: Mapping[str, str]) -> Call:
    (event,) = events_of(_mapping(people), row)
    return validate(event, received_at=_AT, message_id=row[people.row_id], trust=Trust(trusted=True))


def _mapping(people: People) -> SourceMapping:
    rule: dict[str, Any] = {
        "name": "person",
        "type": "identify",
        "anonymousId": {"path": people.row_id, "as": "text"},
        "externalIds": dict(people.keys),
        "traits": {"email": people.email} if people.email else {},
    }
    return SourceMapping.model_validate({"rules": [rule]})


def quality(person_of: Mapping[str, Hashable], truth: Mapping[str, str]) -> Quality:
    """Pairs of one person against pairs of one person in truth."""
    members: dict[Hashable, list[str]] = defaultdict(list)
    for row_id, group in person_of.items():
        members[group].append(row_id)
    pairs = [pair for group in members.values() for pair in combinations(group, 2)]
    return Quality(len(members), *_agreement(pairs, truth))


def _agreement(pairs: Sequence[tuple[str, str]], truth: Mapping[str, str]) -> tuple[float, float]:
    """Precision and recall of distinct pairs."""
    right = sum(truth[a] == truth[b] for a, b in pairs)
    true = sum(n * (n - 1) // 2 for n in Counter(truth.values()).values())
    return (right / len(pairs) if pairs else 1.0), (right / true if true else 1.0)


def review(people: People, rows: Iterable[Mapping[str, str]]) -> tuple[float, float]:
    """Precision and recall of the pairs offered for review."""
    truth = {row[people.row_id]: people.truth(row) for row in rows}
    records = [person(row[people.row_id], _dated(row)) for row in rows]
    found = candidates(records, REVIEW)
    return _agreement([(one.first, one.second) for one in found], truth)


def _dated(row: Mapping[str, str]) -> dict[str, str]:
    """Dates written without hyphens, with them."""
    digits = row.get("date_of_birth", "")
    return {
        **row,
        **({"date_of_birth": f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"} if len(digits) == 8 else {}),
    }


def _results(people: People, merged: Quality, offered: tuple[float, float]) -> list[Result]:
    def result(what: str, value: float, unit: str, **fields: Any) -> Result:
        return Result(name=f"identity_{people.name}_{what}", value=value, unit=unit, **fields)

    return [
        result("profiles", merged.people, "profiles, merged by keys"),
        result("wrong_merges", 1 - merged.precision, "of merged pairs", budget=WRONG_MERGES),
        result("recall", merged.recall, "of true pairs, merged by keys", against=people.known),
        result("review_precision", offered[0], f"of pairs offered at {REVIEW}"),
        result(
            "review_recall", offered[1], "of true pairs, offered", against={"merged by keys": merged.recall}
        ),
    ]
