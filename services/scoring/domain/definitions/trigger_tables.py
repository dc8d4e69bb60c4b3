"""Trigger tables: what is done about something that a person does, by how far the person is in the buying process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import product
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from services.scoring.domain.definitions.bands import (
    BandList,
    Scale,
    Task,
    Text,
    Word,
    check_bands,
    check_known,
)
from services.scoring.domain.definitions.base import Named, Part, Written
from services.scoring.domain.definitions.needs import Needs
from services.scoring.domain.facts import event_key
from services.shared.conditions import Reference, View, parse_duration
from services.shared.conditions.limits import Budget
from services.shared.conditions.matching import Matcher, Pattern, compile_patterns
from services.shared.conditions.where import Where, parse_where
from services.shared.contracts.ingest import CustomerEvent
from services.shared.errors import Invalid

_SOON = "P1D"


class Trigger(Part):
    """Events of a type and name that pass `where`."""

    name: Word
    event: Text
    type: Literal["track", "page", "screen"] = "track"
    where: dict[str, Any] | None = None


class Reaction(Part):
    """A journey that answers, or a task for its owner, or both; without either nothing is done, and that is meant."""

    triggers: Annotated[list[Word], Field(min_length=1, max_length=50)]
    positions: Annotated[list[Word], Field(min_length=1, max_length=20)]
    journey: Word | None = None
    owner: Text | None = None
    task: Task | None = None

    @model_validator(mode="after")
    def _has_owner(self) -> Self:
        if self.task is not None and self.owner is None:
            raise ValueError("owner: a task needs one")
        return self


class Document(Named):
    """A table as a marketer writes it. What is older than `within` when it comes in is not reacted to."""

    score: Text
    positions: BandList
    triggers: Annotated[list[Trigger], Field(min_length=1, max_length=50)]
    reactions: Annotated[list[Reaction], Field(min_length=1, max_length=200)]
    within: str = _SOON

    @field_validator("within")
    @classmethod
    def _is_duration(cls, text: str) -> str:
        parse_duration(text)
        return text

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_bands(self.positions, "positions")
        triggers = [trigger.name for trigger in self.triggers]
        if len(set(triggers)) < len(triggers):
            raise ValueError("triggers: one is named twice")
        for i, reaction in enumerate(self.reactions):
            check_known(reaction.triggers, triggers, f"reactions.{i}.triggers")
            check_known(reaction.positions, [one.name for one in self.positions], f"reactions.{i}.positions")
        return self


@dataclass(frozen=True)
class TriggerTable(Written[Document]):
    """The reactions of a document by trigger and position."""

    kind: ClassVar[str] = "trigger-table"

    scale: Scale
    reactions: Mapping[tuple[str, str], Reaction]

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any]) -> TriggerTable:
        """The table that `{"score", "positions": [{"name", "from"?}], "triggers": [{"name", "event", "where"?}],
        "reactions": [{"triggers", "positions", "journey"?, "owner"?, "task"?}]}` describes.

        Raises:
            Invalid: `reaction_twice` or `unmapped_reaction`, with the combinations, or `invalid_condition`.
            pydantic.ValidationError: another field breaks its rule.
        """
        source = Document.model_validate({**document, "name": name})
        for i, trigger in enumerate(source.triggers):
            _where(trigger, f"triggers.{i}.where")
        reactions: dict[tuple[str, str], Reaction] = {}
        for i, reaction in enumerate(source.reactions):
            for pair in product(reaction.triggers, reaction.positions):
                if pair in reactions:
                    raise Invalid("reaction_twice", f"reactions.{i}: {':'.join(pair)} has a reaction already")
                reactions[pair] = reaction
        wanted = product([one.name for one in source.triggers], [one.name for one in source.positions])
        if holes := [":".join(pair) for pair in wanted if pair not in reactions]:
            raise Invalid("unmapped_reaction", f"reactions: there is none for {', '.join(holes)}")
        return cls(source, Scale.of(source.score, source.positions), reactions)

    @property
    def needs(self) -> Needs:
        """Nothing of its own: events are looked at when they come in."""
        return Needs()

    @property
    def within(self) -> timedelta:
        """How old an event may be."""
        return parse_duration(self.source.within)

    def references(self) -> Iterable[Reference]:
        return (Reference("score", self.source.score, "score"),)

    def matching(self, event: CustomerEvent) -> Iterator[str]:
        """The triggers that an event is."""
        for number in self._matcher(event_key(event), event.properties):
            yield self.source.triggers[number].name

    def reaction(self, trigger: str, view: View, at: datetime) -> tuple[str, dict[str, Any]]:
        """The position of a person at `at`, and what is done there, as JSON."""
        position = self.scale.band(view, at)
        done = self.reactions[trigger, position]
        return position, done.model_dump(exclude_none=True, exclude={"triggers", "positions"})

    @cached_property
    def _matcher(self) -> Matcher:
        return compile_patterns(
            Pattern(f"{one.type}:{one.event}", _where(one, "where")) for one in self.source.triggers
        )


def _where(trigger: Trigger, path: str) -> Where | None:
    return None if trigger.where is None else parse_where(trigger.where, path, Budget())
