"""The contracts that services meet in: schemas on file are the code's, samples parse, and consumers are lenient."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.shared.contracts.base import Fact
from services.shared.contracts.catalogue import FACTS

SAMPLES = Path(__file__).parent / "samples"
SCHEMAS = Path(__file__).parents[2] / "docs" / "events"
each_fact = pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.detail_type)


def test_names_are_unique_and_versioned() -> None:
    names = [fact.detail_type for fact in FACTS]
    assert len(set(names)) == len(names)
    assert all(name == f"{fact.__name__}.v1" for name, fact in zip(names, FACTS, strict=True))
    assert all(fact.source.startswith("halte.") for fact in FACTS)


@each_fact
def test_schema_on_file_is_the_code_s(fact: type[Fact]) -> None:
    """`python -m tests.contracts.export` writes them anew."""
    on_file = json.loads((SCHEMAS / f"{fact.detail_type}.json").read_text())
    assert on_file == json.loads(json.dumps(fact.model_json_schema()))


@each_fact
def test_sample_survives_a_round_trip(fact: type[Fact]) -> None:
    sample = json.loads((SAMPLES / f"{fact.detail_type}.json").read_text())
    parsed = fact.model_validate(sample)
    assert fact.model_validate_json(parsed.model_dump_json(exclude_none=True)) == parsed


@each_fact
def test_consumer_ignores_fields_of_a_later_version(fact: type[Fact]) -> None:
    sample = json.loads((SAMPLES / f"{fact.detail_type}.json").read_text())
    extended = {**sample, "added_in_v2": True}
    (rows,) = [value for value in sample.values() if isinstance(value, list)]
    key = next(name for name, value in sample.items() if value is rows)
    extended[key] = [{**row, "added_in_v2": 1} for row in rows]
    later = fact.model_validate(extended).model_dump(exclude={"events"})
    assert later == fact.model_validate(sample).model_dump(exclude={"events"})


@each_fact
def test_impersonal_facts_carry_no_address(fact: type[Fact]) -> None:
    """They are archived, and nothing can be erased from an archive."""
    if fact.personal:
        return
    fields = json.dumps(fact.model_json_schema().get("$defs", {}))
    for word in ('"address"', '"email"', '"phone"', '"traits"'):
        assert word not in fields
