"""Builders with sane defaults, in the words of the domain."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from services.scoring.domain.definitions import Definitions, ScoreModel, Segment
from services.shared.contracts.ingest import CustomerEvent, ProfileChange

_numbers = count(1)

DEMO_SEGMENTS: dict[str, dict[str, Any]] = {
    "first_order": {"fact": "orders", "gte": 1},
    "no_order_90d": {"fact": "last_order_at", "older_than": "P90D"},
}
DEMO_MODELS: dict[str, list[dict[str, Any]]] = {
    "engagement": [
        {"event": "Order Completed", "points": 10, "cap": 50},
        {"event": "Unsubscribed", "points": -15},
        {"event": "Email Bounced", "points": -5},
    ]
}


def on(text: str) -> datetime:
    """`1997-01-31` at noon, or `1997-01-31T08:00`, in UTC."""
    at = datetime.fromisoformat(text)
    return (at if "T" in text else at.replace(hour=12)).replace(tzinfo=UTC)


def event(name: str, at: str | datetime, kind: str = "track", **properties: Any) -> CustomerEvent:
    return CustomerEvent(
        message_id=f"m{next(_numbers)}",
        type=kind,  # type: ignore[arg-type]
        name=name,
        at=on(at) if isinstance(at, str) else at,
        properties=properties,
    )


def order(at: str | datetime, revenue: Any = 10) -> CustomerEvent:
    return event("Order Completed", at, revenue=revenue)


def change(
    version: int, *events: CustomerEvent, at: str = "1997-01-01", profile_id: str = "prf_1", **traits: Any
) -> ProfileChange:
    return ProfileChange(
        profile_id=profile_id, version=version, at=on(at), events=list(events), traits=traits
    )


def definitions(
    segments: dict[str, dict[str, Any]] | None = None,
    models: dict[str, list[dict[str, Any]]] | None = None,
    version: int = 1,
) -> Definitions:
    segments = DEMO_SEGMENTS if segments is None else segments
    models = DEMO_MODELS if models is None else models
    return Definitions.of(
        version,
        [
            *(ScoreModel.read(name, {"rules": r}) for name, r in models.items()),
            *(Segment.read(name, {"condition": condition}) for name, condition in segments.items()),
        ],
    )
