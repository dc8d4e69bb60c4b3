"""What once happened, from files: the lake's Parquet as it lies in the bucket, or a table of events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from halte.analysis.happenings import WrongFile, rows_of
from services.ingest.domain.lake import counts
from services.shared.errors import Invalid
from services.simulations.domain.deeds import Being
from services.simulations.domain.history import beings_of
from services.simulations.domain.population import Habits

_SUFFIXES = (".parquet", ".csv", ".json", ".jsonl", ".ndjson")


def of_history(folder: Path, habits: Habits, seed: int) -> list[Being]:
    """Everybody in a folder of files, or in one file: the lake's own, or tables as `beings_of` reads them.

    Raises:
        WrongFile: a file can't be read, or lacks a column.
    """
    try:
        return beings_of(_rows(folder), habits, seed)
    except WrongFile:
        raise
    except Invalid as error:
        raise WrongFile("wrong_file", f"{folder}: {error.message}") from error


def _rows(folder: Path) -> Iterator[Mapping[str, Any]]:
    files = [folder] if folder.is_file() else sorted(folder.rglob("*"))
    files = [file for file in files if file.is_file() and any(one in _SUFFIXES for one in file.suffixes)]
    if not files:
        raise WrongFile("wrong_file", f"{folder} has no {', '.join(_SUFFIXES)}")
    for file in files:
        for row in rows_of(file):
            if "disposition" not in row or (row["event"] and counts(row)):
                yield row
