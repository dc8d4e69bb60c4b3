"""What has to be remembered of people's events so that definitions can be judged; nothing else is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from services.shared.conditions import Condition, TrackSpec, tracks_of
from services.shared.conditions.matching import Matcher, compile_patterns

HELD = "held"
"""The relation of products held: bought and not given back, or opened and not closed."""


@dataclass(frozen=True)
class Needs:
    """Tracks of events, keys of events that are counted, and of related records the fields that are asked for, by
    type, and traits, and permissions (purpose and channel)."""

    tracks: tuple[TrackSpec, ...] = ()
    counted: frozenset[str] = frozenset()
    fields: tuple[tuple[str, frozenset[str]], ...] = ()
    traits: frozenset[str] = frozenset()
    consents: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(
        cls,
        conditions: Iterable[Condition],
        counted: Iterable[str] = (),
        tracks: Iterable[TrackSpec] = (),
    ) -> Needs:
        """Of these conditions, and of models that count events or keep their times."""
        known = list(conditions)
        fields: dict[str, set[str]] = {}
        for clause in (clause for condition in known for clause in _relations(condition.document)):
            fields.setdefault(clause["relation"], set()).update(_fields(clause))
        return cls(
            tracks_of([*tracks, *(track for condition in known for track in condition.tracks())]),
            frozenset(counted),
            tuple((kind, frozenset(names)) for kind, names in sorted(fields.items())),
            frozenset(r.name for condition in known for r in condition.references() if r.kind == "trait"),
            frozenset(
                _subject(r.name) for condition in known for r in condition.references() if r.kind == "consent"
            ),
        )

    @classmethod
    def together(cls, all_needs: Iterable[Needs]) -> Needs:
        """All of them at once."""
        known = list(all_needs)
        fields: dict[str, set[str]] = {}
        for kind, names in (row for one in known for row in one.fields):
            fields.setdefault(kind, set()).update(names)
        return cls(
            tracks_of(track for one in known for track in one.tracks),
            frozenset(key for one in known for key in one.counted),
            tuple((kind, frozenset(names)) for kind, names in sorted(fields.items())),
            frozenset(name for one in known for name in one.traits),
            frozenset(subject for one in known for subject in one.consents),
        )

    @cached_property
    def names(self) -> frozenset[str]:
        """Each of them as a word: what was remembered before, and what is new, is told apart by these."""
        return frozenset(
            {
                *(track.signature for track in self.tracks),
                *(f"counted/{key}" for key in self.counted),
                *(f"trait/{name}" for name in self.traits),
                *(f"consent/{purpose}/{channel}" for purpose, channel in self.consents),
                *(f"record/{kind}/{name}" for kind, names in self.fields for name in {"", *names}),
            }
        )

    @cached_property
    def channels(self) -> frozenset[str]:
        """The channels on which permissions are asked about."""
        return frozenset(channel for _, channel in self.consents)

    @cached_property
    def matcher(self) -> Matcher:
        """Says which tracks an event belongs to."""
        return compile_patterns(track.pattern for track in self.tracks)

    @cached_property
    def kept_fields(self) -> Mapping[str, frozenset[str]]:
        """`fields`, to look them up."""
        return dict(self.fields)


def _subject(name: str) -> tuple[str, str]:
    purpose, _, channel = name.rpartition("/")
    return purpose, channel


def _relations(document: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(document, Mapping):
        if "relation" in document:
            yield document
        else:
            for child in document.values():
                yield from _relations(child)
    elif isinstance(document, list):
        for child in document:
            yield from _relations(child)


def _fields(clause: Any) -> Iterator[str]:
    """Names at the second level of paths: `["fields", "plan"]` and `["lines", ...]` keep what they lead to."""
    if isinstance(clause, list):
        for child in clause:
            yield from _fields(child)
    elif isinstance(clause, Mapping):
        for key in ("field", "of"):
            path = clause.get(key)
            if isinstance(path, list) and len(path) > 1 and path[0] == "fields":
                yield str(path[1])
        if "line" in clause:
            yield from (f"line:{name}" for name in _line_fields(clause.get("where")))
        for key, child in clause.items():
            if key not in ("field", "of", "line") and not (key == "where" and "line" in clause):
                yield from _fields(child)


def _line_fields(row: Any) -> Iterator[str]:
    if isinstance(row, list):
        for child in row:
            yield from _line_fields(child)
    elif isinstance(row, Mapping):
        if "field" in row:
            path = row["field"]
            yield str(path[0] if isinstance(path, list) else path)
        for key in ("all", "any", "none", "where"):
            yield from _line_fields(row.get(key))
