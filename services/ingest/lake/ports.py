"""What the use cases of the lake and of imports need of the world."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from services.ingest.domain.imports import Job
from services.ingest.domain.lake import Amendment, Manifest


class ManifestMoved(Exception):
    """Somebody else changed the day meanwhile: what was listed is no longer there, or no longer so."""


class LakeStore(Protocol):
    """The lake's objects: raw ones, Parquet parts, and each day's manifest."""

    def days(self) -> set[date]:
        """Every day that has objects."""
        ...

    def raw_days(self) -> set[date]:
        """Every day that has raw objects."""
        ...

    def raw_sizes(self, day: date) -> dict[str, int]:
        """A day's raw objects with their bytes."""
        ...

    def part_keys(self, day: date) -> set[str]:
        """Every part that exists under a day, listed by its manifest or not."""
        ...

    def raw_lines(self, keys: Iterable[str]) -> Iterator[list[dict[str, Any]]]:
        """The lines of each raw object.

        Raises:
            ManifestMoved: one is gone.
        """
        ...

    def put_raw(self, key: str, lines: Iterable[Mapping[str, Any]]) -> None:
        """Write a raw object."""
        ...

    def manifest(self, day: date) -> tuple[Manifest, str]:
        """A day's manifest and its state (`""`: there is none yet), for `switch`."""
        ...

    def switch(self, day: date, manifest: Manifest, was: str) -> str:
        """Replace the manifest that was read in state `was`; the new state.

        Raises:
            ManifestMoved: it is another by now.
        """
        ...

    def fetch(self, key: str, target: Path) -> None:
        """Copy a part to a file.

        Raises:
            ManifestMoved: it is gone.
        """
        ...

    def store(self, key: str, source: Path) -> None:
        """Write a part from a file."""
        ...

    def remove(self, keys: Iterable[str]) -> None:
        """Delete objects; those that are gone already are no error."""
        ...


class Parts(Protocol):
    """Parquet files."""

    def write(self, lines: Iterable[Mapping[str, Any]], target: Path, *, known: Sequence[Path] = ()) -> int:
        """Write the lines, each receipt once, but those whose receipt stands in one of the `known` files; how many
        that were. With none, `target` may be absent."""
        ...

    def rewrite(self, source: Path, target: Path, amendment: Amendment) -> tuple[int, int]:
        """Copy a file with an amendment: how many lines are kept, and how many were left out or changed. With
        none of these, `target` may be absent."""
        ...

    def read(
        self,
        parts: Sequence[Path],
        profile_ids: Collection[str] | None = None,
        names: Collection[str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Every line of the files, or those of some profiles, or of events of some names."""
        ...


class StaleImport(Exception):
    """The job was changed by somebody else since it was read."""


class Imports(Protocol):
    """The import jobs."""

    def add(self, job: Job) -> None:
        """Keep a new one."""
        ...

    def get(self, job_id: str) -> Job | None:
        """One, read consistently."""
        ...

    def save(self, job: Job) -> None:
        """Write a job whose version is one above the stored one.

        Raises:
            StaleImport: the stored version is another.
        """
        ...


class ImportQueue(Protocol):
    """Where jobs wait for a worker."""

    def send(self, job_id: str, delay: int = 0) -> None:
        """Durably, or an exception; nobody gets it within `delay` seconds."""
        ...


class LakeMarker(Protocol):
    """Whoever keeps the lake."""

    def roll_back(self, receipts: str) -> None:
        """Have every line whose receipt begins so marked as rolled back, soon."""
        ...


class ImportFiles(Protocol):
    """Uploaded files and the reports about them; all of them expire."""

    def key_of(self, s3_uri: str) -> str:
        """The key of a file in our bucket.

        Raises:
            Invalid: `bad_s3_uri`.
        """
        ...

    def upload_key(self, job_id: str) -> str:
        """Where a job's file is to be."""
        ...

    def upload_url(self, key: str) -> str:
        """Whoever has it may PUT that file for an hour."""
        ...

    def exists(self, key: str) -> bool:
        """Is the file there?"""
        ...

    def open(self, key: str) -> Iterator[bytes]:
        """The file, piece by piece."""
        ...

    def put_report(self, job_id: str, first_row: int, text: str) -> None:
        """Keep what is wrong with a portion."""
        ...

    def report_urls(self, job_id: str) -> list[str]:
        """Links to the first reports, in order of the rows, good for an hour."""
        ...
