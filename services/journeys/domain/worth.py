"""What a journey's goal brought, as the event that reached it says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from services.journeys.domain.document import Document
from services.journeys.domain.ends import GoalEvent
from services.journeys.domain.listening import CURRENCY
from services.journeys.domain.moves import Worth

MOST = Decimal(10_000_000)
"""In units of the currency: more is a mistake of whoever sent it."""

_CURRENCY = re.compile(r"[A-Z]{3}")


def worth_of(document: Document, properties: Mapping[str, Any]) -> Worth | None:
    """What the event that reached the goal brought; `None`: nobody asked, or it is no amount."""
    goal = document.goal
    if not isinstance(goal, GoalEvent) or goal.value is None:
        return None
    amount = _amount(properties.get(goal.value))
    if amount is None:
        return None
    currency = str(properties.get(CURRENCY, "")).strip().upper()
    return Worth(amount, currency if _CURRENCY.fullmatch(currency) else "")


def _amount(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return round(amount * 100) if amount.is_finite() and abs(amount) <= MOST else None
