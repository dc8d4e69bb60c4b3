"""Running tests of journeys, and saying what came instead of what was expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from halte.journeys.cases import Case, CaseFile, Given, Step
from halte.journeys.pressures import in_force
from halte.journeys.sources import first_problem, read_object, read_source
from services.delivery.domain.pressure.policy import PressurePolicy
from services.journeys.domain.document import Document
from services.journeys.domain.traces import to_text
from services.scoring.domain.definitions import Definition
from services.shared.errors import Invalid
from services.simulations.domain.defined import read_definitions
from services.simulations.domain.desk import UNPRESSED
from services.simulations.domain.happened import HEADLINE, Happened, Kind
from services.simulations.domain.source import Wording
from services.simulations.domain.world import World

MARK = ".test"
"""A file of tests is named after the journey it is about: `x.test.yaml`."""


@dataclass(frozen=True)
class Bench:
    """A file of tests, read: the journeys they are about, and all that these need."""

    file: Path
    documents: tuple[Document, ...]
    definitions: tuple[Definition, ...]
    wordings: Mapping[str, Wording]
    pressure: PressurePolicy | None
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Verdict:
    """What became of a test: `failures` is empty when all came as expected; `traces` are those of everybody."""

    file: Path
    name: str
    failures: tuple[str, ...]
    traces: str = ""


def read_bench(file: Path) -> Bench:
    """The tests of a file.

    Raises:
        Invalid: `wrong_file`, or what is wrong with a journey or a definition.
    """
    said = read_object(file)
    try:
        cases = CaseFile.model_validate(said)
        definitions = read_definitions(cases.define)
    except ValidationError as error:
        raise Invalid("wrong_file", f"{file}: {first_problem(error)}") from error
    except Invalid as error:
        raise Invalid(error.code, f"{file}: {error.message}") from error
    sources = [read_source(one, file.parent) for one in _named(file, cases)]
    wordings: dict[str, Wording] = {}
    for source in sources:
        wordings |= source.messages
    documents = tuple(source.document() for source in sources)
    return Bench(
        file, documents, tuple(definitions), wordings | cases.messages, cases.pressure, tuple(cases.tests)
    )


def _named(file: Path, cases: CaseFile) -> list[str | dict[str, Any]]:
    named = [*([] if cases.journey is None else [cases.journey]), *cases.journeys]
    return named or [file.name.replace(f"{MARK}{file.suffix}", file.suffix)]


def run(bench: Bench) -> Iterator[Verdict]:
    """Every test of a file, each in a world of its own."""
    for case in bench.cases:
        yield judge(bench, case)


def judge(bench: Bench, case: Case) -> Verdict:
    """One test. What can't be done (somebody without an address permits something) is a failure as well."""
    failures: list[str] = []
    world: World | None = None
    number = 0
    try:
        pressure = in_force(bench.pressure, case.start.year) if bench.pressure else UNPRESSED
        world = World(bench.documents, bench.definitions, case.start, bench.wordings, pressure=pressure)
        for who, person in case.people.items():
            world.meet(who, person.traits, person.consents)
        looked = 0
        for number, step in enumerate(case.steps, start=1):
            _walk(world, step)
            if step.expect is not None:
                since, looked = world.happened[looked:], len(world.happened)
                failures += [f"step {number}, {one}" for one in _compared(step, since)]
    except Invalid as error:
        failures.append(f"{f'step {number}' if number else 'the beginning'}: {error.message}")
    traces = _traces(world) if world and failures else ""
    return Verdict(bench.file, case.name, tuple(failures), traces)


def _walk(world: World, step: Step) -> None:
    for given in step.given:
        if given.at is not None and given.at > world.now:
            world.run_until(given.at, inclusive=False)
        _do(world, given)
    until = step.until if step.advance is None else world.now + step.advance
    if until is not None:
        if until < world.now:
            raise Invalid("past", f"until {until:%Y-%m-%d %H:%M} is past: it is {world.now:%Y-%m-%d %H:%M}")
        world.run_until(until)


def _do(world: World, given: Given) -> None:
    if given.pause is not None:
        world.pause(given.pause, given.policy)
    elif given.resume is not None:
        world.resume(given.resume)
    elif given.world is not None:
        world.happen(given.world)
    elif given.who is not None:
        _of_person(world, given.who, given, given.at or world.now)


def _of_person(world: World, who: str, given: Given, at: datetime) -> None:
    if given.event is not None:
        world.do(who, given.event, given.properties, at, given.type)
    elif given.traits is not None:
        world.become(who, given.traits)
    elif given.call is not None:
        world.call(who, given.call)
    for purpose, by_channel in (given.consents or {}).items():
        for channel, state in by_channel.items():
            world.allow(who, purpose, channel, state)


def _compared(step: Step, since: list[Happened]) -> Iterator[str]:
    for kind, wanted in step.expect.by_kind().items() if step.expect else ():
        came = [one for one in since if one.kind == kind]
        if len(came) != len(wanted) or not all(map(_is, wanted, came)):
            yield _difference(kind, wanted, came)


def _is(wanted: Mapping[str, Any], came: Happened) -> bool:
    fields = came.fields()
    return all(_same(name, value, fields.get(name)) for name, value in wanted.items())


def _same(name: str, wanted: Any, came: Any) -> bool:
    return str(came).startswith(str(wanted).replace(" ", "T")) if name == "at" else bool(wanted == came)


def _difference(kind: Kind, wanted: list[dict[str, Any]], came: list[Happened]) -> str:
    lines = [f"{kind}: expected {len(wanted) or 'nothing'}, came {len(came) or 'nothing'}"]
    for number in range(max(len(wanted), len(came))):
        want = wanted[number] if number < len(wanted) else None
        got = came[number] if number < len(came) else None
        if want is not None and got is not None and _is(want, got):
            lines.append(f"    as expected   {got.told()}")
            continue
        if want is not None:
            lines.append(f"  - expected      {_shown(kind, want)}")
        if got is not None:
            lines.append(f"  + came          {got.told()}")
    return "\n".join(lines)


def _shown(kind: Kind, wanted: Mapping[str, Any]) -> str:
    rest = " ".join(f"{name}={value}" for name, value in wanted.items() if name != HEADLINE[kind])
    return f"{wanted.get(HEADLINE[kind], 'any')} {rest}".rstrip()


def _traces(world: World) -> str:
    steps = sorted(
        (step for journey in world.journeys.values() for step in journey.trace), key=lambda s: s.at
    )
    return to_text(steps)
