"""Keeps the event lake: finished days into Parquet by schedule, and amendments when it is asked."""

from __future__ import annotations

from typing import Any

from services.ingest import bootstrap_lake as bootstrap
from services.ingest.domain.lake import Amendment
from services.shared.observability import service_logger

logger = service_logger("ingest")

NEEDED_MS = 60_000
"""Time a part may take; with less of it left the next run goes on."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A schedule's event; or, invoked directly, `{"amend": {"forget": [profile ids], "mentions": [texts],
    "roll_back": "<beginning of receipts>"}}`, answered with `{"lines": n}` when every day is done.

    Raises:
        ManifestMoved: (amendment) a day was being compacted; to be asked again, which is safe.
    """
    if "amend" in event:
        wanted = event["amend"]
        lines = bootstrap.lake_keeper().amend(
            Amendment(
                forget=frozenset(wanted.get("forget", ())),
                mentions=frozenset(wanted.get("mentions", ())),
                roll_back=wanted.get("roll_back", ""),
            )
        )
        logger.info("lake amended", extra={"lines": lines})
        return {"lines": lines}
    done = bootstrap.lake_keeper().compact(lambda: context.get_remaining_time_in_millis() > NEEDED_MS)
    logger.info("lake compacted", extra={"objects": done.objects, "rows": done.rows, "days_left": done.left})
    return {"objects": done.objects, "rows": done.rows, "left": done.left}
