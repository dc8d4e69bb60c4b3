"""What happens on the road: what a client posts, and what the bus brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.shared.clock import to_iso

NOW = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
START = NOW - timedelta(days=9)


@dataclass(frozen=True)
class Step:
    """A batch that a client posts, and messages that the bus has put into the queue."""

    name: str
    batch: Sequence[dict[str, Any]]
    bus: Sequence[dict[str, Any]] = ()


def call(kind: str, number: int, minute: int, **fields: Any) -> dict[str, Any]:
    """A Segment message."""
    at = to_iso(START + timedelta(minutes=minute))
    name = {"event": f"E{number}"} if kind == "track" else {}
    return {"type": kind, **name, "messageId": f"m{number}", "timestamp": at, **fields}


def _bus(number: int, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"eb-{number}",
        "source": "shop.crm",
        "detail-type": "Segment Message",
        "time": to_iso(NOW),
        "detail": detail,
    }


_ORDER = {"order_id": "o-1", "revenue": 12.5, "products": [{"sku": "a", "price": 12.5, "quantity": 1}]}
_BOUGHT = {**call("track", 2, 1, userId="u-1"), "event": "Order Completed", "properties": _ORDER}

STEPS = (
    Step(
        "visits",
        (call("page", 1, 0, anonymousId="x"), _BOUGHT, call("page", 3, 2, anonymousId="y")),
    ),
    Step(
        "login",
        (
            call("identify", 4, 10, userId="u-1", anonymousId="x", traits={"plan": "pro", "lang": "nl"}),
            _BOUGHT,
        ),
        (_bus(1, call("purchase", 9, 3, userId="u-1")), _bus(2, call("track", 5, 11, userId="u-2"))),
    ),
    Step(
        "late",
        (
            call("identify", 6, 5, userId="u-1", traits={"plan": "free", "city": "Gent"}),
            call("identify", 7, 12, userId="u-2", anonymousId="y", traits={"email": "ana@example.com"}),
        ),
    ),
    Step("parted", (call("track", 8, -1, userId="u-early", anonymousId="x"),)),
)
"""Two visitors and a customer; who logs in on a visitor's device, while an order is told twice and a refused event and
somebody new come over the bus; traits that are older than known ones, and a second login; and an earlier login on the
first device, which takes it from whoever has it."""
