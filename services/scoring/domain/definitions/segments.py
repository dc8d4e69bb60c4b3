"""Segments: people for whom a condition holds, or (`lists`) people on a list.

    {"condition": {...}}                        whoever fits
    {"include": {...}, "exclude": {...}}        the same in two halves: fits the first and not the second
    {"static": true}                            a list

`description` and `advice` are texts for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from services.scoring.domain.definitions.base import OfPerson, condition_at, references_at
from services.scoring.domain.definitions.lists import StaticSegment
from services.scoring.domain.definitions.needs import Needs
from services.scoring.domain.places import MEMBER, Held, Place
from services.shared.conditions import Condition, Reference, View, evaluate, explain, next_flip, parse
from services.shared.errors import Invalid

TEXTS = ("description", "advice")
RESERVED = "library"
"""No segment's name: under it the API has what is ready-made."""

LONGEST = 500
"""Characters of a text."""

HALVES = ("include", "exclude")
KEYS = ("name", "static", "condition", *HALVES, "silent", *TEXTS)


@dataclass(frozen=True)
class Segment(OfPerson):
    """Membership follows the condition; `halves` are what it was written as, where it was not written as one."""

    kind: ClassVar[str] = "segment"

    name: str
    condition: Condition
    silent: bool = False
    texts: Mapping[str, str] = field(default_factory=dict)
    halves: Mapping[str, Condition] = field(default_factory=dict)

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any]) -> Segment:
        """The segment that `{"condition": {...}}`, or `{"include": {...}, "exclude": {...}}` (one of them may be
        missing), describes. With `"silent": true`, those whom it finds when it is defined are in it without a word;
        only who comes or goes later is told.

        Raises:
            Invalid: `invalid_segment` or `invalid_condition`.
        """
        _check_keys(document)
        halves = {key: condition_at(key, document[key]) for key in HALVES if key in document}
        if halves and "condition" in document:
            raise _invalid("condition", f"does not belong beside {next(iter(halves))}")
        if not halves and "condition" not in document:
            raise _invalid("condition", "is required")
        condition = _joined(halves) if halves else parse(document["condition"])
        return cls(name, condition, _flag(document, "silent"), _texts(document), halves)

    @property
    def values(self) -> tuple[str, ...]:
        return (MEMBER,)

    @cached_property
    def needs(self) -> Needs:
        return Needs.of([self.condition])

    def document(self) -> dict[str, Any]:
        written = {key: half.document for key, half in self.halves.items()}
        silent = {"silent": True} if self.silent else {}
        return {
            "name": self.name,
            **(written or {"condition": self.condition.document}),
            **silent,
            **self.texts,
        }

    def references(self) -> Iterable[Reference]:
        if not self.halves:
            return self.condition.references()
        return [one for key, half in self.halves.items() for one in references_at(key, half)]

    def settle(self, view: View, held: Held, at: datetime) -> Held:
        if not evaluate(self.condition, view, at):
            return {}
        return held or {"": Place(MEMBER, at)}

    def explained(self, view: View, held: Held, at: datetime) -> dict[str, Any]:
        return explain(self.condition, view, at).document()

    def next_flip(self, view: View, held: Held, after: datetime) -> datetime | None:
        return next_flip(self.condition, view, after) if self.condition.ages else None


def read_segment(name: str, document: Mapping[str, Any]) -> Segment | StaticSegment:
    """The segment that a document describes, of either sort.

    Raises:
        Invalid: `invalid_segment` or `invalid_condition`.
    """
    if name == RESERVED:
        raise _invalid("name", f"must not be {RESERVED}")
    if not _flag(document, "static"):
        return Segment.read(name, {key: value for key, value in document.items() if key != "static"})
    _check_keys(document)
    for key in ("condition", *HALVES, "silent"):
        if key in document:
            raise _invalid(key, "does not belong to a static segment")
    return StaticSegment(name, _texts(document))


def _joined(halves: Mapping[str, Condition]) -> Condition:
    exclude = {"none": [halves["exclude"].document]} if "exclude" in halves else None
    include = halves["include"].document if "include" in halves else None
    return parse({"all": [part for part in (include, exclude) if part is not None]})


def _check_keys(document: Mapping[str, Any]) -> None:
    for key in document:
        if key not in KEYS:
            raise _invalid(key, "is not known here")


def _flag(document: Mapping[str, Any], key: str) -> bool:
    flag = document.get(key, False)
    if not isinstance(flag, bool):
        raise _invalid(key, "must be true or false")
    return flag


def _texts(document: Mapping[str, Any]) -> dict[str, str]:
    texts = {key: document[key] for key in TEXTS if key in document}
    for key, text in texts.items():
        if not isinstance(text, str) or not 1 <= len(text) <= LONGEST:
            raise _invalid(key, f"must be text of 1 to {LONGEST} characters")
    return texts


def _invalid(path: str, rule: str) -> Invalid:
    return Invalid("invalid_segment", f"{path}: {rule}")
