"""How long `halte consent verify --file` takes over 100,000 entries, beside a floor: hashing what they are made of.

The file is read, each line held against the one way to write it, each entry's hash computed, chained and led to the
signed anchors. The floor is SHA-256 over the same lines and nothing else.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.results import Report, Result
from halte.ledger.checking import check
from halte.ledger.files import FileSource, write
from services.consent.domain.ledger import SHARDS
from tests.support.ledgers import MemoryLedger

ENTRIES = 100_000
ROUNDS = 3
MOST = 10.0


def run(report: Report) -> list[Result]:
    """CPU seconds, and those of the floor."""
    report("writing a ledger", 0.0)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.ndjson"
        with file.open("wb") as out:
            write(MemoryLedger.appended([ENTRIES // SHARDS] * SHARDS), out, int)
        taken, floor = [], []
        for turn in range(ROUNDS):
            report("checking", (turn + 1) / (ROUNDS + 1))
            began = time.process_time()
            found = check(FileSource(file), int)
            taken.append(time.process_time() - began)
            if not found.intact or found.entries != ENTRIES:
                raise AssertionError("the ledger is not what was appended")
            began = time.process_time()
            with file.open("rb") as opened:
                for line in opened:
                    hashlib.sha256(line).digest()
            floor.append(time.process_time() - began)
    return [
        Result(
            "ledger_verification_seconds",
            median(taken),
            f"CPU seconds for {ENTRIES:,} entries",
            against={"hashing alone": median(floor)},
            budget=MOST,
        )
    ]
