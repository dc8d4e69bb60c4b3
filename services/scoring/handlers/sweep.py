"""Judges profiles whose verdicts time alone has changed, and all of them after a change of definitions."""

from __future__ import annotations

from typing import Any, Protocol

from services.scoring.bootstrap import loyalty
from services.scoring.bootstrap import standings as bootstrap
from services.shared.observability import service_logger

MARGIN_MS = 10_000
"""Time kept back for the page in hand."""

logger = service_logger("scoring")


class Context(Protocol):
    """The part of Lambda's context that is needed."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is cut off."""
        ...


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Answer `{"swept": n, "more": bool}`; with `more`, time ran out and the next run goes on."""

    def has_time() -> bool:
        return context.get_remaining_time_in_millis() > MARGIN_MS

    # Points first: there are few due, and a change of definitions may take all the time there is.
    points = loyalty.sweeping().sweep(has_time)
    result = bootstrap.sweep().run(has_time)
    log = logger.error if result.failed or points.failed else logger.info
    log(
        "profiles swept",
        swept=result.swept,
        caught_up=result.caught_up,
        more=result.more,
        failed=result.failed + len(points.failed),
        accounts=points.written,
    )
    return {"swept": result.swept, "more": result.more}
