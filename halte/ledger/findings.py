"""What a check of the ledger looks at and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from services.consent.domain.anchors import Anchor, AnchorProblem
from services.consent.domain.ledger import Entry, Head, Problem

MAX_KEPT = 1_000
"""Problems that are kept; a broken chain tends to have one or all."""

Tick = Callable[[int], object]


@dataclass(frozen=True)
class Key:
    """What signatures are checked with: PEM, and the id that anchors name it by."""

    key_id: str
    public_key: str


@dataclass(frozen=True)
class Shard:
    """A shard as it was read: `entries` can be gone through once."""

    head: Head
    entries: Iterable[Entry]


class Source(Protocol):
    """A ledger somewhere. Anchors are read before shards: what they cover is then there for sure.

    Raises `NotALedger` where it can't be read at all; what is wrong with it is told in `problems`.
    """

    def key(self) -> Key: ...

    def anchors(self) -> list[Anchor]: ...

    def shards(self) -> Iterator[Shard]:
        """All that there are, in order."""
        ...

    def problems(self) -> list[Found]:
        """What was wrong in itself with what was read so far."""
        ...


class NotALedger(Exception):
    """It can't be read as a ledger at all."""


@dataclass(frozen=True)
class Found:
    """Something that is wrong: `where` is a shard, the anchors, or a line of a file."""

    where: str
    kind: str
    place: int
    detail: str

    @classmethod
    def of_shard(cls, shard: int, problem: Problem) -> Found:
        """A problem of a shard; its place is the entry's `seq`."""
        return cls(f"shard {shard}", problem.kind, problem.seq, problem.detail)

    @classmethod
    def of_anchor(cls, problem: AnchorProblem) -> Found:
        """A problem of the anchors; its place is the anchor's number."""
        return cls("anchors", problem.kind, problem.number, problem.detail)


@dataclass
class Report:
    """What a check came to. `newest` is the last anchor, `uncovered` how many entries came after what it covers."""

    entries: int = 0
    shards: int = 0
    anchors: int = 0
    newest: Anchor | None = None
    uncovered: int = 0
    fingerprint: str = ""
    problems: list[Found] = field(default_factory=list)
    found: int = 0

    @property
    def intact(self) -> bool:
        """Is it exactly what was appended?"""
        return not self.found

    def add(self, problems: Iterable[Found]) -> None:
        """Take note of problems."""
        for problem in problems:
            self.found += 1
            if len(self.problems) < MAX_KEPT:
                self.problems.append(problem)

    def document(self) -> dict[str, Any]:
        """The report as JSON."""
        newest = self.newest
        told = {"number": newest.number, "at": newest.at, "hash": newest.hash} if newest else None
        return {
            "intact": self.intact,
            "entries": self.entries,
            "shards": self.shards,
            "anchors": self.anchors,
            "newest_anchor": told,
            "entries_after_it": self.uncovered,
            "key_fingerprint": self.fingerprint,
            "found": self.found,
            "problems": [asdict(problem) for problem in self.problems],
        }
