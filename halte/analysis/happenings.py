"""What people did, from a stage's lake or from a file."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from halte.stores import Place, Store
from services.ingest.adapters.parquet import DuckParquet
from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.domain.happenings import Happening, amount_of, happened, score_of
from services.ingest.domain.lake import counts
from services.ingest.lake.upkeep import LakeKeeper
from services.scoring.domain.analysis.observing import Trail
from services.shared.clock import SystemClock
from services.shared.errors import Invalid

_READERS = {".csv": "read_csv($file, all_varchar=true)", ".parquet": "read_parquet($file)"}
_OTHERWISE = "read_json($file, format='newline_delimited')"
_PERSON = ("person", "profile_id", "userId", "user_id", "customer_id")
_NAME = ("event", "name")
_AT = ("at", "timestamp", "time", "date")
BATCH = 10_000

Report = Callable[[int], None]


class WrongFile(Invalid):
    """A file is no table, or misses a column: `wrong_file`."""


def rows_of(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a CSV (every value a text; whatever its delimiter), Parquet or lines-of-JSON file, gzip or not.

    Raises:
        WrongFile: it can't be read as that.
    """
    import duckdb

    suffixes = [suffix.lower() for suffix in file.suffixes]
    reader = next((_READERS[suffix] for suffix in suffixes if suffix in _READERS), _OTHERWISE)
    try:
        with duckdb.connect() as connection:
            cursor = connection.execute(f"SELECT * FROM {reader}", {"file": str(file)})
            names = [column[0] for column in cursor.description or ()]
            while rows := cursor.fetchmany(BATCH):
                for values in rows:
                    yield dict(zip(names, values, strict=True))
    except duckdb.Error as error:
        raise WrongFile("wrong_file", f"{file}: {str(error).splitlines()[0]}") from error


def of_file(file: Path) -> Iterator[Happening]:
    """What the rows of a file say happened: a column for the person, the event and the time, perhaps an amount.

    Raises:
        WrongFile: a column is missing, or a time can't be read.
    """
    for number, row in enumerate(rows_of(file), start=1):
        found = [_column(row, names, file) for names in (_PERSON, _NAME, _AT)]
        try:
            survey = str(row.get("survey") or "")
            yield Happening(
                str(found[0]), _instant(found[2]), str(found[1]), amount_of(row), score_of(row), survey
            )
        except ValueError as error:
            raise WrongFile("wrong_file", f"{file}, row {number}: {error}") from error


def of_lake(place: Place, report: Report = lambda lines: None) -> Iterator[Happening]:
    """Every event of a lake that counts, by the person it belongs to today: absorbed profiles' are their winner's."""
    into = _redirects(Store(place.tables))
    with tempfile.TemporaryDirectory() as folder:
        keeper = LakeKeeper(
            store=S3Lake(place.bucket),
            parts=DuckParquet(Path(folder)),
            clock=SystemClock(),
            folder=Path(folder),
        )
        for line in keeper.lines():
            report(1)
            if counts(line):
                one = happened(line)
                yield replace(one, person=into.get(one.person, one.person))


def trails(happenings: Iterable[Happening]) -> list[Trail]:
    """Grouped by person; a name is held in memory once."""
    people: dict[str, list[tuple[datetime, str]]] = {}
    for one in happenings:
        people.setdefault(one.person, []).append((one.at, sys.intern(one.name)))
    return [Trail(person, events) for person, events in people.items()]


def _redirects(store: Store) -> dict[str, str]:
    """Of each absorbed profile the one that has its people now."""
    ids = sorted(store.profile_ids())
    into = {
        profile.profile_id: profile.merged_into
        for start in range(0, len(ids), 100)
        for profile in store.profiles.load(ids[start : start + 100]).values()
        if profile.merged_into
    }
    for absorbed in into:
        while into[absorbed] in into:
            into[absorbed] = into[into[absorbed]]
    return into


def _column(row: Mapping[str, Any], names: Iterable[str], file: Path) -> Any:
    for name in names:
        if row.get(name) not in (None, ""):
            return row[name]
    raise WrongFile("wrong_file", f"{file}: none of the columns {', '.join(names)}, or an empty cell in it")


def _instant(value: Any) -> datetime:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
