"""Lines of reports by DuckDB, which only the functions that need it carry: imported when first used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.delivery.domain.reports.lines import COLUMNS
from services.delivery.domain.reports.rows import Row, RowKey

ROW_GROUP = 100_000
_NAMES = ", ".join(COLUMNS)
_TYPES = ", ".join(f"'{name}': '{type_}'" for name, type_ in COLUMNS.items())
_NOTHING = f"SELECT {', '.join(f'NULL::{type_} AS {name}' for name, type_ in COLUMNS.items())} WHERE false"


class DuckOutcomes:
    """Port `OutcomeFiles`; DuckDB may use `memory` and spill into `folder`."""

    def __init__(self, folder: Path, *, memory: str = "1GB", threads: int = 2) -> None:
        self._settings: dict[str, Any] = {
            "memory_limit": memory,
            "threads": threads,
            "temp_directory": str(folder),
        }

    def write(self, raw: Sequence[Path], parts: Sequence[Path], target: Path) -> int:
        with self._connected() as connection:
            file = str(target).replace("'", "''")
            arguments = _arguments(raw, parts)
            copied = connection.execute(
                f"COPY ({_each_once(raw, parts)} ORDER BY journey, node, measure, id) TO '{file}' "
                f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})",
                arguments,
            )
            return int(copied.fetchone()[0])

    def rows(
        self,
        settled: Sequence[Path],
        raw: Sequence[Path] = (),
        parts: Sequence[Path] = (),
        *,
        by: Sequence[str],
        mailboxes: bool = False,
    ) -> list[Row]:
        names = list(dict.fromkeys(["day", *by, "channel"]))
        listed = ", ".join(name if name in by else _where_it_costs(name) for name in names)
        known = f"SELECT {_NAMES} FROM read_parquet($settled)" if settled else _NOTHING
        query = (
            f"SELECT {listed}, measure, CAST(sum(amount) AS BIGINT) AS amount "
            f"FROM ({known} UNION ALL {_each_once(raw, parts)}) "
            f"WHERE (mailbox <> '') = $mailboxes GROUP BY ALL HAVING sum(amount) <> 0 ORDER BY ALL"
        )
        arguments = {**_arguments(raw, parts), "mailboxes": mailboxes}
        arguments |= {"settled": [str(path) for path in settled]} if settled else {}
        with self._connected() as connection:
            return list(_rows(connection.execute(query, arguments).fetchall(), names))

    def count(self, parts: Sequence[Path]) -> int:
        """How many lines parts have: what reading them costs at least."""
        with self._connected() as connection:
            found = connection.execute("SELECT count(*) FROM read_parquet($1)", [[str(p) for p in parts]])
            return int(found.fetchone()[0])

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        import duckdb

        with duckdb.connect(config=self._settings) as connection:
            yield connection


def _each_once(raw: Sequence[Path], parts: Sequence[Path]) -> str:
    sources = []
    if raw:
        sources.append(
            f"SELECT {_NAMES} FROM read_json($raw, format='newline_delimited', compression='gzip', "
            f"columns={{{_TYPES}}})"
        )
    if parts:
        sources.append(f"SELECT {_NAMES} FROM read_parquet($parts)")
    if not sources:
        return _NOTHING
    every = " UNION ALL ".join(sources)
    return f"SELECT {_NAMES} FROM ({every}) QUALIFY row_number() OVER (PARTITION BY id) = 1"


def _arguments(raw: Sequence[Path], parts: Sequence[Path]) -> dict[str, Any]:
    named = {"raw": raw, "parts": parts}
    return {name: [str(path) for path in paths] for name, paths in named.items() if paths}


def _where_it_costs(name: str) -> str:
    """Costs need to know when, and by which channel: no other number is split up by it."""
    return f"CASE WHEN measure = 'units' THEN {name} END AS {name}"


def _rows(found: Sequence[tuple[Any, ...]], names: Sequence[str]) -> Iterator[Row]:
    numbers: dict[tuple[Any, ...], dict[str, int]] = {}
    for *about, measure, amount in found:
        numbers.setdefault(tuple(about), {})[measure] = amount
    for about_row, by in numbers.items():
        said = {name: str(value) for name, value in zip(names, about_row, strict=True) if value is not None}
        yield Row(RowKey(**{"day": "", **said}), by)
