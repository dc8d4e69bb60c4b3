"""What the single customer view needs of the world."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from services.ingest.domain.erasure import Erasure, Progress
from services.ingest.domain.export import ExportJob
from services.ingest.domain.forget import Subject
from services.ingest.domain.history import Strip
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.person import Person
from services.shared.contracts.person import Address, PersonAnswer, PersonQuestion
from services.shared.records import Record


@dataclass(frozen=True)
class Parted:
    """Profiles that were one with a person's once; and what is somebody else's now (identifier or profile id), with
    the profile id it belongs to."""

    profile_ids: tuple[str, ...] = ()
    others: Mapping[Identifier | str, str] = field(default_factory=dict)


class People(Protocol):
    """Profiles with their identifiers."""

    def by_identifier(self, readings: Sequence[Identifier]) -> Person | None:
        """Whom the first of `readings` that anybody is known by stands for."""
        ...

    def whose(self, identifiers: Iterable[Identifier]) -> dict[Identifier, str]:
        """By identifier the id of the profile it stands for, in one reading of all; those that nobody has any more
        are left out."""
        ...

    def by_id(self, profile_id: str) -> Person | None:
        """Whose id it is, or was before a merge."""
        ...

    def addresses(self, person: Person, known: Iterable[Record]) -> list[Address]:
        """Where the person can be reached, without addresses that are somebody else's: an order may have named a
        friend's, and nothing said about this person may touch that friend."""
        ...

    def names(self, person: Person) -> list[Identifier]:
        """Every identifier that stands for a person, also those that no event has confirmed."""
        ...

    def parted(self, person: Person) -> Parted:
        """Who was one profile with the person once, and what is theirs now."""
        ...

    def forget(self, person: Person, at: datetime) -> int:
        """Take away profile and identifiers, leaving a mark under each profile id that refuses later writes; how
        many items that were.

        Raises:
            StaleProfile: they changed meanwhile; try again.
        """
        ...


class Finder(Protocol):
    """Identifiers by how they begin."""

    def beginning(self, prefix: str, after: str, limit: int) -> list[tuple[Identifier, str]]:
        """Up to `limit` identifiers whose normal form begins with `prefix` (3 characters or more, in lower case) and
        that come after the place `after` ("" is the start), each with its place, in order."""
        ...


class RecordStore(Protocol):
    """Related records, as contributions beside the chunks of a history."""

    def of(self, strips: Iterable[Strip], type_: str = "") -> list[Record]:
        """The records (of one type, or all) in the histories under `strips`, latest changed first."""
        ...


class Histories(Protocol):
    """What is kept of profiles beside their hot item."""

    def forget(self, profile_ids: Iterable[str]) -> int:
        """Remove all that is kept of them beside the mark: traits, events, records. How many items that were."""
        ...


@dataclass(frozen=True)
class Answers:
    """What services said of a person, and which did not."""

    of: Mapping[str, PersonAnswer] = field(default_factory=dict)
    unavailable: tuple[str, ...] = ()


class Services(Protocol):
    """The other services' `person` functions."""

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, sorted."""
        ...

    def ask(self, question: PersonQuestion, of: Sequence[str]) -> Answers:
        """The question to each service named, at the same time. Who fails or is late is unavailable."""
        ...


class Tombstones(Protocol):
    """Keyed hashes of identifiers whose person was erased."""

    def put(self, identifiers: Iterable[Identifier], at: datetime) -> int:
        """Remember them; how many that were. The first time stands."""
        ...

    def of(self, identifiers: Iterable[Identifier]) -> dict[Identifier, datetime]:
        """Those that were erased, and when."""
        ...

    def mark(self, identifier: Identifier) -> str:
        """The keyed hash that stands for an identifier."""
        ...


class Forgetting(Protocol):
    """What a rebuild from the lake has to know of erasures."""

    def forget(self, identifiers: Iterable[Identifier], erasure_id: str, at: datetime) -> None:
        """Keep, under their marks, that these were somebody's who is erased. Repeating it changes nothing."""
        ...


class Memberships(Protocol):
    """Who is a member of which firms."""

    def forget(self, profile_ids: Iterable[str]) -> int:
        """Let profiles be members of nothing; how many memberships there were."""
        ...


class Erasures(Protocol):
    """Erasures under way, and the receipts of those that are done."""

    def start(self, erasure: Erasure) -> Erasure:
        """Keep a new one; the one there is, if there is one of this id."""
        ...

    def get(self, erasure_id: str) -> Erasure | None:
        """One, read consistently."""
        ...

    def gather(self, erasure_id: str, subject: Subject) -> None:
        """Keep for the time of the erasure who is to be forgotten."""
        ...

    def advance(self, erasure_id: str, stage: str, progress: Progress) -> None:
        """Keep how far a stage is."""
        ...

    def finish(self, erasure_id: str, at: datetime) -> None:
        """Turn it into a receipt: the subject goes."""
        ...

    def again(self, erasure_id: str) -> None:
        """Back to the start, for stores that were restored from before it."""
        ...


class ErasureQueue(Protocol):
    """Where erasures wait for their next round."""

    def send(self, erasure_id: str, *, delay_seconds: int = 0) -> None:
        """Durably, or an exception."""
        ...


LINK_SECONDS = 900
"""How long a link to an exported file is good."""


class Exports(Protocol):
    """Files of exports that wait to be fetched."""

    def forget(self, profile_ids: tuple[str, ...]) -> int:
        """Remove whatever is kept of these profiles; how many files that were."""
        ...


class StaleExport(Exception):
    """Somebody else has changed the job, or it was forgotten."""


class ExportFiles(Exports, Protocol):
    """Where exports wait to be fetched, for a day: the job of each profile and its parts."""

    def job(self, profile_id: str) -> tuple[ExportJob, str] | None:
        """The profile's job, and the version of it that is kept."""
        ...

    def keep(self, job: ExportJob, version: str) -> str:
        """Replace the job of `version` ("": there is none); the new version.

        Raises:
            StaleExport: that is not the version there is.
        """
        ...

    def put(self, job: ExportJob, name: str, body: bytes) -> None:
        """Keep a part."""
        ...

    def link(self, job: ExportJob, name: str) -> str:
        """A link to a part, good for `LINK_SECONDS`."""
        ...


class ExportQueue(Protocol):
    """Where jobs wait for their next round."""

    def send(self, job: ExportJob, *, delay_seconds: int = 0) -> None:
        """Durably, or an exception."""
        ...


class LakeBusy(Exception):
    """The lake can't be read or changed right now; the same may be asked again later."""


class LakeDays(Protocol):
    """The event lake, raw and Parquet, by day: the day on which events were processed, as an ISO date. Each of its
    methods may raise `LakeBusy`."""

    def days(self, since: str) -> list[str]:
        """The days there are from `since` on, oldest first."""
        ...

    def lines(self, days: Sequence[str], profile_ids: Collection[str]) -> Iterator[Mapping[str, Any]]:
        """Every line of some profiles on some days, oldest day first."""
        ...

    def forget(self, day: str, subject: Subject) -> int:
        """Rewrite the day without what speaks of `subject` (`lake.Amendment`); how many lines that changed."""
        ...
