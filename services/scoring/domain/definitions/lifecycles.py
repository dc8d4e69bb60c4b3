"""Lifecycles: the stage a person is in, for good order one at a time, by person or by product.

A document names its stages and the only transitions there are. A transition happens when its condition holds and the
stage has been held for `after`. At one instant a person passes each stage at most once, so rules that contradict each
other end, and the way they went is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from services.scoring.domain.definitions.base import (
    Named,
    Part,
    Written,
    condition_at,
    references_at,
)
from services.scoring.domain.definitions.needs import Needs
from services.scoring.domain.places import Held, Place
from services.shared.clock import to_iso
from services.shared.conditions import (
    Condition,
    Reference,
    View,
    evaluate,
    explain,
    next_flip,
    parse_duration,
)
from services.shared.errors import Conflict, Invalid

PRODUCT = "$product"
"""In a condition of a lifecycle by product, the product it is about."""

KEPT = 8
"""Stages remembered of the way that led to the present one."""

_Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class Transition(Part):
    """One way on: from any of some stages, to another, `when` its condition holds, not before `after` in the stage."""

    from_: Annotated[list[_Word], Field(alias="from", min_length=1, max_length=30)]
    to: _Word
    when: dict[str, Any]
    after: str | None = None

    @field_validator("after")
    @classmethod
    def _is_duration(cls, text: str | None) -> str | None:
        if text is not None:
            parse_duration(text)
        return text

    @property
    def wait(self) -> timedelta:
        """The least time in the stage."""
        return parse_duration(self.after) if self.after else timedelta(0)


class Document(Named):
    """A lifecycle as a marketer writes it. `enter` says who is in it at all; `products`: it runs once for each."""

    stages: Annotated[list[_Word], Field(min_length=2, max_length=30)]
    transitions: Annotated[list[Transition], Field(min_length=1, max_length=100)]
    products: Annotated[list[_Word], Field(max_length=50)] = []
    enter: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for what, words in (("stages", self.stages), ("products", self.products)):
            if len(set(words)) != len(words):
                raise ValueError(f"{what}: one is named twice")
        known = set(self.stages)
        for i, transition in enumerate(self.transitions):
            for stage in (*transition.from_, transition.to):
                if stage not in known:
                    raise ValueError(f"transitions.{i}: {stage!r} is none of the stages")
            if transition.to in transition.from_:
                raise ValueError(f"transitions.{i}: leads from {transition.to!r} to itself")
        return self


@dataclass(frozen=True)
class Way:
    """A transition with its condition bound to one subject."""

    sources: frozenset[str]
    to: str
    when: Condition
    wait: timedelta

    def opens(self, place: Place, view: View, at: datetime) -> bool:
        """May it be taken?"""
        return place.value in self.sources and place.since + self.wait <= at and evaluate(self.when, view, at)

    def next_look(self, place: Place, view: View, after: datetime) -> datetime | None:
        """When time alone may open it."""
        if place.value not in self.sources:
            return None
        if (rest := place.since + self.wait) > after:
            return rest
        return next_flip(self.when, view, after) if self.when.ages else None


@dataclass(frozen=True)
class Lifecycle(Written[Document]):
    """The machine of a document: for each subject ("" or a product) who enters, and the ways on."""

    kind: ClassVar[str] = "stage"

    enters: Mapping[str, Condition]
    ways: Mapping[str, tuple[Way, ...]]

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any]) -> Lifecycle:
        """The lifecycle that `{"stages": [...], "transitions": [{"from", "to", "when"}]}` describes; the first stage
        is where everybody begins.

        Raises:
            Invalid: `invalid_condition`, with the path of the condition.
            pydantic.ValidationError: another field breaks its rule.
        """
        source = Document.model_validate({**document, "name": name})
        subjects = source.products or [""]
        enter = source.enter
        return cls(
            source,
            {s: _condition(enter, s, "enter") for s in subjects} if enter is not None else {},
            {
                s: tuple(
                    Way(frozenset(t.from_), t.to, _condition(t.when, s, f"transitions.{i}.when"), t.wait)
                    for i, t in enumerate(source.transitions)
                )
                for s in subjects
            },
        )

    @property
    def initial(self) -> str:
        """Where everybody begins."""
        return self.source.stages[0]

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(self.source.stages)

    @property
    def subjects(self) -> tuple[str, ...]:
        return tuple(self.ways)

    @cached_property
    def needs(self) -> Needs:
        return Needs.of(condition for _, condition in self._conditions())

    def references(self) -> Iterable[Reference]:
        for prefix, condition in self._conditions():
            yield from references_at(prefix, condition)

    def settle(self, view: View, held: Held, at: datetime) -> Held:
        places = {}
        for subject, ways in self.ways.items():
            place = held.get(subject)
            if place is None or place.value not in self.source.stages:
                enter = self.enters.get(subject)
                if enter is not None and not evaluate(enter, view, at):
                    continue
                place = Place(self.initial, at)
            # What comes late happens now: a life is not lived again.
            places[subject] = _advance(place, ways, view, max(at, place.since))
        return places

    def explained(self, view: View, held: Held, at: datetime) -> dict[str, Any]:
        """By product ("": of the person): the stage, since when, and each way on with what it waits for."""
        return {
            subject: {
                "stage": place.value,
                "since": to_iso(place.since),
                "path": [{"stage": stage, "since": to_iso(since)} for stage, since in place.path],
                "ways": [
                    {
                        "to": way.to,
                        "not_before": to_iso(place.since + way.wait),
                        "when": explain(way.when, view, at).document(),
                    }
                    for way in self.ways[subject]
                    if place.value in way.sources
                ],
            }
            for subject, place in held.items()
            if subject in self.ways
        }

    def next_flip(self, view: View, held: Held, after: datetime) -> datetime | None:
        looks = []
        for subject, ways in self.ways.items():
            if place := held.get(subject):
                looks += [way.next_look(place, view, after) for way in ways]
            elif enter := self.enters.get(subject):
                looks.append(next_flip(enter, view, after) if enter.ages else None)
        return min((look for look in looks if look is not None), default=None)

    def moved(self, place: Place | None, to: str, at: datetime) -> Place:
        """The place of someone whom a person moves by hand.

        Raises:
            Invalid: `unknown_stage`.
            Conflict: `illegal_jump`, no transition leads there.
        """
        if to not in self.source.stages:
            raise Invalid("unknown_stage", f"to: must be one of {', '.join(self.source.stages)}")
        now_in = place.value if place else self.initial
        legal = [t.to for t in self.source.transitions if now_in in t.from_]
        if to not in legal:
            ways = ", ".join(dict.fromkeys(legal)) or "nowhere"
            raise Conflict("illegal_jump", f"to: from {now_in!r} a way leads to {ways}, none to {to!r}")
        return _stepped(place or Place(self.initial, at), to, at)

    def _conditions(self) -> Iterator[tuple[str, Condition]]:
        for enter in self.enters.values():
            yield "enter", enter
        for ways in self.ways.values():
            for i, way in enumerate(ways):
                yield f"transitions.{i}.when", way.when


def _advance(place: Place, ways: Iterable[Way], view: View, at: datetime) -> Place:
    passed = {place.value}
    while way := next((w for w in ways if w.to not in passed and w.opens(place, view, at)), None):
        passed.add(way.to)
        place = _stepped(place, way.to, at)
    return place


def _stepped(place: Place, to: str, at: datetime) -> Place:
    return Place(to, at, (*place.path, (place.value, place.since))[-KEPT:])


def _condition(document: Mapping[str, Any], subject: str, path: str) -> Condition:
    bound = (
        json.loads(json.dumps(document).replace(json.dumps(PRODUCT), json.dumps(subject)))
        if subject
        else document
    )
    return condition_at(path, bound)
