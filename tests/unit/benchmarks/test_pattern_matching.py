"""Rules, events and rule engines: the same for the same seed, and of one opinion."""

from __future__ import annotations

import pytest

from benchmarks.pattern_matching import ENGINES, by_name, matcher_of, plain
from benchmarks.rule_engines import Engine
from benchmarks.rules import Shop


@pytest.mark.parametrize("engine", [engine for engine, _ in ENGINES])
def test_every_engine_gives_the_same_answer(engine: type[Engine]) -> None:
    rules = Shop(3).rules(400)
    matcher, every, named = matcher_of(rules), plain(engine(), rules), by_name(engine(), rules)

    answers = [matcher(*event) for event in Shop(3).events(12)]
    assert sum(map(len, answers)) > 12
    assert [tuple(every(*event)) for event in Shop(3).events(12)] == answers
    assert [tuple(named(*event)) for event in Shop(3).events(12)] == answers


def test_rules_and_events_are_the_same_for_the_same_seed() -> None:
    assert Shop(3).rules(50) == Shop(3).rules(50) != Shop(4).rules(50)
    assert list(Shop(3).events(50)) == list(Shop(3).events(50)) != list(Shop(4).events(50))


def test_rules_are_of_all_kinds() -> None:
    text = repr(Shop(3).rules(1000))

    assert all(
        f"'{word}'" in text
        for word in ("all", "any", "none", "line", "eq", "in", "gt", "gte", "lt", "lte", "exists")
    )
