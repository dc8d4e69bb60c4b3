"""Events a second that one core holds against all rules there are: the index of patterns beside other rule engines.

All are asked the same rules about the same events, in turns, and must give the same answer. As they come, the others
test the event's name first in each rule; a second figure gives them the index by name that they lack. The slower ones
see fewer events. What counts is the CPU time of asking; making the rules ready is done once and not in it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from math import ceil
from statistics import median
from typing import Any

from benchmarks.results import Report, Result
from benchmarks.rule_engines import Cel, Closures, Engine, JsonLogic, Properties, PythonJsonata, RustJsonata
from benchmarks.rules import Rule, Shop
from services.shared.conditions.limits import Budget
from services.shared.conditions.matching import Matcher, Pattern, compile_patterns
from services.shared.conditions.where import parse_where

SEED = 7
ROUNDS = 7
EVENTS = 2_000
ENGINES: Sequence[tuple[type[Engine], int]] = (
    (Closures, 60),
    (Cel, 60),
    (JsonLogic, 60),
    (RustJsonata, 30),
    (PythonJsonata, 3),
)
"""Those that the index is timed beside, and how many events each is asked about in a round: so many while there are
1,000 rules, fewer in proportion where there are more."""

LEAST = 50_000.0
TIMES_FASTER = 10.0
"""Than the fastest of the others, as they come."""

READY_MS = {1_000: 100.0, 10_000: 2_000.0}
"""How long it may take to parse so many rules and to make their index."""

Ask = Callable[[str, Properties], Sequence[int]]
"""Of an event's key and properties: the numbers of the rules that it matches, ascending."""


@dataclass
class Contestant:
    """Who is timed, about how many events a round, and the microseconds of CPU that an event took in each."""

    name: str
    ask: Ask
    events: int
    taken: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Events a second, of the median round."""
        return 1_000_000 / median(self.taken)


def run(report: Report) -> list[Result]:
    """For 1,000 rules and for 10,000: how fast, beside whom, and how soon ready."""
    results = []
    for place, count in enumerate(READY_MS):

        def told(doing: str, done: float, place: int = place, count: int = count) -> None:
            report(f"{count} rules: {doing}", (place + done) / len(READY_MS))

        results += _figures(count, told)
    return results


def matcher_of(rules: Sequence[Rule]) -> Matcher:
    """The index of rules, from their documents."""
    return compile_patterns(Pattern(key, parse_where(where, "where", Budget())) for key, where in rules)


def race(matcher: Matcher, rules: Sequence[Rule], report: Report) -> dict[str, list[Contestant]]:
    """All contestants after their rounds: ours, the others as they come, and the others with an index by name.

    Raises:
        AssertionError: one gave another answer than the index.
    """
    report("making rules ready", 0)
    many = len(rules) / 1_000
    groups = {
        "ours": [Contestant("index", matcher, EVENTS)],
        "plain": [Contestant(engine.name, plain(engine(), rules), ceil(n / many)) for engine, n in ENGINES],
        "by name": [Contestant(engine.name, by_name(engine(), rules), n) for engine, n in ENGINES],
    }
    events = list(Shop(SEED).events(EVENTS))
    for turn in range(ROUNDS):
        for one in (one for group in groups.values() for one in group):
            asked = list(islice(cycle(events), turn * one.events, (turn + 1) * one.events))
            began = time.process_time()
            answers = [one.ask(key, properties) for key, properties in asked]
            one.taken.append((time.process_time() - began) / one.events * 1_000_000)
            assert all(tuple(a) == matcher(*event) for a, event in zip(answers, asked, strict=True)), one.name
        report("asked", (turn + 1) / ROUNDS)
    return groups


def plain(engine: Engine, rules: Sequence[Rule]) -> Ask:
    """Every rule is asked; each looks at the event's name first."""
    programs = [engine.compile(key, where) for key, where in rules]
    return lambda key, properties: [
        number for number, matches in enumerate(engine.ask(programs, key, properties)) if matches
    ]


def by_name(engine: Engine, rules: Sequence[Rule]) -> Ask:
    """Only the rules about events of that name are asked."""
    numbers: dict[str, list[int]] = defaultdict(list)
    programs: dict[str, list[Any]] = defaultdict(list)
    for number, (key, where) in enumerate(rules):
        numbers[key].append(number)
        programs[key].append(engine.compile("", where))

    def ask(key: str, properties: Properties) -> list[int]:
        if key not in numbers:
            return []
        verdicts = engine.ask(programs[key], key, properties)
        return [number for number, matches in zip(numbers[key], verdicts, strict=True) if matches]

    return ask


def _figures(count: int, report: Report) -> list[Result]:
    rules, ready = Shop(SEED).rules(count), []
    for _ in range(ROUNDS):
        began = time.process_time()
        matcher = matcher_of(rules)
        ready.append((time.process_time() - began) * 1000)
    groups = race(matcher, rules, report)
    [ours], name, unit = groups["ours"], f"events_per_second_{count}_rules", "events a second and core"
    others = {group: {one.name: one.per_second for one in groups[group]} for group in ("plain", "by name")}
    least = LEAST if count == 1_000 else None
    times = ours.per_second / max(others["plain"].values())
    return [
        Result(name, ours.per_second, unit, others["plain"], least, more_is_better=True),
        Result(f"{name}_times_the_fastest_engine", times, "times", {}, TIMES_FASTER, more_is_better=True),
        Result(f"{name}_engines_indexed_by_name", ours.per_second, unit, others["by name"]),
        Result(f"rules_ready_ms_{count}", median(ready), "ms of CPU to parse and index", {}, READY_MS[count]),
    ]
