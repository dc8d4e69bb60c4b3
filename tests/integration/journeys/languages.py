"""Journeys that hear, wait and decide, and the facts that scoring tells them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from services.journeys.domain.document import Document
from services.journeys.domain.entries import EventWay, Happening
from services.journeys.domain.listening import listener_of
from services.journeys.domain.nodes import Survey, WaitFor
from services.shared.contracts.scoring import Carried, EventHeard, Heard, TraitsCarried
from tests.integration.journeys.world import standing
from tests.unit.journeys.documents import journey

EXITS = {
    "completed": {"type": "exit", "reason": "completed"},
    "bought": {"type": "exit", "reason": "bought"},
}


def send(template: str, following: str) -> dict[str, Any]:
    return {"type": "send", "template": template, "channels": ["email"], "next": following}


def document(start: str, nodes: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A journey that people enter by leaving a cart behind."""
    way = {"event": "Cart Filled", "key": "cart_id", "keep": ["cart_id", "worth", "delivery_date"]}
    given = {"name": "cart", "entry": {"on": [way]}, "exit_on": [], "admission": "PT1M", "start": start}
    text = json.dumps(nodes)
    exits = {name: node for name, node in EXITS.items() if f'"{name}"' in text}
    return journey(nodes={**nodes, **exits}, **{**given, **changes})


CART = document(
    "paid",
    {
        "paid": {
            "type": "wait_for",
            "event": "Order Completed",
            "key": "cart_id",
            "timeout": "PT2H",
            "next": "bought",
            "otherwise": "remind",
        },
        "remind": send("cart", "completed"),
    },
)


def heard(
    raw: dict[str, Any],
    event: str,
    profile: str,
    at: datetime,
    *,
    key: str = "",
    version: int = 1,
    segments: tuple[str, ...] = (),
    **kept: Any,
) -> EventHeard:
    """What scoring tells of an event that a journey listens to."""
    said = Document.model_validate(raw)
    happenings: list[Any] = [*said.entry.on, *said.exit_on, *said.nodes.values()]
    happenings += [said.goal] if said.goal else []
    (listener,) = {
        listener_of(one, one.keep if isinstance(one, EventWay) else ()).name
        for one in happenings
        if isinstance(one, Happening | WaitFor | Survey) and getattr(one, "event", "Survey Answered") == event
    }
    one = Heard(
        listener=listener,
        message_id=f"{event}-{profile}-{key}-{at}",
        key=key,
        kept=kept,
        at=at,
        standing=standing(profile, version, *segments),
    )
    return EventHeard(heard=[one])


def carried(profile: str, version: int, **traits: Any) -> TraitsCarried:
    return TraitsCarried(carried=[Carried(profile_id=profile, version=version, traits=traits)])
