"""Tells of permissions that have lapsed; runs on a schedule."""

from __future__ import annotations

from typing import Any

from services.consent.bootstrap.records import lapsing
from services.shared.observability import service_logger

logger = service_logger("consent")


def handler(event: dict[str, Any], context: Any) -> None:
    """One run over all shards."""
    logger.info("lapses told", extra={"counts": dict(lapsing().run())})
