"""Parquet parts of the lake by DuckDB, which only the functions that need it carry: imported when first used."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

from services.ingest.domain.lake import COLUMNS, RANK, TIES, Amendment, to_line, to_row

ROW_GROUP = 100_000
_NAMES = ", ".join(f'"{name}"' for name in COLUMNS)
BATCH = 1_000
LONGEST_LINE = 64 * 1024 * 1024
_ORDER = 'profile_id, "at", received_at, receipt'
"""A person's rows lie together, so that looking for a person reads few row groups."""

_UNSAID = {
    "message_id": "''",
    **dict.fromkeys(("type", "name", "at", "event", "refused"), "NULL"),
}
"""What an emptied line has in the columns that come from its event."""


class DuckParquet:
    """Port `Parts`: files in `folder`, where DuckDB may also spill what exceeds `memory`."""

    def __init__(self, folder: Path, *, memory: str = "1GB", threads: int = 2) -> None:
        self._folder = folder
        self._settings: dict[str, Any] = {
            "memory_limit": memory,
            "threads": threads,
            "temp_directory": str(folder),
        }

    def write(self, lines: Iterable[Mapping[str, Any]], target: Path, *, known: Sequence[Path] = ()) -> int:
        staged = target.with_suffix(".ndjson")
        count = 0
        try:
            with staged.open("w", encoding="utf-8") as file:
                for line in lines:
                    file.write(json.dumps(to_row(line)) + "\n")
                    count += 1
            return self._copy(staged, target, known) if count else 0
        finally:
            staged.unlink(missing_ok=True)

    def _copy(self, staged: Path, target: Path, known: Sequence[Path]) -> int:
        unknown = "WHERE receipt NOT IN (SELECT receipt FROM read_parquet($known))" if known else ""
        columns = ", ".join(f"'{name}': '{type_}'" for name, type_ in COLUMNS.items())
        ranks = " ".join(f"WHEN '{name}' THEN {-rank}" for name, rank in RANK.items())
        query = f"""
            SELECT {_NAMES}
            FROM read_json($staged, format='newline_delimited', columns={{{columns}}},
                           maximum_object_size={LONGEST_LINE})
            {unknown}
            QUALIFY row_number() OVER (
              PARTITION BY receipt ORDER BY CASE disposition {ranks} END, {", ".join(TIES)}) = 1"""
        arguments: dict[str, Any] = {"staged": str(staged)}
        if known:
            arguments["known"] = [str(path) for path in known]
        with self._connected() as connection:
            return _save(connection, query, arguments, target)

    def rewrite(self, source: Path, target: Path, amendment: Amendment) -> tuple[int, int]:
        if amendment.parted:
            return self._rewrite_by_line(source, target, amendment)
        forgotten = "(profile_id IN (SELECT unnest($forget::VARCHAR[])))"
        unsaid = "(receipt IN (SELECT unnest($unsaid::VARCHAR[])))"
        marked = "($job <> '' AND starts_with(receipt, $job))"
        emptied = ", ".join(
            f'CASE WHEN {unsaid} THEN {empty} ELSE "{name}" END AS "{name}"'
            for name, empty in _UNSAID.items()
        )
        with self._connected() as connection:
            arguments = {
                "source": str(source),
                "forget": sorted(amendment.forget),
                "unsaid": _unsaid(connection, source, amendment),
                "job": amendment.roll_back,
            }
            (changed,) = connection.execute(
                f"SELECT count(*) FROM read_parquet($source) "
                f"WHERE {forgotten} OR {unsaid} OR ({marked} AND NOT rolled_back)",
                arguments,
            ).fetchone()
            if not changed:
                return 0, 0
            query = f"""
                SELECT * REPLACE (rolled_back OR {marked} AS rolled_back, {emptied})
                FROM read_parquet($source) WHERE NOT {forgotten}"""
            return _save(connection, query, arguments, target), int(changed)

    def _rewrite_by_line(self, source: Path, target: Path, amendment: Amendment) -> tuple[int, int]:
        """Whose a line is can only be told from its event."""
        changed = 0

        def amended() -> Iterator[Mapping[str, Any]]:
            nonlocal changed
            for line in self.read([source]):
                after = amendment.apply(line)
                changed += after != line
                if after is not None:
                    yield after

        kept = self.write(amended(), target)
        return (kept, changed) if changed else (0, 0)

    def read(
        self,
        parts: Sequence[Path],
        profile_ids: Collection[str] | None = None,
        names: Collection[str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        if not parts:
            return
        arguments: dict[str, Any] = {"parts": [str(p) for p in parts]}
        wanted = ["true"]
        for column, values in (("profile_id", profile_ids), ("name", names)):
            if values is not None:
                wanted.append(f"{column} IN (SELECT unnest(${column}::VARCHAR[]))")
                arguments[column] = sorted(values)
        query = f"SELECT {_NAMES} FROM read_parquet($parts) WHERE {' AND '.join(wanted)}"
        with self._connected() as connection:
            yield from _lines(connection, query, arguments)

    def _connected(self) -> Any:
        import duckdb

        return duckdb.connect(config=self._settings)


def _unsaid(connection: Any, source: Path, amendment: Amendment) -> list[str]:
    """Receipts of the lines of nobody that an amendment empties; which they are is the amendment's to say."""
    if not amendment.mentions:
        return []
    of_nobody = f"SELECT {_NAMES} FROM read_parquet($source) WHERE profile_id = ''"
    found = _lines(connection, of_nobody, {"source": str(source)})
    rule = replace(amendment, roll_back="")
    return sorted(line["receipt"] for line in found if rule.apply(line) != line)


def _lines(connection: Any, query: str, arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    cursor = connection.execute(query, arguments)
    while rows := cursor.fetchmany(BATCH):
        for values in rows:
            row = dict(zip(COLUMNS, values, strict=True))
            row["received_at"] = row["received_at"].replace(tzinfo=UTC)
            yield to_line(row)


def _save(connection: Any, query: str, arguments: Mapping[str, Any], target: Path) -> int:
    """A query's rows as a Parquet file; how many they were."""
    file = str(target).replace("'", "''")
    copied = connection.execute(
        f"COPY ({query} ORDER BY {_ORDER}) TO '{file}' "
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})",
        arguments,
    )
    return int(copied.fetchone()[0])
