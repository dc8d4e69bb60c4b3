"""How long a report over 5 million lines of the lake takes, the slowest of its kinds, beside a floor: counting them.

The lines lie in thirty days of Parquet, as they do once days are over: 40 journeys, 200 nodes, three channels. A report
is the query and all that is shown of it. The floor is `COUNT(*)` over the same files.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from benchmarks.results import Report, Result
from services.delivery.adapters.outcome_parquet import ROW_GROUP, DuckOutcomes
from services.delivery.domain.prices import Prices
from services.delivery.domain.reports.tables import KINDS, lines, shown

LINES = 5_000_000
DAYS = 30
ROUNDS = 3
MOST = 2.0
FIRST = date(2026, 3, 1)
_MEASURES = (
    "['requested','sent','units','delivered','opened','clicked','bounced','skipped','skipped_no_consent']"
)


def run(report: Report) -> list[Result]:
    """Seconds on the clock, of the slowest kind of report."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = _made(folder, report)
        duck = DuckOutcomes(folder)
        if duck.count(files) != LINES:
            raise AssertionError("not as many lines as were made")
        floor = _timed(lambda: duck.count(files))
        taken: dict[str, float] = {}
        for number, kind in enumerate(KINDS):
            report(kind, 0.5 + number / len(KINDS) / 2)
            taken[kind] = _timed(lambda kind=kind: _report(duck, files, kind))  # type: ignore[misc]
    slowest = max(taken, key=lambda kind: taken[kind])
    return [
        Result(
            "report_queries_seconds",
            taken[slowest],
            f"seconds for the slowest of {len(KINDS)} reports ({slowest}) over {LINES:,} lines",
            against={"counting the lines": floor},
            budget=MOST,
        )
    ]


def _report(duck: DuckOutcomes, files: list[Path], kind: str) -> None:
    rows = duck.rows(files, by=KINDS[kind], mailboxes=kind == "mailboxes")
    prices = Prices([])
    found = [shown(line, prices.currency) for line in lines(rows, kind, prices)]
    if not found:
        raise AssertionError(f"nothing in {kind}")


def _timed(call: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return median(taken)


def _made(folder: Path, report: Report) -> list[Path]:
    import duckdb

    files = []
    with duckdb.connect() as connection:
        for number in range(DAYS):
            report("making lines", number / DAYS / 2)
            day, target = FIRST + timedelta(days=number), folder / f"{number}.parquet"
            first, last = (LINES * n // DAYS for n in (number, number + 1))
            connection.execute(
                f"COPY ({_day(day, first, last)} ORDER BY journey, node, measure, id) TO '{target}' "
                f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
            )
            files.append(target)
    return files


def _day(day: date, first: int, last: int) -> str:
    return f"""
        SELECT md5(i::VARCHAR) || '-0' AS id, 'snd_' || md5((i // 7)::VARCHAR)[:20] AS send_id, DATE '{day}' AS day,
               'journey_' || (h % 40) AS journey, 'node_' || (h % 200) AS node,
               'split:' || substr('abcd', (h % 4 + 1)::INTEGER, 1) AS variant,
               CASE WHEN h % 40 < 8 THEN 'journey_' || (h % 40) ELSE '' END AS campaign,
               ['welcome','cross_sell','retention','win_back'][(h % 4 + 1)::INTEGER] AS objective,
               ['interaction','lifecycle'][(h % 2 + 1)::INTEGER] AS angle, 'template_' || (h % 120) AS template,
               ['email','sms','push'][(h % 3 + 1)::INTEGER] AS channel,
               CASE WHEN i % 5 = 0 THEN ['gmail','outlook','other'][(h % 3 + 1)::INTEGER] ELSE '' END AS mailbox,
               {_MEASURES}[(i % 9 + 1)::INTEGER] AS measure, 1::BIGINT AS amount
        FROM (SELECT i, hash(i // 9) AS h FROM range({first}, {last}) t(i))"""
