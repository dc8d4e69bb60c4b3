"""What keeps the lines of reports, apart from all that runs without DuckDB."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from services.delivery.adapters.outcome_parquet import DuckOutcomes
from services.delivery.adapters.s3_outcomes import S3Outcomes
from services.delivery.settings import CompactSettings
from services.delivery.use_cases.keep_outcomes import KeepOutcomes


@cache
def keeping() -> KeepOutcomes:
    """What `compact` runs."""
    settings = CompactSettings.from_env()
    folder = Path(tempfile.gettempdir())
    return KeepOutcomes(
        store=S3Outcomes(settings.lake_bucket),
        files=DuckOutcomes(folder, memory=f"{settings.memory_mb}MB"),
        clock=settings.clock(),
        folder=folder,
    )
