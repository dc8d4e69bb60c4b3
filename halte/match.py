"""People who may be one, by what is known of them: pairs for a person to look at, never merged by themselves.

Fellegi-Sunter by Splink on DuckDB: the model learns from the data how much an agreement says, nothing is labelled.
Pairs are compared only where they agree on something rare (`BLOCKS`). Who agrees on all of `SURE` is offered whatever
the model makes of it: a small base teaches it little.
"""

from __future__ import annotations

import json
import logging
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

FIELDS = (
    "first_name",
    "last_name",
    "birthday",
    "email",
    "phone",
    "street",
    "postcode",
    "city",
    "national_id",
)
"""What people are compared by; dates as `YYYY-MM-DD`, all else as lower-case text, unknown ones absent."""

REVIEW = 0.9
"""Probability from which on a pair is worth a person's time."""

FEW_PAIRS = 200
"""Fewer pairs are not a hundred for each answer of any comparison, which the library takes to be enough."""

BLOCKS = (
    ("first_name", "last_name"),
    ("birthday", "first_name"),
    ("birthday", "last_name"),
    ("birthday", "postcode"),
    ("email",),
    ("phone",),
    ("national_id",),
    ("street", "postcode"),
    ("first_name", "postcode"),
    ("last_name", "postcode"),
    ("last_name", "city"),
    ("birthday",),
)
SURE = ("first_name", "last_name", "birthday")
SURE_RECALL = 0.4
"""Of true pairs, the share that agrees on all of `SURE` or on an e-mail address: a guess, from which the model only
takes how rare pairs are."""

_NAMES = {
    "first_name": ("firstName", "first_name", "given_name"),
    "last_name": ("lastName", "last_name", "surname"),
    "birthday": ("birthday", "date_of_birth", "dob"),
    "email": ("email",),
    "phone": ("phone",),
    "street": ("street", "address_1"),
    "postcode": ("postalCode", "postcode"),
    "city": ("city", "suburb"),
    "national_id": ("national_id", "soc_sec_id"),
}


class TooFew(ValueError):
    """There is nothing to learn from: too few people, or nothing is known of them."""


@dataclass(frozen=True)
class Candidate:
    """Two ids that may be one person, how probable that is, and on which fields they agree."""

    first: str
    second: str
    probability: float
    agree: tuple[str, ...]
    differ: tuple[str, ...]


def person(person_id: str, traits: Mapping[str, Any]) -> dict[str, Any]:
    """A record to compare, out of a profile's traits or a row of a file; an `address` object is looked into."""
    address = traits.get("address")
    flat = {**(address if isinstance(address, Mapping) else {}), **traits}
    found = {name: _first(flat, names) for name, names in _NAMES.items()}
    return {"unique_id": person_id, **found}


def _first(flat: Mapping[str, Any], names: Iterable[str]) -> str | None:
    for name in names:
        value = flat.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return " ".join(str(value).casefold().split())
    return None


def candidates(
    people: Sequence[Mapping[str, Any]],
    threshold: float = REVIEW,
    report: Callable[[str, float], None] = lambda doing, done: None,
) -> list[Candidate]:
    """Pairs of `people` (as `person` makes them) that are one with a probability of at least `threshold`, the most
    probable first; those that agree on all of `SURE` count as `REVIEW` at least. The same people in any order give the
    same pairs.

    Raises:
        TooFew: nothing can be learned from them.
    """
    fields = [name for name in FIELDS if sum(one[name] is not None for one in people) >= 2]
    if len(people) < 2 or len(fields) < 2:
        raise TooFew("fewer than two people with two fields in common")
    ordered = sorted(people, key=lambda one: str(one["unique_id"]))
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")  # the library's own, about columns of single values and the like
        linked = _linked(ordered, fields, threshold, Path(folder), report)
    found = {(one.first, one.second): one for one in linked}
    if threshold <= REVIEW:
        found = {(one.first, one.second): one for one in _sure(ordered, fields)} | found
    return sorted(found.values(), key=lambda c: (-c.probability, c.first, c.second))


def _sure(people: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> Iterator[Candidate]:
    for group in _alike(people, SURE):
        for one, other in combinations(group, 2):
            yield _compared(one, other, fields, REVIEW)


def _alike(people: Iterable[Mapping[str, Any]], names: Iterable[str]) -> list[list[Mapping[str, Any]]]:
    """Groups of two or more who agree on all of `names`."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for one in people:
        groups[tuple(one[name] for name in names)].append(one)
    return [group for key, group in groups.items() if all(key) and len(group) > 1]


def _linked(
    people: Sequence[Mapping[str, Any]],
    fields: Sequence[str],
    threshold: float,
    folder: Path,
    report: Callable[[str, float], None],
) -> list[Candidate]:
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink.internals.exceptions import SplinkException

    training = [block for block in _training(fields) if _alike(people, block)]
    if not training:  # nothing to learn from: everybody is different
        return []
    blocks: list[Any] = [block_on(*block) for block in BLOCKS if set(block) <= set(fields)]
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[_comparison(name) for name in fields],
        blocking_rules_to_generate_predictions=blocks,
        retain_intermediate_calculation_columns=False,
    )
    logging.getLogger("splink").setLevel(logging.ERROR)
    api = DuckDBAPI()
    _load(api, people, fields, folder)
    linker: Any = Linker(api.register("people"), settings, log_level=logging.ERROR)
    report("how rare pairs are", 0.1)
    sure = {names: _alike(people, names) for names in (SURE, ("email",))}
    alike = sum(comb(len(group), 2) for groups in sure.values() for group in groups)
    if 0 < alike < SURE_RECALL * comb(len(people), 2):  # the library can't do with none, nor with all
        rules = [block_on(*names) for names, groups in sure.items() if groups]
        linker.training.estimate_probability_two_random_records_match(rules, recall=SURE_RECALL)
    # By parts the library counts until it has seen enough of everything, which so few pairs don't come to.
    parts = 1 if comb(len(people), 2) < FEW_PAIRS else 10
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1, num_chunks=parts)
    learned = 0
    for number, block in enumerate(training):
        report(f"what {' and '.join(block)} leave to learn", 0.3 + number / 10)
        # Of a few pairs alike in everything the library would learn that nothing else can be: no number for it.
        with suppress(ValueError, SplinkException):
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(*block))
            learned += 1
    if not learned:
        return []
    report("comparing", 0.7)
    rows = linker.inference.predict(threshold_match_probability=threshold).as_record_list()
    return [_candidate(row, fields) for row in rows]


def _training(fields: Sequence[str]) -> list[tuple[str, ...]]:
    """Blocks whose pairs are many enough to learn from; what a block agrees on is learned from another."""
    wanted = (("first_name", "last_name"), ("birthday",), ("email",), ("postcode",))
    return [block for block in wanted if set(block) <= set(fields)]


def _comparison(name: str) -> Any:
    import splink.comparison_library as library

    if name in ("first_name", "last_name"):
        return library.NameComparison(name)
    if name == "birthday":
        return library.DateOfBirthComparison(name, input_is_string=True, datetime_format="%Y-%m-%d")
    if name == "email":
        return library.EmailComparison(name)
    if name in ("street", "city"):
        return library.JaroWinklerAtThresholds(name, [0.9, 0.7])
    return library.DamerauLevenshteinAtThresholds(name, [1])


def _load(api: Any, people: Sequence[Mapping[str, Any]], fields: Sequence[str], folder: Path) -> None:
    file = folder / "people.ndjson"
    file.write_text("".join(json.dumps(one) + "\n" for one in people))
    columns = dict.fromkeys(("unique_id", *fields), "VARCHAR")
    api.duckdb_con.execute(
        f"CREATE TABLE people AS SELECT * FROM read_json('{file}', columns={columns}, format='newline_delimited')"
    )


def _candidate(row: Mapping[str, Any], fields: Sequence[str]) -> Candidate:
    one, other = ({name: row[f"{name}_{side}"] for name in ("unique_id", *fields)} for side in "lr")
    return _compared(one, other, fields, round(float(row["match_probability"]), 6))


def _compared(
    one: Mapping[str, Any], other: Mapping[str, Any], fields: Sequence[str], probability: float
) -> Candidate:
    first, second = sorted((str(one["unique_id"]), str(other["unique_id"])))
    both = [name for name in fields if one[name] is not None and other[name] is not None]
    agree = tuple(name for name in both if one[name] == other[name])
    return Candidate(first, second, probability, agree, tuple(name for name in both if name not in agree))
