"""Journeys on the interpreter, walked by real customers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.journeys.domain.document import Document
from services.journeys.domain.interpreter import Interpreter
from services.journeys.domain.traces import Step
from tests.support.listening import Listening
from tests.support.stories import Event, cart_journey, ecom, offer_durations, offer_journey, starbucks

A_YEAR = timedelta(days=366)


def walk(raw: dict[str, Any], events: Iterable[Event]) -> list[Step]:
    """The whole trace."""
    document = Document.model_validate(raw)
    listening, events = Listening(document), list(events)
    interpreter = Interpreter(document, events[0].at)
    for event in events:
        if fact := listening.hear(event.profile, event.name, event.at, event.properties):
            interpreter.take(fact, event.at)
    interpreter.run_until(events[-1].at + A_YEAR)
    return interpreter.trace


@pytest.mark.parametrize(
    ("ends_on", "reminders"), [(["Offer Viewed"], 1_044), (["Offer Viewed", "Offer Completed"], 738)]
)
def test_offers_that_nobody_saw_are_reminded_of_exactly(ends_on: list[str], reminders: int) -> None:
    """Counts of the data's description: never viewed in an offer's time 1,044; neither viewed nor completed 738."""
    trace = walk(offer_journey(offer_durations(), *ends_on), starbucks())
    assert sum(step.what == "asked" for step in trace) == reminders


def test_offers_and_what_became_of_them() -> None:
    """Each of the 3,825 offers begins a walk, or another round of one; none of them is met twice."""
    trace = walk(offer_journey(offer_durations(), "Offer Viewed", "Offer Completed"), starbucks())
    whats = Counter(step.what for step in trace)
    rounds = Counter(step.detail for step in trace if step.node == "anew")
    assert whats["entered"] + rounds["which"] == 3_825
    assert whats["entered"] == whats["left"]
    asked = [(step.profile, step.key, step.at) for step in trace if step.what == "asked"]
    assert len(set(asked)) == len(asked)


def test_carts_that_were_left_are_reminded_of_exactly() -> None:
    """Beside a query that knows nothing of journeys."""
    trace = walk(cart_journey(), ecom())
    asked = [(step.profile, step.at) for step in trace if step.what == "asked"]
    assert sorted(asked) == sorted(abandoned())
    assert len(asked) > 100


def abandoned() -> Iterable[tuple[str, datetime]]:
    """Carts by person: the first product opens one, an order or the reminder closes it; a reminder is due a day after
    the end of the minute in which it was opened."""
    due: dict[str, datetime] = {}
    for event in ecom():
        opened = due.get(event.profile)
        if opened and opened < event.at:
            yield event.profile, due.pop(event.profile)
        if event.name == "Order Completed":
            due.pop(event.profile, None)
        elif event.name == "Product Added" and event.profile not in due:
            minute = -(-event.at.timestamp() // 60) * 60
            due[event.profile] = datetime.fromtimestamp(minute, UTC) + timedelta(days=1)
    yield from due.items()
