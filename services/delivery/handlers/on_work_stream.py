"""Publishes what changed among tasks and passes."""

from __future__ import annotations

from typing import Any

from services.delivery.adapters.dynamo_work import read
from services.delivery.bootstrap import work as bootstrap
from services.delivery.domain.work import Pass, Task
from services.shared.aws.dynamo import Item
from services.shared.aws.records import batch_failures, changes
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Publish one batch; an exception has the stream deliver all of it again."""
    counts = bootstrap.publishing_work().run([(_read(one.old), _read(one.new)) for one in changes(event)])
    logger.info("work published", extra={"counts": dict(counts)})
    return batch_failures([])


def _read(item: Item | None) -> Task | Pass | None:
    """A letter that waits is nobody's news."""
    kind = item["sk"] if item else ""
    if item and kind == "task":
        return read(Task, item)
    return read(Pass, item) if item and kind in ("balance", "issue") else None
