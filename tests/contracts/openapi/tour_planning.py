"""The tour through what meets many at once, and through calling one."""

from __future__ import annotations

from typing import Any

from tests.contracts.openapi.operations import YAML
from tests.contracts.openapi.tour import Tour

CAMPAIGN: dict[str, Any] = {
    "name": "spring_sale",
    "title": "Spring sale",
    "objective": "cross_sell",
    "angle": "lifecycle",
    "portfolio": "base",
    "brief": {
        "who": "Everybody who has ordered",
        "why": "A spring order",
        "channels": ["email"],
        "needed_data": ["email"],
    },
    "segment": "first",
    "template": "offer",
    "channels": ["email"],
    "schedule": {"start": "2026-06-01T09:00", "zone": "Europe/Amsterdam"},
}
CALLED: dict[str, Any] = {
    "name": "advice",
    "title": "Advice for those who ask",
    "objective": "service",
    "angle": "interaction",
    "portfolio": "base",
    "brief": CAMPAIGN["brief"],
    "entry": {"on": [{"called": True}]},
    "start": "by_chance",
    "nodes": {
        "by_chance": {
            "type": "split",
            "arms": [
                {"name": "soon", "percent": 50, "next": "rest"},
                {"name": "never", "percent": 50, "next": "done"},
            ],
        },
        "rest": {"type": "wait", "for": "P1D", "next": "done"},
        "done": {"type": "exit", "reason": "completed"},
    },
}
CUP = {"kind": "sports", "title": "The cup", "at": "2026-06-11T18:00:00Z"}
OFFER = {
    "title": "Spring offer",
    "class": "offer",
    "products": ["tulips"],
    "valid_from": "2026-01-01T00:00:00Z",
    "valid_until": "2026-07-01T00:00:00Z",
}


def plans(tour: Tour) -> None:
    """The calendar of world events, and the matrix."""
    ask = tour.ask
    ask("PUT /world-events/{id}", "cup", body=CUP)
    ask("PUT /world-events/{id}", "cup", body={**CUP, "at": "soon"}, expect=400)
    ask("GET /world-events/{id}", "cup")
    ask("GET /world-events/{id}", "none", expect=404)
    ask("GET /world-events")
    ask("DELETE /world-events/{id}", "cup")
    ask("PUT /propositions/{name}", "spring", body=OFFER)
    ask("PUT /propositions/{name}", "spring", body={}, expect=400)
    ask("GET /propositions")


def campaigns(tour: Tour) -> None:
    """A campaign, and what waits for a place beside it."""
    ask = tour.ask
    ask("POST /campaigns/validate", body=CAMPAIGN)
    ask("POST /campaigns/validate", body={**CAMPAIGN, "segment": "none"})
    ask("POST /campaigns/validate", body=b"name: spring_sale", sent_as=YAML)
    ask("POST /campaigns/validate", body=b"[]", expect=400)
    ask("PUT /campaigns/{name}", "spring_sale", body=CAMPAIGN)
    ask("PUT /campaigns/{name}", "other", body=CAMPAIGN, expect=400)
    taken = {**CAMPAIGN, "name": "second_order"}
    ask("PUT /campaigns/{name}", "second_order", body=taken, expect=409)
    ask("GET /campaigns")
    ask("GET /campaigns/{name}", "spring_sale")
    ask("GET /campaigns/{name}", "none", expect=404)
    limits = ask("GET /portfolio").json()["settings"]
    ask("PUT /portfolio/settings", body={"most_current": 0}, expect=400)
    ask("POST /portfolio/queue", body={}, expect=400)
    ask("PUT /portfolio/settings", body={**limits, "most_base": 0})
    ask("POST /portfolio/queue", body={"campaign": {**CAMPAIGN, "name": "may_sale"}})
    ask("DELETE /portfolio/queue/{name}", "none", expect=404)
    ask("DELETE /portfolio/queue/{name}", "may_sale")
    ask("PUT /portfolio/settings", body={**limits, "advise_above": 0})
    ask("POST /portfolio/queue", body={"journey": CALLED})
    ask("GET /portfolio")


def calls(tour: Tour) -> None:
    """Somebody is let in who is called."""
    ask = tour.ask
    ask("POST /journeys/{name}/splits/{node}/winner", "advice", "by_chance", body={"arm": "soon"})
    ask("POST /journeys/{name}/splits/{node}/winner", "advice", "by_chance", body={"arm": "x"}, expect=400)
    ask("POST /journeys/{name}/splits/{node}/winner", "advice", "rest", body={"arm": "x"}, expect=404)
    call = {"request_id": "call-1", "identifier": "userId:ana"}
    ask("POST /journeys/{name}/enter", "advice", body=call)
    ask("POST /journeys/{name}/enter", "advice", body={**call, "key": "another"}, expect=409)
    ask("POST /journeys/{name}/enter", "advice", body={"request_id": "call-2"}, expect=400)
    ask("POST /journeys/{name}/enter", "none", body=call, expect=404)
