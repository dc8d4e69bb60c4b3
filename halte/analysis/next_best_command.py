"""The command that says for each person what to propose, when, how and where; or for a proposition, to whom."""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from rich.console import Console

from halte.analysis.showing import progress
from services.ingest.domain.rows import read_rows
from services.scoring.domain.analysis.evidence import NOBODY, Share
from services.scoring.domain.analysis.next_best import (
    Action,
    Channel,
    Habits,
    Person,
    Proposition,
    audience,
    next_best,
)
from services.scoring.domain.analysis.response import ResponseModel
from services.shared.cells import neutral
from services.shared.errors import Invalid

EXAMPLES = """example:
  python -m halte next-best --propositions propositions.json --people people.ndjson --out actions.csv
  python -m halte next-best --propositions propositions.json --people people.ndjson --only invest --cost 45 --out a.csv

propositions.json, a list of   {"name", "margin" (cents), "model" (what train-response wrote), "tones": ["warm", ...]}
people.ndjson, a line each     {"person", "features": {...}, "hours": {"9": 3}, "tones": {"warm": [2, 10]},
                                "channels": [{"name": "email", "permitted": true, "reachable": true}, ...]}
hours are local, of opens, clicks and visits; a tone has [answers, messages]; channels stand as the person prefers them.
"""

Count = Annotated[int, Field(ge=0)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _ProposedChannel(_Model):
    name: str
    permitted: bool
    reachable: bool


class _PersonLine(_Model):
    person: str
    features: dict[str, Any] = {}
    hours: dict[Annotated[int, Field(ge=0, le=23)], Count] = {}
    tones: dict[str, tuple[Count, Count]] = {}
    channels: list[_ProposedChannel] = []

    def person_of(self) -> Person:
        """As the analysis has it."""
        tones = {tone: Share(*share) for tone, share in self.tones.items()}
        channels = tuple(Channel(one.name, one.permitted, one.reachable) for one in self.channels)
        return Person(self.person, self.features, Habits(self.hours, tones), channels)


class _PropositionLine(_Model):
    name: str
    margin: int
    model: dict[str, Any]
    tones: Annotated[list[str], Field(min_length=1)] = ["neutral"]


_PROPOSITIONS = TypeAdapter(list[_PropositionLine])


def add(commands: Any) -> None:
    """Adds the command to a parser's."""
    command = commands.add_parser(
        "next-best", help="per person what to propose, at what hour, how, over what channel"
    )
    command.formatter_class = argparse.RawDescriptionHelpFormatter
    command.epilog = EXAMPLES
    command.add_argument("--propositions", type=Path, required=True, help="JSON, see below")
    command.add_argument("--people", type=Path, required=True, help="lines of JSON, see below")
    command.add_argument("--only", help="one proposition: to whom it is worth making")
    command.add_argument("--cost", type=float, default=0.0, help="with --only: cents that making it costs")
    command.add_argument("--out", type=Path, required=True, help="write the actions to this CSV file")
    command.set_defaults(run=_next_best, endpoint_url=None)


def _next_best(options: argparse.Namespace, console: Console) -> int:
    propositions = _propositions(options.propositions)
    with progress(console) as bar:
        reading = bar.add_task("Reading people", total=None)
        people = list(_people(options.people))
        bar.update(reading, total=len(people), completed=len(people))
        everybody = together(person.habits for person in people)
        if options.only:
            chosen = [one for one in propositions if one.name == options.only]
            if not chosen:
                raise Invalid("unknown_proposition", f"{options.only}: not in {options.propositions}")
            actions = audience(chosen[0], people, everybody, options.cost)
        else:
            task = bar.add_task("Choosing", total=len(people))
            actions = []
            for person in people:
                actions += next_best(propositions, person, everybody)[:1]
                bar.advance(task)
    _write(options.out, actions)
    console.print(
        f"{len(people):,} people, {len(actions):,} actions written to {options.out}", highlight=False
    )
    return 0


def together(habits: Iterable[Habits]) -> Habits:
    """Everybody's habits."""
    hours: Counter[int] = Counter()
    tones: dict[str, Share] = {}
    for one in habits:
        hours.update(one.hours)
        for tone, share in one.tones.items():
            tones[tone] = tones.get(tone, NOBODY) + share
    return Habits(hours, tones)


def _propositions(file: Path) -> list[Proposition]:
    try:
        return [
            Proposition(
                one.name,
                one.margin,
                ResponseModel.read(one.name, one.model | {"name": one.name}),
                tuple(one.tones),
            )
            for one in _PROPOSITIONS.validate_json(file.read_bytes())
        ]
    except (OSError, ValidationError) as error:
        raise Invalid("wrong_propositions", f"{file}: {error}") from error


def _people(file: Path) -> Iterable[Person]:
    try:
        with file.open("rb") as opened:
            for row in read_rows(iter(lambda: opened.read(1 << 20), b""), "ndjson"):
                if row.fault:
                    raise Invalid("wrong_people", f"{file}, row {row.number}: {row.fault}")
                yield _person(file, row.number, row.value)
    except OSError as error:
        raise Invalid("wrong_people", f"{file}: {error}") from error


def _person(file: Path, number: int, value: Any) -> Person:
    try:
        return _PersonLine.model_validate(value).person_of()
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, one["loc"])) or "the row" for one in error.errors())
        raise Invalid("wrong_people", f"{file}, row {number}: {fields}") from error


def _write(file: Path, actions: Sequence[Action]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(
            ("person", "proposition", "propensity", "cents", "hour", "tone", "channel", "reasons")
        )
        for one in actions:
            figures = (f"{one.propensity:.4f}", f"{one.cents:.2f}", one.hour, one.tone, one.channel or "")
            writer.writerow(
                (neutral(one.person), one.proposition, *figures, neutral(json.dumps(one.reasons)))
            )
